import { expect, test } from 'vitest';
import { keyed } from '../../src/ui/lib/label-keys.ts';
import { placeSpans, truthOf } from '../../src/ui/lib/truth.ts';

test('the answer comes first, each label has a key of its own, and looking for one narrows them', () => {
  const labels = Array.from({ length: 50 }, (_, i) => `label ${String(i).padStart(2, '0')}`);
  const all = keyed(labels, 'label 30', '', 40);
  expect(all.slice(0, 3)).toEqual([{ label: 'label 30', key: '1' }, { label: 'label 00', key: '2' }, { label: 'label 01', key: '3' }]);
  const keys = all.map(({ key }) => key).filter((key) => key !== '');
  expect([all.length, keys.length, new Set(keys).size]).toEqual([40, 36, 36]);
  expect(keyed(labels, 'label 30', ' BEL 4', 40).map(({ label }) => label)).toEqual(labels.slice(40));
  expect(keyed(labels, 'label 30', 'nothing', 40)).toEqual([]);
});

test('each task tells its truth in its own field', () => {
  expect([truthOf({ task: 'classification', labels: 'single' }), truthOf({ task: 'classification', labels: 'multi' })].map(({ field, by }) => [field, by])).toEqual([['label', 'one'], ['labels', 'many']]);
  expect((['extraction', 'embedding', 'generation'] as const).map((task) => truthOf({ task, labels: 'single' }).field)).toEqual(['spans', 'document', 'completion']);
});

test('spans are written by their text and found in it, one behind the other', () => {
  const { parse } = truthOf({ task: 'extraction', labels: 'single' });
  const input = 'play abba by abba now';
  const place = (text: string) => placeSpans(input, parse(text) as { text: string; label: string }[]);
  expect(place('abba = track\nabba\tartist\n')).toEqual([{ start: 5, end: 9, label: 'track' }, { start: 13, end: 17, label: 'artist' }]);
  expect(place('now = when\nplay = verb')).toEqual([{ start: 18, end: 21, label: 'when' }, { start: 0, end: 4, label: 'verb' }]);
  expect(place('')).toEqual([]);
  expect(() => place('abba')).toThrow('“abba” is no span: write its text, “ = ”, and its label');
  expect(() => place('queen = artist')).toThrow('“queen” does not stand in the text');
});
