import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { COMMANDS } from '../../src/cli/run.ts';
import { parseSpec } from '../../src/spec.ts';
import { commandsOf, isAsShown, PAGES, readPage, ROOT, shownBehind, stepsOf } from './pages.ts';
import { TYPED } from './plan.ts';

const scripts = (JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8')) as { scripts: Record<string, string> }).scripts;
const typed = new Set(TYPED.flat());

/** Commands that nobody runs and that no comment excuses. */
function unaccounted(page: string, text: string): string[] {
  if (typed.has(page)) return [];
  return stepsOf(text).flatMap((step) => (step.kind === 'shell' && step.notRun === null ? step.commands.map((command) => `${page}:${step.line}: ${command}`) : []));
}

/** Scripts and commands that are named, in prose too, and that there are not. */
function unknownNames(text: string): string[] {
  const named = [...text.matchAll(/npm run (?:-s )?([a-z][a-z0-9:-]*)(?: -- ([a-z]+(?: [a-z]+)?))?/g)];
  return named.flatMap(([whole, script = '', words = '']) => {
    if (!(script in scripts)) return [whole];
    const known = words === '' || words.startsWith('help') || COMMANDS.some((command) => `${words} `.startsWith(`${command.words.join(' ')} `));
    return script === 'cli' && !known ? [whole] : [];
  });
}

function brokenLinks(page: string, text: string): string[] {
  return [...text.matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)].map(([, target = '']) => target).filter((target) => !/^[a-z]+:/.test(target) && !existsSync(path.join(ROOT, path.dirname(page), target)));
}

describe.each(PAGES)('%s', (page) => {
  const text = readPage(page);
  test('every command is typed by npm run test:docs, or says why not', () => expect(unaccounted(page, text)).toEqual([]));
  test('every script and command that it names is there', () => expect(unknownNames(text)).toEqual([]));
  test('every link within the repository leads somewhere', () => expect(brokenLinks(page, text)).toEqual([]));
});

test('every page is in the index', () => {
  const index = readPage('docs/README.md');
  expect(PAGES.filter((page) => page.startsWith('docs/') && page !== 'docs/README.md' && !index.includes(`(${page.slice('docs/'.length)})`))).toEqual([]);
});

describe('policies', () => {
  const specs = stepsOf(readPage('docs/policies.md')).flatMap((step) => (step.kind === 'other' && step.language === 'json' ? [JSON.parse(step.text) as { name: string }] : []));
  test.each(specs.map((spec) => [spec.name, spec] as const))('%s is a ModelSpec', (_, spec) => expect(parseSpec(spec)).toMatchObject({ ...spec, base: expect.anything() as unknown }));
  test('there are eleven, each with a name of its own', () => expect(new Set(specs.map(({ name }) => name)).size).toBe(11));
});

describe('what is read of a page', () => {
  test('blocks, comments, outputs and values', () => {
    const steps = stepsOf(['text', '', '    npm start   # x', '', '<!-- exits 1 -->', '```sh', 'curl a \\', '  b', 'echo \'1', '2\'', '```', '```text', '{...}', '```', '<!-- ID is: 0.id -->', '', '    a ─► b', '<!-- not run here: no docker -->', '    docker build .'].join('\n'));
    expect(steps).toMatchObject([
      { kind: 'shell', commands: ['npm start   # x'], notRun: null },
      { kind: 'shell', commands: ['curl a \\\n  b', 'echo \'1\n2\''], exits: 1 },
      { kind: 'output', text: '{...}' },
      { kind: 'keep', name: 'ID', at: '0.id' },
      { kind: 'other', text: 'a ─► b' },
      { kind: 'shell', commands: ['docker build .'], notRun: 'no docker' },
    ]);
  });
  test('a comment behind a command may hold a quote', () => expect(commandsOf(['npm test   # it\'s all', 'npm start'])).toHaveLength(2));
  test('what stands behind a command', () => {
    expect(shownBehind('curl x   # {"a": ..., "b": 1}')).toBe('{"a": ..., "b": 1}');
    expect(shownBehind('curl x   # the live one')).toBeNull();
  });
  test('an output is compared without spaces, with room where the page leaves some out', () => {
    expect(isAsShown('{"a":3,"b":1}', '{"a": ..., "b": 1}')).toBe(true);
    expect(isAsShown('{"a":3,"b":2}', '{"a": ..., "b": 1}')).toBe(false);
  });
  test('guards can fail', () => {
    expect(unaccounted('docs/other.md', 'x\n\n    curl localhost:8080/metrics\n')).toEqual(['docs/other.md:3: curl localhost:8080/metrics']);
    expect(unknownNames('`npm run tset` and `npm run cli -- hlep`')).toHaveLength(2);
    expect(brokenLinks('docs/x.md', '[a](nowhere.md)')).toEqual(['nowhere.md']);
    expect(() => stepsOf('<!-- stop -->\nno block')).toThrow('no block follows');
  });
});
