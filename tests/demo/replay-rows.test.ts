import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseRows } from '../../src/demo/replay/rows.ts';

const columns = { text: 'utterance', label: 'intent', stage: 'scenario' };

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
