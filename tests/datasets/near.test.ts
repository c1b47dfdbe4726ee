import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createNearIndex } from '../../src/datasets/near-index.ts';
import { normalise } from '../../src/datasets/normalise.ts';
import { sideByHash, sideOf } from '../../src/datasets/sides.ts';
import { isNear, jaccard, NEAR, sketch } from '../../src/datasets/sketch.ts';
import { canonicalChat } from '../../src/tasks/index.ts';
import { seededUniform } from '../../src/statistics/random.ts';

test('normalising: what is one text, and what is not', () => {
  expect(normalise('  Where is\tmy  PARCEL?! ')).toBe('where is my parcel');
  expect(normalise('ﬁne １２')).toBe('fine 12');
  expect(normalise('c++')).not.toBe(normalise('c#'));
  expect(normalise('???')).toBe('???');
  expect(normalise('')).toBe('');
  fc.assert(fc.property(fc.string({ unit: 'grapheme' }), (text) => normalise(normalise(text)) === normalise(text)));
});

describe('sketch', () => {
  test('is of equal texts equal, of any text of any length finite, and its similarity that of the sets', () => {
    const grams = (text: string) => new Set(text.length < 5 ? [text] : Array.from({ length: text.length - 4 }, (_, i) => text.slice(i, i + 5)));
    fc.assert(
      fc.property(fc.string({ maxLength: 60 }), fc.string({ maxLength: 60 }), fc.string({ maxLength: 30 }), (a, b, shared) => {
        const [x, y] = [sketch(a + shared), sketch(b + shared)];
        expect(sketch(a + shared)).toEqual(x);
        expect([...x.bands].every(Number.isSafeInteger)).toBe(true);
        const [s, t] = [grams(x.text), grams(y.text)];
        const shared5 = [...s].filter((gram) => t.has(gram)).length;
        expect(jaccard(x.grams, y.grams)).toBeCloseTo(shared5 / (s.size + t.size - shared5), 12);
      }),
    );
  });

  test('bands find nearly all pairs at the threshold and few far ones', () => {
    const uniform = seededUniform(21);
    const letters = (n: number) => Array.from({ length: n }, () => String.fromCharCode(97 + Math.floor(uniform() * 26))).join('');
    const meets = (a: string, b: string) => [...sketch(a).bands].some((band, i) => band === sketch(b).bands[i]);
    let [near, nearFound, far, farFound] = [0, 0, 0, 0];
    for (let i = 0; i < 1500; i += 1) {
      const text = letters(80);
      const cut = text.slice(0, 70);
      const other = cut + letters(3);
      const similar = jaccard(sketch(text.slice(0, 75)).grams, sketch(other).grams);
      if (similar >= NEAR.threshold) {
        near += 1;
        if (meets(text.slice(0, 75), other)) nearFound += 1;
      }
      far += 1;
      if (meets(text, text.slice(0, 25) + letters(55))) farFound += 1;
    }
    expect(near).toBeGreaterThan(1000);
    expect(nearFound / near).toBeGreaterThan(0.998);
    expect(farFound / far).toBeLessThan(0.1);
  });

  test('a typo in a long text is near, in a short one only a change at an end', () => {
    const long = 'my parcel was to come on monday, it is thursday now, and nobody of you answers the telephone';
    expect(isNear(sketch(long), sketch(long.replace('thursday', 'thurzday')))).toBe(true);
    expect(isNear(sketch('turn the lights on please'), sketch('turn the lihgts on please'))).toBe(false);
    expect(isNear(sketch('turn the lights on'), sketch('turn the lights off'))).toBe(true);
    expect(isNear(sketch('yes'), sketch('yep'))).toBe(false);
    expect(isNear(sketch('Yes!'), sketch('yes'))).toBe(true);
  });

  test('tools that all chats share make none of them near; the same chat with other tools is near, and another text', () => {
    const tools = [{ type: 'function', function: { name: 'weather', description: 'Weather of a city, by the hour, for the next five days.'.repeat(5) } }];
    const asked = (content: string, given: object[] = tools) => sketch(canonicalChat({ messages: [{ role: 'user', content }], tools: given }));
    const [rain, song] = [asked('will it rain in the valley on friday afternoon'), asked('play the newest song of the quiet foxes')];
    expect(isNear(rain, song)).toBe(false);
    const other = asked('will it rain in the valley on friday afternoon', [{ type: 'function', function: { name: 'clock' } }]);
    expect(isNear(rain, other)).toBe(true);
    expect(rain.text).not.toBe(other.text);
  });
});

describe('sides', () => {
  test('whatever comes in whatever order, no near-duplicates stand on both sides', () => {
    const stem = 'my parcel was to come on monday and nobody answers';
    const text = fc.tuple(fc.nat(4), fc.nat(3), fc.string({ maxLength: 4 }), fc.string({ maxLength: 4 })).map(([from, cut, a, b]) => `${a} ${stem.slice(3 * from, stem.length - 3 * cut)} ${b}`);
    fc.assert(
      fc.property(fc.array(text, { maxLength: 40 }), (texts) => {
        const index = createNearIndex();
        const sides = { train: [] as string[], exam: [] as string[], neither: [] as string[] };
        for (const one of texts) {
          const row = sketch(one);
          const side = sideOf(row, index, 0.5);
          sides[side].push(one);
          if (side !== 'neither') index.add(row, side);
        }
        expect(sides.train.filter((a) => sides.exam.some((b) => isNear(sketch(a), sketch(b))))).toEqual([]);
        // The rule is not kept by leaving everything out: a row is out only when it has neighbours on both sides.
        for (const one of sides.neither) for (const side of ['train', 'exam'] as const) expect(sides[side].some((other) => isNear(sketch(one), sketch(other)))).toBe(true);
      }),
      { seed: 8, numRuns: 150 },
    );
  });

  test('the hash sends about the share to the exam, and a text always to the same side', () => {
    const sides = Array.from({ length: 10_000 }, (_, i) => sideByHash(`text ${i}`, 0.2));
    const share = sides.filter((side) => side === 'exam').length / 10_000;
    expect(Math.abs(share - 0.2)).toBeLessThan(0.016);
    expect(sideByHash('text 1', 0.2)).toBe(sides[1]);
  });

  test('follow the neighbours, and say neither between both', () => {
    const text = 'a sentence that is long enough for one more letter to change nearly nothing of it';
    const index = createNearIndex();
    const own = sideByHash(sketch(text).text, 0.5);
    const other = own === 'exam' ? 'train' : 'exam';
    expect(sideOf(sketch(text), index, 0.5)).toBe(own);
    index.add(sketch(`${text} b`), other);
    expect(sideOf(sketch(text), index, 0.5)).toBe(other);
    index.add(sketch(`${text} c`), own);
    expect(sideOf(sketch(text), index, 0.5)).toBe('neither');
    expect(sideOf(sketch(`${text} c`), index, 0.5)).toBe(own);
  });
});
