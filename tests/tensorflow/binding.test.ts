/** Our additions to tfjs-node's binding. */
import { describe, expect, test } from 'vitest';
import { FLOAT, loadBinding } from '../../src/lora/backends/tensorflow/binding.ts';
import { engine } from './engine.ts';

const LAST = 2 ** 31 - 1;

describe.skipIf(engine === null)('binding', () => {
  const load = () => loadBinding({ file: engine!.file, compileCache: null, cudaDir: null, exact: true });

  test('ids go on behind the last one, past those in use', () => {
    const b = load();
    const before = b.getNumOfTensors();
    b.startIdsAt(0);
    const kept = [1, 2, 3].map((value) => b.createTensor([1], FLOAT, Float32Array.of(value)));
    expect(kept).toEqual([0, 1, 2]);
    b.startIdsAt(LAST - 1);
    const made = Array.from({ length: 5 }, () => b.executeOp('AddV2', [], [kept[1]!, kept[2]!], 1)[0]!.id);
    expect(made).toEqual([LAST - 1, LAST, 3, 4, 5]);
    for (const id of made) expect([...b.tensorDataSync(id)]).toEqual([5]);
    expect([...b.tensorDataSync(kept[0]!)]).toEqual([1]);
    [...kept, ...made].forEach((id) => b.deleteTensor(id));
    expect(b.getNumOfTensors()).toBe(before);
    expect(() => b.deleteTensor(LAST)).toThrow(/not referenced/);
  });

  test('a tensor is a copy: what happens to the array afterwards changes nothing', () => {
    const b = load();
    const values = Float32Array.of(1, 2);
    const id = b.createTensor([2], FLOAT, values);
    values[0] = 9;
    expect([...b.tensorDataSync(id)]).toEqual([1, 2]);
    b.deleteTensor(id);
  });

  test('a function that cannot be made says which node is wrong', () => {
    const b = load();
    expect(() => b.addFunction('wrong', [['NoSuchOp', [], []]], [], [])).toThrow(/node 0, NoSuchOp/);
    expect(() => b.addFunction('wrong', [], [256], [])).toThrow();
  });
});
