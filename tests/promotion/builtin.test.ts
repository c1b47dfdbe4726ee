import { describe, expect, it, vi } from 'vitest';
import { createBuiltinTarget } from '../../src/promotion/targets/builtin.ts';
import type { Predicted, Predictor } from '../../src/lora/predictor.ts';
import { TrimtabError } from '../../src/errors.ts';
import type { Adapter } from '../../src/promotion/registry.ts';
import { filesOf } from './support.ts';

/** Adapters are named `<model>-<n>`; the live one of each model is `<model>-1`. */
function house(answer: (adapter: string) => Predicted = () => ({ label: 'a', confidence: 0.75, scores: [0.75, 0.25] })) {
  const loads: string[] = [];
  const disposed: string[] = [];
  const gates = new Map<string, PromiseWithResolvers<void>>();
  const failing = new Set<string>();
  const live = new Map<string, string>();
  const registry = {
    live: async (model: string) => {
      const adapter = live.get(model);
      return adapter === undefined ? null : { adapter, reference: 'r', seq: 1 };
    },
    adapter: async (id: string): Promise<Adapter> => {
      const [model, n] = id.split('-');
      if (n === undefined) throw new TrimtabError('not-found', { what: 'adapter', id });
      return { id, model: model!, version: Number(n), runId: id, sha256: `sha of ${id}`, baseSha256: '', labels: ['a', 'b'], files: {}, createdAt: new Date(0) };
    },
    adapterFiles: async (id: string) => filesOf(id),
    baseOf: async () => './models/mini-encoder',
  };
  const load = async ({ basePath, adapter }: { basePath: string; adapter: ReturnType<typeof filesOf> }): Promise<Predictor> => {
    const id = Buffer.from(adapter.weights).toString().slice('weights '.length);
    loads.push(id);
    expect(basePath).toBe('/somewhere/models/mini-encoder');
    if (failing.delete(id)) throw new TrimtabError('bad-adapter', { adapter: id, problem: 'torn', right: 'whole' });
    return {
      labels: id.startsWith('odd') ? ['b', 'a'] : ['a', 'b'],
      kind: 'sequence',
      rank: async () => [],
      predict: async (texts) => {
        await gates.get(id)?.promise;
        return texts.map(() => answer(id));
      },
      dispose: async () => void disposed.push(id),
    };
  };
  const warn = vi.fn();
  return { loads, disposed, gates, failing, live, warn, target: createBuiltinTarget({ registry, baseDir: '/somewhere', log: { info: () => {}, warn }, load }) };
}

describe('the builtin target', () => {
  it('answers with the live adapter, or with the one named, and loads each once', async () => {
    const { target, loads, live } = house();
    await expect(target.predict('m', ['x'])).rejects.toMatchObject({ code: 'no-live-adapter' });
    live.set('m', 'm-1');
    const answers = await Promise.all([target.predict('m', ['x', 'y']), target.predict('m', ['z']), target.predict('m', ['x'], 'm-2')]);
    expect(answers.map(({ adapter, rows }) => [adapter, rows.length])).toEqual([['m-1', 2], ['m-1', 1], ['m-2', 1]]);
    expect(loads.sort()).toEqual(['m-1', 'm-2']);
    expect(await target.list()).toEqual([{ adapter: 'm-1', sha256: 'sha of m-1' }, { adapter: 'm-2', sha256: 'sha of m-2' }]);
  });

  it('keeps three for each model, lets go of the one not used for longest', async () => {
    const { target, disposed, loads } = house();
    for (const id of ['m-1', 'm-2', 'm-3', 'm-1', 'm-4', 'k-1']) await target.ensureLoaded(id);
    await vi.waitUntil(() => disposed.length > 0);
    expect(disposed).toEqual(['m-2']);
    expect((await target.list()).map(({ adapter }) => adapter).sort()).toEqual(['k-1', 'm-1', 'm-3', 'm-4']);
    expect(loads).toHaveLength(5);
  });

  it('does not let go of one that is answering', async () => {
    const { target, disposed, gates } = house();
    const gate = Promise.withResolvers<void>();
    gates.set('m-1', gate);
    const slow = target.predict('m', ['x'], 'm-1');
    for (const id of ['m-2', 'm-3', 'm-4']) await target.predict('m', ['x'], id);
    const absent = target.ensureAbsent('m-2');
    await absent;
    expect(disposed).toEqual(['m-2']);
    gate.resolve();
    expect((await slow).rows).toHaveLength(1);
    await vi.waitUntil(() => disposed.length === 2);
    expect(disposed).toEqual(['m-2', 'm-1']);
  });

  it('tries again after a load that failed, and tells everyone who waited for it', async () => {
    const { target, failing, loads } = house();
    failing.add('m-1');
    const both = await Promise.allSettled([target.predict('m', ['x'], 'm-1'), target.predict('m', ['y'], 'm-1')]);
    expect(both.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect((await target.predict('m', ['x'], 'm-1')).adapter).toBe('m-1');
    expect(loads).toEqual(['m-1', 'm-1']);
  });

  it('refuses an adapter of another model, an unknown one, and one whose labels are others', async () => {
    const { target, disposed } = house();
    await expect(target.predict('m', ['x'], 'k-1')).rejects.toMatchObject({ code: 'not-found' });
    await expect(target.ensureLoaded('unknown')).rejects.toMatchObject({ code: 'not-found' });
    await expect(target.ensureLoaded('odd-1')).rejects.toMatchObject({ code: 'bad-adapter' });
    expect(disposed).toEqual(['odd-1']);
  });

  it('probes: a label it does not have, a NaN, scores that do not add up are refused', async () => {
    const answers: Record<string, Predicted> = {
      'm-1': { label: 'a', confidence: 0.75, scores: [0.75, 0.25] },
      'm-2': { label: 'a', confidence: Number.NaN, scores: [0.75, 0.25] },
      'm-3': { label: 'c', confidence: 0.75, scores: [0.75, 0.25] },
      'm-4': { label: 'a', confidence: 0.75, scores: [0.75, 0.75] },
      'm-5': { label: 'a', confidence: 0.75, scores: [1] },
    };
    const { target } = house((id) => answers[id]!);
    expect(await target.probe('m-1')).toEqual({ adapter: 'm-1', sha256: 'sha of m-1' });
    for (const id of ['m-2', 'm-3', 'm-4']) await expect(target.probe(id)).rejects.toMatchObject({ code: 'bad-adapter' });
    await expect(target.probe('m-5')).rejects.toThrow(/its 1 scores/);
  });

  it('stops after the predictions in flight, and takes no new ones', async () => {
    const { target, disposed, gates } = house();
    const gate = Promise.withResolvers<void>();
    gates.set('m-1', gate);
    const slow = target.predict('m', ['x'], 'm-1');
    await target.ensureLoaded('m-2');
    const stopped = target.stop();
    await expect(target.predict('m', ['x'], 'm-2')).rejects.toMatchObject({ code: 'stopping' });
    await vi.waitUntil(() => disposed.includes('m-2'));
    expect(disposed).toEqual(['m-2']);
    gate.resolve();
    await Promise.all([slow, stopped]);
    expect(disposed).toEqual(['m-2', 'm-1']);
  });
});
