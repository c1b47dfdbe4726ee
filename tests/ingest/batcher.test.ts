import { expect, test } from 'vitest';
import { isTrimtabError } from '../../src/errors.ts';
import { createBatcher, type BatcherOptions } from '../../src/ingest/batcher.ts';

interface Written {
  readonly key: string;
  readonly rows: readonly string[];
  finish(): void;
  fail(error: unknown): void;
}

function setup(options: Partial<BatcherOptions<string, string>> = {}) {
  const written: Written[] = [];
  const batcher = createBatcher<string, string>({
    what: 'rows', lanes: 1, rowsForLane: 1, rowsPerBatch: 4, maxRows: 10, maxSize: 1_000, isolates: () => true,
    write: (key, rows) => new Promise((resolve, reject) => {
      written.push({ key, rows, finish: () => resolve(rows.map((row) => `${row}!`)), fail: reject });
    }),
    ...options,
  });
  const add = (key: string, ...rows: string[]) => batcher.add([{ key, rows, size: rows.join('').length }]).then((results) => results[0]);
  return { batcher, written, add };
}

/** Until nothing moves by itself any more. */
const settle = async () => {
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
};

test('requests of one turn, and those that come while a transaction is in flight, are written together', async () => {
  const { written, add } = setup();
  const first = [add('m', 'a'), add('m', 'b')];
  await settle();
  const second = [add('m', 'c'), add('m', 'd', 'e'), add('m', 'f', 'g')];
  await settle();
  expect(written.map((w) => w.rows)).toEqual([['a', 'b']]);
  written[0]?.finish();
  await settle();
  expect(written.map((w) => w.rows)).toEqual([['a', 'b'], ['c', 'd', 'e']]);
  written[1]?.finish();
  await settle();
  written[2]?.finish();
  expect(await Promise.all([...first, ...second])).toEqual([['a!'], ['b!'], ['c!'], ['d!', 'e!'], ['f!', 'g!']]);
});

test('keys take turns and are never mixed', async () => {
  const { written, add } = setup({ rowsPerBatch: 1 });
  const all = [add('a', '1'), add('a', '2'), add('a', '3'), add('b', '4')];
  for (let turn = 0; turn < 4; turn++) {
    await settle();
    written[turn]?.finish();
  }
  await Promise.all(all);
  expect(written.map((w) => w.key)).toEqual(['a', 'b', 'a', 'a']);
});

test('a lane more is a transaction more at once', async () => {
  const { written, add } = setup({ lanes: 2, rowsPerBatch: 1 });
  const all = [add('m', '1'), add('m', '2'), add('m', '3')];
  await settle();
  expect(written).toHaveLength(2);
  written[1]?.finish();
  await settle();
  expect(written).toHaveLength(3);
  for (const w of written) w.finish();
  await Promise.all(all);
});

test('a key that is being written gets a lane more only when enough waits; another key gets it at once', async () => {
  const { written, add } = setup({ lanes: 2, rowsForLane: 3 });
  const all = [add('m', '1')];
  await settle();
  all.push(add('m', '2'), add('m', '3'));
  await settle();
  expect(written.map((w) => w.rows)).toEqual([['1']]);
  all.push(add('n', '4'));
  await settle();
  expect(written.map((w) => w.rows)).toEqual([['1'], ['4']]);
  written[1]?.finish();
  all.push(add('m', '5'));
  await settle();
  expect(written.map((w) => w.rows)).toEqual([['1'], ['4'], ['2', '3', '5']]);
  for (const w of written) w.finish();
  await Promise.all(all);
});

test('over the bound a request is refused at once, with a time to come back, and nothing of it is taken', async () => {
  const { batcher, written, add } = setup();
  const taken = add('m', ...'abcdefghi');
  await settle();
  await expect(batcher.add([{ key: 'm', rows: ['j'], size: 1 }, { key: 'n', rows: ['k'], size: 1 }]))
    .rejects.toSatisfy((error) => isTrimtabError(error, 'overloaded') && Number(error.details.retryAfter) >= 1);
  const last = add('m', 'j');
  await expect(add('m', 'k')).rejects.toThrow(/10 rows wait/);
  written[0]?.finish();
  await settle();
  written[1]?.finish();
  await Promise.all([taken, last]);
  expect(written.map((w) => w.rows.length)).toEqual([9, 1]);
  const again = add('m', 'k');
  await settle();
  written[2]?.finish();
  await again;
});

test('the bound counts characters too; an empty queue takes one request of any size', async () => {
  const { written, add } = setup({ maxSize: 5 });
  const large = add('m', 'longer than five');
  await settle();
  await expect(add('m', 'x')).rejects.toThrow(/wait/);
  written[0]?.finish();
  await large;
});

test('one request with a bad row fails alone', async () => {
  const tries: string[][] = [];
  const { add } = setup({
    write: async (_, rows) => {
      tries.push([...rows]);
      if (rows.includes('bad')) throw new Error('bad row');
      return rows.map((row) => `${row}!`);
    },
  });
  const results = await Promise.allSettled([add('m', 'a'), add('m', 'bad'), add('m', 'c')]);
  expect(results.map((r) => r.status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  expect(tries).toEqual([['a', 'bad', 'c'], ['a'], ['bad'], ['c']]);
});

test('an error that no row caused fails all of the transaction, without trying each', async () => {
  const { written, add } = setup({ isolates: () => false });
  const all = Promise.allSettled([add('m', 'a'), add('m', 'b')]);
  await settle();
  written[0]?.fail(new Error('gone'));
  expect((await all).map((r) => r.status)).toEqual(['rejected', 'rejected']);
  expect(written).toHaveLength(1);
});

test('stop writes what was taken, takes no more, and then ends', async () => {
  const { batcher, written, add } = setup();
  const taken = [add('m', ...'abcd'), add('m', 'e')];
  let stopped = false;
  const stop = batcher.stop().then(() => (stopped = true));
  await expect(add('m', 'f')).rejects.toSatisfy((error) => isTrimtabError(error, 'stopping'));
  await settle();
  written[0]?.finish();
  await settle();
  expect(stopped).toBe(false);
  written[1]?.finish();
  await Promise.all([...taken, stop]);
  await batcher.stop();
  await setup().batcher.stop();
});
