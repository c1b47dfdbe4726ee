import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { inBatches, parseImportFile, type NumberedRow } from '../../src/cli/import-file.ts';

describe('a file to import', () => {
  test('CSV, with columns of other names, ids and segments', () => {
    const csv = 'n,utterance,intent,lang\n7,"hello, you",greet,en\n8,bye,leave,\n';
    expect(parseImportFile(csv, 'csv', { text: 'utterance', label: 'intent', id: 'n', segment: 'lang' }, 'f')).toEqual({
      rows: [{ row: 1, text: 'hello, you', label: 'greet', id: '7', segment: 'en' }, { row: 2, text: 'bye', label: 'leave', id: '8' }],
      unreadable: [],
    });
  });

  test('JSONL: rows that cannot be read are named, the others kept', () => {
    const { rows, unreadable } = parseImportFile('{"text":"a","label":"x"}\n{"text":"b"}\n{oops\n', 'jsonl', {}, 'f');
    expect(rows).toEqual([{ row: 1, text: 'a', label: 'x' }]);
    expect(unreadable.map(({ row }) => row).sort()).toEqual([2, 3]);
  });

  test('a missing column names those that exist', () => {
    const read = (csv: string, named = {}) => () => parseImportFile(csv, 'csv', named, 'my.csv');
    expect(read('utterance,label\na,b\n', { text: 'text' })).toThrow('my.csv: it has no column "text" (--text); its columns are: utterance, label');
    expect(read('utterance,label\na,b\n')).toThrow('my.csv: it has no column "text" (--text) and none "messages" (--messages); its columns are: utterance, label');
    expect(read('text,intent\na,b\n')).toThrow('name the one that holds the truth (--label, --labels, --spans, --document, --completion); its columns are: text, intent');
    expect(read('text,label,spans,completion\na,b,[],c\n')).toThrow('it has several truths, and a model learns one; give one of --label, --spans, --completion; its columns are');
    expect(parseImportFile('', 'jsonl', {}, 'f')).toEqual({ rows: [], unreadable: [] });
  });

  const spans = [{ start: 0, end: 4, label: 'city' }];
  const messages = [{ role: 'user', content: 'hi, "you"' }];
  const tools = [{ type: 'function', function: { name: 'weather' } }];
  test.each([
    ['labels', ['a', 'b']], ['labels', []], ['spans', spans], ['document', 'About rain.'], ['completion', '{"a": 1}'],
  ] as const)('every task has its truth: %s %j, in JSONL and in CSV', (field, value) => {
    const row = { text: 'rain', [field]: value };
    expect(parseImportFile(`${JSON.stringify(row)}\n`, 'jsonl', {}, 'f')).toEqual({ rows: [{ row: 1, ...row }], unreadable: [] });
    const cell = typeof value === 'string' ? value : JSON.stringify(value);
    expect(parseImportFile(`text,truth\nrain,"${cell.replaceAll('"', '""')}"\n`, 'csv', { [field]: 'truth' }, 'f')).toEqual({ rows: [{ row: 1, ...row }], unreadable: [] });
  });

  test('chats with and without tools beside texts; when it was labelled', () => {
    const lines = [{ messages, tools, completion: 'x' }, { messages, completion: 'y', at: '2026-01-01T00:00:00Z' }, { text: 't', completion: 'z' }];
    const { rows, unreadable } = parseImportFile(lines.map((line) => `${JSON.stringify(line)}\n`).join(''), 'jsonl', { labelledAt: 'at' }, 'f');
    expect(rows).toEqual([{ row: 1, messages, tools, completion: 'x' }, { row: 2, messages, completion: 'y', labelledAt: '2026-01-01T00:00:00Z' }, { row: 3, text: 't', completion: 'z' }]);
    expect(unreadable).toEqual([]);
    const cell = (value: unknown) => `"${JSON.stringify(value).replaceAll('"', '""')}"`;
    expect(parseImportFile(`messages,tools,completion\n${cell(messages)},${cell(tools)},x\n${cell(messages)},,y\n`, 'csv', {}, 'f').rows).toEqual([{ row: 1, messages, tools, completion: 'x' }, { row: 2, messages, completion: 'y' }]);
  });

  test('a row that cannot be read says which column, what is wrong, and what a right one looks like', () => {
    const { unreadable } = parseImportFile('text,spans\na,[\nb,{}\nc,\n,[]\n', 'csv', {}, 'f');
    expect(unreadable.map(({ row, problem }) => `${row}: ${problem.replace(/\(.*?\)/, '(…)')}`)).toEqual([
      '1: column "spans" is no JSON (…); write a list such as [{"start": 0, "end": 4, "label": "city"}]',
      '2: column "spans" is JSON but no list; write a list such as [{"start": 0, "end": 4, "label": "city"}]',
      '3: column "spans" is empty or no list',
      '4: column "text" is empty or no plain value',
    ]);
    expect(parseImportFile('{"completion":"x"}\n{"text":"t","messages":[],"completion":"x"}\n', 'jsonl', {}, 'f').unreadable).toEqual([
      { row: 1, problem: 'column "text" is empty or no plain value, column "messages" is empty or no list' },
    ]);
  });

  test('batches keep every row in order and stay within the limits, a giant row alone', () => {
    const row = fc.record({ row: fc.nat(), text: fc.nat({ max: 3_000_000 }).map((n) => 'x'.repeat(n)), label: fc.constant('y') });
    fc.assert(
      fc.property(fc.array(row, { maxLength: 12 }), (rows: NumberedRow[]) => {
        const batches = [...inBatches(rows)];
        expect(batches.flat()).toEqual(rows);
        for (const batch of batches) expect(batch.length === 1 || batch.reduce((sum, { text }) => sum + text!.length + 1, 0) <= 2_000_000).toBe(true);
      }),
      { numRuns: 20 },
    );
    expect([...inBatches(Array.from({ length: 4_500 }, (_, i) => ({ row: i + 1, text: 't', label: 'l' })))].map((batch) => batch.length)).toEqual([2_000, 2_000, 500]);
  });
});
