import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { inBatches, parseImportFile, type NumberedRow } from '../../src/cli/import-file.ts';

const columns = { text: 'text', label: 'label', id: null, segment: null };

describe('a file to import', () => {
  test('CSV, with columns of other names, ids and segments', () => {
    const csv = 'n,utterance,intent,lang\n7,"hello, you",greet,en\n8,bye,leave,\n';
    expect(parseImportFile(csv, 'csv', { text: 'utterance', label: 'intent', id: 'n', segment: 'lang' }, 'f')).toEqual({
      rows: [{ row: 1, text: 'hello, you', label: 'greet', id: '7', segment: 'en' }, { row: 2, text: 'bye', label: 'leave', id: '8' }],
      unreadable: [],
    });
  });

  test('JSONL: rows that cannot be read are named, the others kept', () => {
    const { rows, unreadable } = parseImportFile('{"text":"a","label":"x"}\n{"text":"b"}\n{oops\n', 'jsonl', columns, 'f');
    expect(rows).toEqual([{ row: 1, text: 'a', label: 'x' }]);
    expect(unreadable.map(({ row }) => row).sort()).toEqual([2, 3]);
  });

  test('a missing column names those that exist', () => {
    expect(() => parseImportFile('utterance,label\na,b\n', 'csv', columns, 'my.csv')).toThrow('my.csv: it has no column "text" (--text); its columns are: utterance, label');
  });

  test('batches keep every row in order and stay within the limits, a giant row alone', () => {
    const row = fc.record({ row: fc.nat(), text: fc.nat({ max: 3_000_000 }).map((n) => 'x'.repeat(n)), label: fc.constant('y') });
    fc.assert(
      fc.property(fc.array(row, { maxLength: 12 }), (rows: NumberedRow[]) => {
        const batches = [...inBatches(rows)];
        expect(batches.flat()).toEqual(rows);
        for (const batch of batches) expect(batch.length === 1 || batch.reduce((sum, { text }) => sum + text.length + 1, 0) <= 2_000_000).toBe(true);
      }),
      { numRuns: 20 },
    );
    expect([...inBatches(Array.from({ length: 4_500 }, (_, i) => ({ row: i + 1, text: 't', label: 'l' })))].map((batch) => batch.length)).toEqual([2_000, 2_000, 500]);
  });
});
