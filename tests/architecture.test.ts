import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import ts from 'typescript';
import { describe, expect, test } from 'vitest';

// Holds the tree to the import table, without cycles, and to the size budget. Type imports count too.

const SRC = path.resolve(import.meta.dirname, '../src');

const LEAVES = ['vocabulary', 'errors'];
const BASE = [...LEAVES, 'canonical', 'clock', 'config', 'spec', 'lora', 'statistics', 'profile', 'tasks'];
const BELOW_DOMAINS = [...BASE, 'telemetry', 'store'];
const DOMAINS = ['ingest', 'drift', 'datasets', 'training', 'evaluation', 'promotion'];

/** Who may import whom; a room may always import itself. */
const MAY: Record<string, readonly string[]> = {
  vocabulary: [],
  errors: [],
  canonical: [],
  clock: [],
  config: ['errors'],
  lifecycle: LEAVES,
  table: LEAVES,
  spec: [...LEAVES, 'tasks'],
  lora: LEAVES,
  statistics: LEAVES,
  profile: LEAVES,
  tasks: LEAVES,
  telemetry: BASE,
  store: [...BASE, 'telemetry'],
  models: BELOW_DOMAINS,
  audit: BELOW_DOMAINS,
  page: BELOW_DOMAINS,
  health: BELOW_DOMAINS,
  auth: BELOW_DOMAINS,
  ingest: BELOW_DOMAINS,
  drift: BELOW_DOMAINS,
  datasets: BELOW_DOMAINS,
  training: BELOW_DOMAINS,
  evaluation: BELOW_DOMAINS,
  promotion: BELOW_DOMAINS,
  webhooks: [...BELOW_DOMAINS, 'auth'],
  runs: [...BELOW_DOMAINS, 'datasets', 'training', 'evaluation', 'promotion'],
  triggers: [...BELOW_DOMAINS, 'drift', 'runs'],
  overview: [...BELOW_DOMAINS, ...DOMAINS, 'runs', 'triggers'],
  http: [...BASE, 'telemetry', 'auth', 'models', 'health', ...DOMAINS, 'webhooks', 'runs', 'triggers', 'overview', 'audit'],
  ui: ['vocabulary', 'http'],
};
/** These assemble: they may import everything but one another's users. */
const ASSEMBLE = new Set(['app', 'main', 'cli', 'demo']);

interface SourceFile {
  readonly name: string;
  readonly room: string;
  readonly text: string;
  readonly imports: readonly string[];
}

const files: SourceFile[] = readdirSync(SRC, { recursive: true, encoding: 'utf8' })
  .filter((name) => /\.tsx?$/.test(name))
  .map((name) => parse(name, readFileSync(path.join(SRC, name), 'utf8')));

function parse(name: string, text: string): SourceFile {
  const imports = ts.preProcessFile(text).importedFiles.map((i) => i.fileName);
  return { name, room: roomOf(name), text, imports };
}

function roomOf(name: string): string {
  return (name.split(path.sep)[0] ?? '').replace(/\.tsx?$/, '');
}

function ours(file: SourceFile): string[] {
  return file.imports.filter((i) => i.startsWith('.')).map((i) => path.join(path.dirname(file.name), i));
}

function tableViolations(list: readonly SourceFile[]): string[] {
  return list.flatMap((file) =>
    ours(file).map(roomOf).filter((room) => room !== file.room && !ASSEMBLE.has(file.room) && !MAY[file.room]?.includes(room)).map((room) => `${file.name} imports ${room}`),
  );
}

function cycles(list: readonly SourceFile[]): string[] {
  const graph = new Map(list.map((f) => [f.name, ours(f)]));
  const state = new Map<string, 'open' | 'done'>();
  const found: string[] = [];
  const visit = (name: string, trail: string[]): void => {
    if (state.get(name) === 'done') return;
    if (state.get(name) === 'open') {
      found.push([...trail.slice(trail.indexOf(name)), name].join(' > '));
      return;
    }
    state.set(name, 'open');
    for (const next of graph.get(name) ?? []) visit(next, [...trail, name]);
    state.set(name, 'done');
  };
  for (const name of graph.keys()) visit(name, []);
  return found;
}

/** Text that may stand in some rooms only, and why. */
const ONLY_IN: { what: string; pattern: RegExp; rooms: readonly string[] }[] = [
  { what: 'process.env (config.ts alone reads the environment)', pattern: /process\.env/, rooms: ['config'] },
  { what: 'SQL (store alone speaks it)', pattern: /['"`]\s*(select|insert into|update|delete from)\s+\S+/i, rooms: ['store'] },
  { what: 'prom-client (telemetry owns the names)', pattern: /from 'prom-client'/, rooms: ['telemetry'] },
  { what: 'fastify (http alone knows it)', pattern: /from '(@fastify\/|fastify)/, rooms: ['http'] },
  { what: 'preact and uPlot (the page alone draws)', pattern: /from '(preact|uplot)/, rooms: ['ui'] },
];

function misplaced(list: readonly SourceFile[]): string[] {
  return list.flatMap((file) => ONLY_IN.filter((rule) => !rule.rooms.includes(file.room) && rule.pattern.test(file.text)).map((rule) => `${file.name}: ${rule.what}`));
}

/** The page runs in a browser: of the service it may know the words and the types of the answers, nothing that would come along with them. */
function takenIntoThePage(list: readonly SourceFile[]): string[] {
  return list.filter((file) => file.room === 'ui').flatMap((file) =>
    file.text.split('\n').filter((line) => /from '(\.\.\/)+http\//.test(line) && !/^import type .* from '(\.\.\/)+http\/api\.ts';$/.test(line)).map((line) => `${file.name}: ${line}`),
  );
}

const MAX_LINES = 500;
const MAX_MEDIAN = 140;

const lines = (file: SourceFile) => file.text.split('\n').length;

describe('the tree is the diagram', () => {
  test('imports keep to the table', () => expect(tableViolations(files)).toEqual([]));
  test('there are no cycles', () => expect(cycles(files)).toEqual([]));
  test('each thing stands in its room', () => expect(misplaced(files)).toEqual([]));
  test('the page takes types alone', () => expect(takenIntoThePage(files)).toEqual([]));
  test('every room is in the table', () => {
    expect([...new Set(files.map((f) => f.room))].filter((room) => !(room in MAY) && !ASSEMBLE.has(room))).toEqual([]);
  });
  test('files are of one idea', () => {
    expect(files.filter((f) => lines(f) > MAX_LINES).map((f) => f.name)).toEqual([]);
    const sorted = files.map(lines).sort((a, b) => a - b);
    expect(sorted[Math.floor(sorted.length / 2)]).toBeLessThanOrEqual(MAX_MEDIAN);
  });
});

describe('each guard can fail', () => {
  test('table', () => expect(tableViolations([parse('statistics/x.ts', `import '../store/y.ts'`)])).toEqual(['statistics/x.ts imports store']));
  test('domains never import each other', () => expect(tableViolations([parse('drift/x.ts', `import type { A } from '../ingest/y.ts'`)])).toHaveLength(1));
  test('cycles', () => expect(cycles([parse('lora/a.ts', `import './b.ts'`), parse('lora/b.ts', `import './a.ts'`)])).toEqual(['lora/a.ts > lora/b.ts > lora/a.ts']));
  test('page', () => expect(takenIntoThePage([parse('ui/x.tsx', `import { parts } from '../http/parts.ts';\nimport type { Run } from '../http/api.ts';`)])).toHaveLength(1));
  test('rooms', () => expect(misplaced([parse('runs/x.ts', 'const q = `select 1`; process.env')])).toHaveLength(2));
});
