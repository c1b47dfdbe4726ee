import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { assumptionsOf } from '../../src/drift/assumptions.ts';
import { columnsThatMoved, segmentsThatMoved } from '../../src/drift/culprits.ts';
import { causeOf } from '../../src/drift/cause.ts';
import { levelOf, worst, type Outlook } from '../../src/drift/level.ts';
import { movedTexts, ngramsOf } from '../../src/drift/moved-texts.ts';
import { watchingOf } from '../../src/drift/watching.ts';
import { buildReference } from '../../src/profile/index.ts';
import { parseSpec } from '../../src/spec.ts';
import { DAY, MINUTE } from '../../src/vocabulary.ts';
import { profileOf, referenceFor, rowsOnCourse, START } from './support.ts';

const spec = (monitor: object = {}) => parseSpec({ name: 'm', task: 'classification', serving: {}, monitor });

describe('the level', () => {
  const outlook = (mean: number, half: number): Outlook => ({ estimate: { method: 'confidence', mean, low: mean - half, high: mean + half, guarantee: 'asymptotic', assumes: '' }, reference: 0.9, tolerance: 0.02 });
  it('is page for a fall of the score, seen or estimated; ticket where one is likely; else log', () => {
    expect(levelOf(['labels', 'error'], null).level).toBe('page');
    expect(levelOf(['labels'], outlook(0.8, 0.05)).level).toBe('page');
    expect(levelOf(['labels'], outlook(0.86, 0.05)).level).toBe('ticket');
    expect(levelOf(['confidence'], outlook(0.9, 0.01)).level).toBe('ticket');
    expect(levelOf(['format'], null).level).toBe('ticket');
    expect(levelOf(['confidence'], outlook(0.8, 0.05)).level).toBe('page');
    expect(levelOf(['labels', 'unseen', 'column', 'contract'], outlook(0.89, 0.01)).level).toBe('log');
    expect(levelOf(['column'], { ...outlook(0, 0), estimate: { method: null, because: 'x' } }).level).toBe('log');
  });
  it('says why and by which rule, and keeps the worse of two', () => {
    const [page, log] = [levelOf(['error'], null), levelOf(['labels'], null)];
    expect(levelOf(['labels'], outlook(0.8, 0.05)).because).toContain('0.800 (0.750 to 0.850, confidence), 0.900 in the reference');
    expect([worst(page, log), worst(log, page), worst(log, { ...log, because: 'x' })]).toEqual([page, page, log]);
  });
});

it('an alarm joins what was opened no earlier than its change began, the nearest; what begins later is alone', () => {
  const cause = (began: number, pane: number) => ({ pane, evidence: { panes: [began, pane] as const } });
  const [a, b] = [cause(90, 100), cause(150, 200)];
  expect(causeOf({ panes: [95, 120] }, [a, b])).toBe(a);
  expect(causeOf({ panes: [140, 210] }, [a, b])).toBe(b);
  expect(causeOf({ panes: [200, 210] }, [a, b])).toBe(b);
  expect(causeOf({ panes: [201, 210] }, [a, b])).toBeNull();
});

describe('the texts that moved', () => {
  const texts = (all: readonly string[], name: string) => all.map((text, i) => ({ id: `${name}${i}`, text }));
  it('words and pairs, whatever the script', () => {
    expect([...ngramsOf('My card, MY card!')]).toEqual(['my', 'card', 'my card', 'card my']);
    expect([...ngramsOf('東京 abc')]).toEqual(['東', '京', '東 京', 'abc', '京 abc']);
    expect(ngramsOf('?!').size).toBe(0);
  });
  it('the beginning of a text counts, and the texts that have most of what rose stand first', () => {
    const before = texts(Array.from({ length: 100 }, () => 'my card is lost'), 'a');
    const moved = movedTexts(before, texts(Array.from({ length: 100 }, (_, i) => (i % 5 === 0 ? 'buy bitcoin now' : i % 5 === 1 ? 'my bitcoin is lost' : `my card is lost${' '.repeat(1_000)}zebra`)), 'b'));
    expect(moved?.ngrams[0]).toEqual({ ngram: 'bitcoin', share: 0.4, before: 0 });
    expect([moved?.share, moved?.shareBefore]).toEqual([0.4, 0]);
    expect(moved?.sampleIds[0]).toBe('b0');
    expect(moved?.ngrams.map(({ ngram }) => ngram)).not.toContain('zebra');
  });
  it('nothing of the same texts, nothing of none', () => {
    const same = Array.from({ length: 200 }, (_, i) => `word${i % 7} common`);
    expect(movedTexts(texts(same, 'a'), texts(same, 'b'))).toBeNull();
    expect(movedTexts([], texts(same, 'b'))).toBeNull();
    expect(movedTexts(texts(same, 'a'), [])).toBeNull();
  });
  it('of two samples of one law it names nothing, for hundreds of words', () => {
    fc.assert(fc.property(fc.infiniteStream(fc.nat(299)), (numbers) => {
      const sample = (name: string) => texts(Array.from({ length: 150 }, () => [numbers.next().value, numbers.next().value, numbers.next().value].map((n) => `w${n}`).join(' ')), name);
      expect(movedTexts(sample('a'), sample('b'))).toBeNull();
    }), { numRuns: 6, seed: 7 });
  });
});

describe('what is in it', () => {
  const featured = (n: number, from = 0) => rowsOnCourse(n, from).map((row, i) => ({ ...row, features: { amount: ((from + i) * 7_919) % 1_000, country: i % 2 === 0 ? 'de' : 'at', calm: ((from + i) * 104_729) % 997 } }));
  it('columns by what rose beyond its tolerance, one entry each', () => {
    const reference = referenceFor('a', featured(2_000));
    const rows = featured(600, 9_000).map((row, i) => ({ ...row, features: { ...row.features, amount: row.features.amount + 300, country: i % 4 === 0 ? 'fr' : row.features.country } }));
    const moved = columnsThatMoved(watchingOf(reference, spec().monitor), [{ pane: 7, profile: profileOf(reference, rows) }]);
    expect(moved.map(({ column }) => column).sort()).toEqual(['amount', 'country']);
    expect(moved.find(({ column }) => column === 'country')).toMatchObject({ stream: 'country new values', mean: 0.25, referenceMean: 0, tolerance: expect.any(Number) });
    for (const { proven, tolerance } of moved) expect(proven).toBeGreaterThan(tolerance);
    expect(columnsThatMoved(watchingOf(reference, spec().monitor), [])).toEqual([]);
  });
  it('segments by their rise', () => {
    const parted = (n: number, from: number, bad: (i: number) => boolean) => rowsOnCourse(n, from).map((row, i) => ({ ...row, trueLabel: bad(i) ? 'z' : row.label, segment: i % 4 === 0 ? 'de' : 'en', parts: [`segment=${i % 4 === 0 ? 'de' : 'en'}`] }));
    const reference = buildReference({ model: 'm', adapter: 'a', createdAt: START.toISOString(), trainTexts: [], rows: parted(1_000, 0, (i) => i % 10 === 3), parting: { segments: ['segment'], season: null, clusterKey: null } });
    const watching = watchingOf(reference, spec({ segments: ['segment'] }).monitor).filter(({ monitor }) => monitor.kind === 'error');
    const moved = segmentsThatMoved(watching, [{ pane: 1, profile: profileOf(reference, parted(400, 0, (i) => i % 4 === 0)) }]);
    expect(moved).toMatchObject([{ monitor: 'error', segment: 'segment=de', share: 1 }]);
  });
});

describe('assumptions', () => {
  const reference = referenceFor('a');
  const profile = profileOf(reference, rowsOnCourse(50));
  const base = { reference, spec: spec(), earlier: [], since: [{ pane: 1, profile }], delays: null, now: new Date(START.getTime() + DAY) };
  it('hold where nothing speaks against them', () => {
    expect(assumptionsOf(base)).toEqual({ autocorrelation: null, referenceAge: 1, labels: { rows: 50, labelled: 50, delays: null }, rhythms: [], doubts: [] });
  });
  it('name an old reference, labels that take longer than the change lasts, errors that follow each other', () => {
    const swinging = Array.from({ length: 60 }, (_, i) => {
      const pane = profileOf(reference, rowsOnCourse(50));
      pane.outcome.errors = Math.floor(i / 10) % 2 === 0 ? 2 : 12;
      pane.outcome.loss = pane.outcome.squares = pane.outcome.errors * 2 ** 20;
      return { openedAt: new Date(START.getTime() + i * MINUTE), profile: pane };
    });
    const { doubts } = assumptionsOf({ ...base, earlier: swinging, delays: { n: 40, median: 301, most: 900 }, now: new Date(START.getTime() + 100 * DAY) });
    expect(doubts).toEqual([expect.stringContaining('resembled each other'), expect.stringContaining('100 days old'), expect.stringContaining('labels take 301 s')]);
  });
});
