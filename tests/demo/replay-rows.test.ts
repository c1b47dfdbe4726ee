import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { exampleRows, exampleTable } from '../../src/demo/replay/example.ts';
import * as replay from '../../src/demo/replay/rows.ts';
import { firstOfEach, fromSnips } from '../../src/demo/replay/snips.ts';
import type { TableFormat } from '../../src/table.ts';
import { taskRules } from '../../src/tasks/index.ts';
import { TASKS } from '../../src/vocabulary.ts';

const columns = { text: 'utterance', truth: 'intent', stage: 'scenario' };
const parseRows = (text: string, format: TableFormat, names: replay.Columns, what: string, rules = taskRules('classification')) => replay.parseRows(text, format, names, what, rules);

describe('reading rows', () => {
  test('CSV: quotes, commas, line breaks and a byte order mark', () => {
    const text = '\uFEFFutterance,intent,scenario,other\n"a, ""b""\nc",x,s1,1\nplain,y,s2,2\n';
    expect(parseRows(text, 'csv', columns, 'file')).toEqual({
      rows: [{ id: 'r1', text: 'a, "b"\nc', label: 'x', stage: 's1' }, { id: 'r2', text: 'plain', label: 'y', stage: 's2' }],
      unreadable: [],
    });
  });

  test('CSV: rows with too few fields or an empty cell are counted and named, the others kept', () => {
    const { rows, unreadable } = parseRows('utterance,intent,scenario\na,x,s\nb,y\nc,,s\n', 'csv', columns, 'file');
    expect(rows.map((row) => row.id)).toEqual(['r1']);
    expect(unreadable).toEqual([
      { row: 2, problem: '2 fields where the header has 3' },
      { row: 3, problem: 'column "intent" is empty or no plain value' },
    ]);
  });

  test('JSONL: broken lines, arrays and nested values are named', () => {
    const good = JSON.stringify({ utterance: 'a', intent: 1, scenario: 's' });
    const { rows, unreadable } = parseRows(`${good}\n{"utterance": \n[1]\n\n{"utterance":{},"intent":"x","scenario":"s"}\n`, 'jsonl', columns, 'file');
    expect(rows).toEqual([{ id: 'r1', text: 'a', label: '1', stage: 's' }]);
    expect(unreadable.map((u) => u.row)).toEqual([2, 3, 5]);
  });

  test('a missing column names the columns that exist', () => {
    expect(() => parseRows('text,intent,scenario\na,b,c\n', 'csv', columns, 'my.csv')).toThrow(
      'my.csv: it has no column "utterance" (--text); its columns are: text, intent, scenario',
    );
  });

  test('nothing to read is an error that says why', () => {
    expect(() => parseRows('', 'csv', columns, 'f')).toThrow('it is empty');
    expect(() => parseRows('utterance,intent,scenario\n', 'csv', columns, 'f')).toThrow('it holds no rows');
    expect(() => parseRows('{"utterance":""}\n{"intent":"x","scenario":"y"}', 'jsonl', columns, 'f')).toThrow('none of its 2 rows can be read');
  });

  test('any text survives JSONL', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ minLength: 1, unit: 'grapheme' }).filter((s) => s.trim() !== ''), { minLength: 1 }), (texts) => {
        const file = texts.map((text) => JSON.stringify({ utterance: text, intent: 'i', scenario: 's' })).join('\n');
        expect(parseRows(file, 'jsonl', columns, 'f').rows.map((row) => row.text)).toEqual(texts);
      }),
    );
  });
});

describe('rows of other tasks', () => {
  const slots = { text: 'text', truth: 'spans', stage: 'stage' };
  const spans = '[{"start":5,"end":9,"label":"artist"}]';

  test('lists stand in JSONL as they are, in CSV as JSON; what does not fit its text is named', () => {
    const lines = [{ text: 'play abba', spans: JSON.parse(spans) as unknown, stage: 's' }, { text: 'play', spans: JSON.parse(spans) as unknown, stage: 's' }, { text: 'play', spans: [], stage: 's' }];
    const { rows, unreadable } = parseRows(lines.map((line) => JSON.stringify(line)).join('\n'), 'jsonl', slots, 'f', taskRules('extraction'));
    expect(rows).toEqual([{ id: 'r1', text: 'play abba', label: spans, stage: 's' }, { id: 'r3', text: 'play', label: '[]', stage: 's' }]);
    expect(unreadable).toEqual([{ row: 2, problem: expect.stringMatching(/^column "spans": spans: end 9 is beyond/) as string }]);
    const csv = parseRows(`text,spans,stage\nplay abba,"${spans.replaceAll('"', '""')}",s\nplay abba,no list,s\n`, 'csv', slots, 'f', taskRules('extraction'));
    expect(csv.rows.map((row) => row.label)).toEqual([spans]);
    expect(csv.unreadable[0]?.problem).toContain('column "spans"');
  });

  test('a chat is a text of generation', () => {
    const line = JSON.stringify({ text: [{ role: 'user', content: 'hi' }], completion: 'hello', stage: 's' });
    const names = { ...slots, truth: 'completion' };
    expect(parseRows(line, 'jsonl', names, 'f', taskRules('generation')).rows).toMatchObject([{ text: '[{"role":"user","content":"hi"}]', label: 'hello' }]);
    expect(() => parseRows(line.replace('completion', 'label'), 'jsonl', { ...names, truth: 'label' }, 'f')).toThrow('column "text"');
  });

  test('the example serves every task, and its spans are what the texts say', () => {
    const truth = { classification: 'label', extraction: 'spans', embedding: 'positive', generation: 'completion' };
    for (const task of TASKS) {
      const { rows, unreadable } = parseRows(exampleTable(3), 'jsonl', { ...slots, truth: truth[task] }, 'f', taskRules(task));
      expect([rows.length, unreadable]).toEqual([2_320, []]);
    }
    expect(exampleTable(3)).toBe(exampleTable(3));
    for (const { text, label, spans: found, positive, completion } of exampleRows(3, { before: 50, after: 50 })) {
      const said = JSON.parse(completion) as Record<string, string>;
      expect(said['wish']).toBe(label);
      for (const span of found) expect(said[span.label]).toBe(text.slice(span.start, span.end));
      expect(positive.startsWith(label.replaceAll('_', ' '))).toBe(true);
    }
  });

  test('SNIPS: slots become spans, a description and JSON; a line of another form is left out', () => {
    const record = { text: 'Add Abba to Mix', intent: 'AddToPlaylist', slots: [{ slot: 'playlist', start: 12, end: 15, text: 'Mix' }, { slot: 'artist', start: 4, end: 8, text: 'Abba' }], split: 'train' };
    expect(fromSnips(record)).toEqual({
      text: record.text, label: 'add_to_playlist', stage: 'add_to_playlist',
      spans: [{ start: 4, end: 8, label: 'artist' }, { start: 12, end: 15, label: 'playlist' }],
      positive: 'add to playlist: artist, playlist',
      completion: '{"wish":"add_to_playlist","artist":"Abba","playlist":"Mix"}',
    });
    expect(fromSnips({ ...record, slots: [{ slot: 'artist', start: 0, end: 4, text: 'not this' }] })).toBeNull();
    const twice = fromSnips({ text: 'a and b', intent: 'Add', slots: [{ slot: 'track', start: 0, end: 1, text: 'a' }, { slot: 'track', start: 6, end: 7 }] });
    expect(twice).toMatchObject({ positive: 'add: track', completion: '{"wish":"add","track":["a","b"]}' });
    expect(firstOfEach([{ stage: 'a', n: 1 }, { stage: 'a', n: 2 }, { stage: 'b', n: 3 }, { stage: 'a', n: 4 }], 2).map(({ n }) => n)).toEqual([1, 2, 3]);
    expect([fromSnips({ ...record, slots: [{ slot: 'x', start: 3, end: 99 }] }), fromSnips({ text: 'x' })]).toEqual([null, null]);
  });
});
