/** A model with adapters, for the tests of promotion. */
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll } from 'vitest';
import { VirtualClock } from '../../src/clock.ts';
import { createRegistry, type Adapter, type Moved, type Registry } from '../../src/promotion/registry.ts';
import { parseSpec } from '../../src/spec.ts';
import { putModel } from '../../src/store/models.ts';
import { openFilesystem } from '../../src/store/objects/filesystem.ts';
import type { Pool } from '../../src/store/postgres.ts';
import { transaction } from '../../src/store/postgres.ts';
import { createEvents, type Events } from '../../src/telemetry/events.ts';
import type { AdapterFiles } from '../../src/vocabulary.ts';

export interface Promotions {
  readonly clock: VirtualClock;
  readonly events: Events;
  readonly registry: Registry;
  model(name: string): Promise<void>;
  adapter(model: string, runId: string): Promise<Adapter>;
  /** Registers an adapter for the run and promotes it over whatever is live. */
  promoted(model: string, runId: string): Promise<Moved>;
}

export const filesOf = (what: string): AdapterFiles => ({
  config: Buffer.from('{}'),
  weights: Buffer.from(`weights ${what}`),
  extra: { 'trimtab.json': Buffer.from(`header ${what}`) },
});

export async function promotions(pool: Pool): Promise<Promotions> {
  const root = await mkdtemp(path.join(os.tmpdir(), 'trimtab-objects-'));
  afterAll(() => rm(root, { recursive: true, force: true }));
  const clock = new VirtualClock(new Date('2026-01-01T00:00:00Z'));
  const events = createEvents();
  const registry = createRegistry({ pool, objects: openFilesystem(root), clock, events });
  const adapter = (model: string, runId: string) =>
    registry.registerAdapter({ model, runId, files: filesOf(runId), labels: ['a', 'b'], baseSha256: 'b'.repeat(64) });
  return {
    clock,
    events,
    registry,
    model: async (name) => void (await transaction(pool, (db) => putModel(db, parseSpec({ name, task: 'classification', serving: {} }), clock.now()))),
    adapter,
    async promoted(model, runId) {
      const { id } = await adapter(model, runId);
      const expectedSeq = (await registry.live(model))?.seq ?? null;
      return registry.promote({ model, adapter: id, referenceBody: Buffer.from(`reference ${runId}`), expectedSeq, runId, reason: 'better', by: 'auto' });
    },
  };
}
