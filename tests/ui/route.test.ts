import fc from 'fast-check';
import { expect, test } from 'vitest';
import { hrefOf, MODEL_VIEWS, parseRoute, type Place } from '../../src/ui/lib/route.ts';

test('every view has an address, and the address leads back to it', () => {
  const id = fc.string({ minLength: 1, unit: 'grapheme' }).filter((text) => text.isWellFormed());
  const place: fc.Arbitrary<Exclude<Place, { view: 'unknown' }>> = fc.oneof(
    fc.constantFrom({ view: 'fleet' } as const, { view: 'audit' } as const, { view: 'webhooks' } as const),
    fc.record({ view: fc.constant('model' as const), model: id, part: fc.constantFrom(...MODEL_VIEWS) }),
    fc.record({ view: fc.constantFrom('run' as const, 'record' as const, 'dataset' as const, 'incident' as const, 'endpoint' as const), id }),
  );
  fc.assert(fc.property(place, fc.dictionary(fc.string({ minLength: 1 }), fc.string()), (where, query) => {
    const given = Object.fromEntries(Object.entries(query).filter(([name, value]) => name.isWellFormed() && value.isWellFormed()));
    expect(parseRoute(hrefOf(where, given))).toEqual({ place: where, query: given });
  }));
});

test('what leads nowhere says so and never throws', () => {
  for (const hash of ['#/nothing', '#/models', '#/models/a/b', '#/models/a/runs/c', '#/runs', '#/runs/a/b', '#/audit/x']) expect(parseRoute(hash).place.view).toBe('unknown');
  for (const hash of ['', '#', '#/', '#//']) expect(parseRoute(hash).place).toEqual({ view: 'fleet' });
  fc.assert(fc.property(fc.string(), (hash) => typeof parseRoute(`#${hash}`).place.view === 'string'));
});
