import { describe, expect, it, vi } from 'vitest';
import { createBuiltinTarget } from '../../src/promotion/targets/builtin.ts';
import type { Predicted, Predictor } from '../../src/lora/predictor.ts';
import { TrimtabError } from '../../src/errors.ts';
import type { Adapter } from '../../src/promotion/registry.ts';
import { canonicalChat, documentDigest } from '../../src/tasks/index.ts';
import { filesOf } from './support.ts';

/** Adapters are named `<model>-<n>`; the live one of each model is `<model>-1`. */
function house(answer: (adapter: string, input: Parameters<Predictor['predict']>[0][number]) => Predicted = () => ({ label: 'a', confidence: 0.75, scores: [0.75, 0.25] }), kind: Predictor['kind'] = 'sequence') {
  const asked: unknown[] = [];
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
    trainedWith: async () => ({ base: './models/mini-encoder', maxNewTokens: 64 }),
  };
  const load = async ({ basePath, adapter }: { basePath: string; adapter: ReturnType<typeof filesOf> }): Promise<Predictor> => {
    const id = Buffer.from(adapter.weights).toString().slice('weights '.length);
    loads.push(id);
    expect(basePath).toBe('/somewhere/models/mini-encoder');
    if (failing.delete(id)) throw new TrimtabError('bad-adapter', { adapter: id, problem: 'torn', right: 'whole' });
    return {
      labels: id.startsWith('odd') ? ['b', 'a'] : ['a', 'b'],
      kind,
      rank: async () => [],
      predict: async (texts, options) => {
        asked.push([texts, options]);
        await gates.get(id)?.promise;
        return texts.map((text) => answer(id, text));
      },
      dispose: async () => void disposed.push(id),
    };
  };
  const warn = vi.fn();
  return { asked, loads, disposed, gates, failing, live, warn, target: createBuiltinTarget({ registry, baseDir: '/somewhere', log: { info: () => {}, warn }, load }) };
}

describe('the builtin target', () => {
  it('answers with the live adapter, or with the one named, and loads each once', async () => {
    const { target, loads, live } = house();
    await expect(target.predict('m', ['x'])).rejects.toMatchObject({ code: 'no-live-adapter' });
    live.set('m', 'm-1');
    const answers = await Promise.all([target.predict('m', ['x', 'y']), target.predict('m', ['z']), target.predict('m', ['x'], { adapter: 'm-2' })]);
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
    const slow = target.predict('m', ['x'], { adapter: 'm-1' });
    for (const id of ['m-2', 'm-3', 'm-4']) await target.predict('m', ['x'], { adapter: id });
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
    const both = await Promise.allSettled([target.predict('m', ['x'], { adapter: 'm-1' }), target.predict('m', ['y'], { adapter: 'm-1' })]);
    expect(both.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect((await target.predict('m', ['x'], { adapter: 'm-1' })).adapter).toBe('m-1');
    expect(loads).toEqual(['m-1', 'm-1']);
  });

  it('refuses an adapter of another model, an unknown one, and one whose labels are others', async () => {
    const { target, disposed } = house();
    await expect(target.predict('m', ['x'], { adapter: 'k-1' })).rejects.toMatchObject({ code: 'not-found' });
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

  it('probes an answer of every task', async () => {
    const probed = (kind: Predictor['kind'], row: Predicted) => house(() => row, kind).target.probe('m-1');
    const sound: [Predictor['kind'], Predicted][] = [
      ['multilabel', { label: '["a","b"]', confidence: 0.5, scores: [0.9, 0.8] }],
      ['tokens', { label: '[{"start":0,"end":2,"label":"b"}]', confidence: 0.5 }],
      ['pooled', { label: '[]', confidence: 1, vector: [0, 0.5] }],
      ['vocabulary', { label: '', confidence: 0.1 }],
    ];
    for (const [kind, row] of sound) await expect(probed(kind, row)).resolves.toMatchObject({ adapter: 'm-1' });
    const broken: [Predictor['kind'], Predicted, string][] = [
      ['multilabel', { label: '["c"]', confidence: 0.5, scores: [0.9, 0.8] }, '"c" is no label of its own'],
      ['multilabel', { label: '[]', confidence: 0.5, scores: [0.9, 1.8] }, 'its 2 scores'],
      ['tokens', { label: '[{"start":0,"end":99,"label":"b"}]', confidence: 0.5 }, 'end 99 is beyond'],
      ['pooled', { label: '[]', confidence: 1, vector: [0, Number.NaN] }, 'numbers that are none'],
      ['pooled', { label: '[]', confidence: 1, vector: [0, 0] }, 'its vector is 0'],
      ['vocabulary', { label: 'x', confidence: Number.NaN }, 'no probability'],
    ];
    for (const [kind, row, problem] of broken) await expect(probed(kind, row)).rejects.toThrow(problem);
  });

  it('searches documents by the angle between vectors, each text computed once', async () => {
    const vectors: Record<string, number[]> = { query: [2, 0], near: [3, 1], far: [0, 1], against: [-1, 0] };
    const { target, asked } = house((_, input) => ({ label: '[]', confidence: 1, vector: vectors[input as string]! }), 'pooled');
    const documents = ['against', 'far', 'near', 'near', 'query'];
    const { rows, rules } = await target.predict('m', ['query', 'against'], { adapter: 'm-1', documents });
    expect(rules.task).toBe('embedding');
    expect(asked).toEqual([[['query', 'against', 'far', 'near'], undefined]]);
    expect(rows[0]?.ranking?.map(({ document }) => documents[document])).toEqual(['query', 'near', 'near', 'far', 'against']);
    expect(rows[0]?.ranking?.[1]?.cosine).toBeCloseTo(3 / Math.sqrt(10), 12);
    expect(JSON.parse(rows[0]!.label)).toEqual(['query', 'near', 'far', 'against'].map(documentDigest));
    expect(rows.map(({ confidence }) => confidence)).toEqual([1, 1]);
    await expect(house().target.predict('m', ['x'], { adapter: 'm-1', documents })).rejects.toMatchObject({ code: 'bad-request' });
  });

  it('gives a chat back its messages and tools, and outputs the length that they were trained with', async () => {
    const { target, asked } = house(() => ({ label: 'yes', confidence: 0.5 }), 'vocabulary');
    const messages = [{ role: 'user', content: 'hi' }];
    const tools = [{ type: 'function', function: { name: 'rain' } }];
    await target.predict('m', ['plain', canonicalChat({ messages }), canonicalChat({ messages, tools })], { adapter: 'm-1' });
    expect(asked).toEqual([[['plain', { messages }, { messages, tools }], { maxTokens: 64 }]]);
  });

  it('stops after the predictions in flight, and takes no new ones', async () => {
    const { target, disposed, gates } = house();
    const gate = Promise.withResolvers<void>();
    gates.set('m-1', gate);
    const slow = target.predict('m', ['x'], { adapter: 'm-1' });
    await target.ensureLoaded('m-2');
    const stopped = target.stop();
    await expect(target.predict('m', ['x'], { adapter: 'm-2' })).rejects.toMatchObject({ code: 'stopping' });
    await vi.waitUntil(() => disposed.includes('m-2'));
    expect(disposed).toEqual(['m-2']);
    gate.resolve();
    await Promise.all([slow, stopped]);
    expect(disposed).toEqual(['m-2', 'm-1']);
  });
});
