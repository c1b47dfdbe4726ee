import { expect, test } from 'vitest';
import { mostWorth } from '../../src/datasets/queue.ts';
import { createNearIndex } from '../../src/datasets/near-index.ts';
import { sideOfChosen } from '../../src/datasets/sides.ts';
import { sketch } from '../../src/datasets/sketch.ts';

const at = new Date('2026-03-01T00:00:00Z');
const row = (id: string, answer: string, confidence: number | null, text = `${id} asks for something of its own, number ${id.repeat(9)}`) => ({ id, answer, confidence, text, segment: null, receivedAt: at });
const byAnswer = ({ answer }: { answer: string }) => answer;

test('answers take turns, so that one hard label does not fill the queue', async () => {
  const hard = Array.from({ length: 10 }, (_, i) => row(`hard${i}`, 'hard', 0.1 + i / 100));
  const chosen = await mostWorth([...hard, row('easy', 'easy', 0.97), row('fair', 'fair', 0.6)], 4, byAnswer);
  expect(chosen.map(({ id }) => id)).toEqual(['hard0', 'fair', 'easy', 'hard1']);
  expect(chosen.map(({ why }) => why)).toEqual(['least sure among answers "hard"', 'least sure among answers "fair"', 'least sure among answers "easy"', 'number 2 of the least sure among answers "hard"']);
});

test('of near-duplicates one is asked', async () => {
  const text = 'please turn off the lights in the kitchen and in the hall before we leave';
  const chosen = await mostWorth([row('a', 'x', 0.1, text), row('b', 'x', 0.2, `${text} now`), row('c', 'x', 0.3)], 10, byAnswer);
  expect(chosen.map(({ id }) => id)).toEqual(['a', 'c']);
});

test('what an incident names comes first, in its order and with its reason; nothing near it is asked again', async () => {
  const text = 'please turn off the lights in the kitchen and in the hall before we leave';
  const named = [{ ...row('sure', 'x', 0.99), incident: 'i1' }, { ...row('b', 'x', 0.5, text), incident: 'i2' }];
  const chosen = await mostWorth([row('a', 'x', 0.1), row('near', 'x', 0.2, `${text} now`), row('sure', 'x', 0.99), row('c', 'x', 0.3)], 4, byAnswer, named);
  expect(chosen.map(({ id, incident, why }) => [id, incident, why])).toEqual([
    ['sure', 'i1', 'moved in incident i1'], ['b', 'i2', 'moved in incident i2'], ['a', null, 'least sure among answers "x"'], ['c', null, 'number 3 of the least sure among answers "x"'],
  ]);
  expect((await mostWorth([row('a', 'x', 0.1)], 1, byAnswer, named)).map(({ id }) => id)).toEqual(['sure']);
});

test('what has no confidence comes last, and equal ones by their ids', async () => {
  const chosen = await mostWorth([row('c', 'x', null), row('b', 'x', 0.5), row('a', 'x', 0.5)], 10, () => '');
  expect(chosen.map(({ id, why }) => [id, why])).toEqual([['a', 'least sure'], ['b', 'number 2 of the least sure'], ['c', 'its confidence is not known']]);
});

test('a chosen row is trained on or joins neither: an exam of rows that the champion was unsure of would speak against it', () => {
  const index = createNearIndex();
  const exam = 'turn off the lights in the kitchen and in the hall before we leave the house';
  index.add(sketch(exam), 'exam');
  const sides = [exam, `${exam}!`, 'a text like no other, about trains and tickets', ...Array.from({ length: 50 }, (_, i) => `row ${i} of fifty that a hash would send to the exam now and then`)].map((text) => sideOfChosen(sketch(text), index));
  expect(sides).toEqual(['neither', 'neither', ...Array.from({ length: 51 }, () => 'train')]);
});
