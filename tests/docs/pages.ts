/**
 * What a page of the documentation says to type, and what it shows as the answer. A block of shell is fenced as `sh`, or is indented (or fenced without a
 * language) and begins with a program. A comment on a line of its own, above a block, says how it is run here:
 *
 *     <!-- not run here: WHY -->            and who runs it instead, if anybody
 *     <!-- stop -->                         the service that runs is stopped first, as Ctrl-C does
 *     <!-- repeat until: TEXT -->           the last command is repeated until its output has the text
 *     <!-- exits 1 -->                      of the last command
 *     <!-- NAME is: a.0.b -->               stands behind: that value of the last JSON answer stands for the word NAME from here on
 *
 * A fence `text` is the output of the command before it, and so is a comment behind a command that begins with `{` or `[`; `...` stands for anything.
 */
import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';

export const ROOT = path.resolve(import.meta.dirname, '../..');
/** Every page that is held to this, below the root. */
export const PAGES: readonly string[] = ['README.md', 'clients/README.md', ...readdirSync(path.join(ROOT, 'docs')).filter((name) => name.endsWith('.md')).sort().map((name) => `docs/${name}`)];

export type Step = { readonly line: number } & (
  | { readonly kind: 'shell'; readonly commands: readonly string[]; readonly notRun: string | null; readonly stop: boolean; readonly until: string | null; readonly exits: number }
  | { readonly kind: 'output'; readonly text: string }
  | { readonly kind: 'keep'; readonly name: string; readonly at: string }
  | { readonly kind: 'other'; readonly language: string; readonly text: string }
);

const SHELLS = new Set(['sh', 'bash', 'shell', 'console']);
const PROGRAM = /^\$? ?([A-Z_][A-Z0-9_]*=\S* )*(npm|npx|node|curl|git|cd|cp|rm|mkdir|tar|cat|grep|printf|echo|openssl|psql|pg_dump|pg_restore|createdb|aws|kubectl|helm|docker|kind|minikube|python3?|pip3?|promtool|systemctl|source|trimtab)\b/;
const ASSIGNMENT = /^[A-Za-z_][A-Za-z0-9_]*=/;
const COMMENT = /^<!-- (.*) -->$/;

export function readPage(name: string): string {
  return readFileSync(path.join(ROOT, name), 'utf8');
}

/** @throws Error for a fence that does not end, and for a comment that nothing follows */
export function stepsOf(text: string): Step[] {
  const lines = text.split('\n');
  const steps: Step[] = [];
  let notes: string[] = [];
  for (let at = 0; at < lines.length;) {
    const line = lines[at] ?? '';
    const start = at + 1;
    const fence = /^```(\w*)/.exec(line);
    const [, comment] = COMMENT.exec(line) ?? [];
    if (comment !== undefined) {
      const [, name, where] = /^([A-Z]+) is: (\S+)$/.exec(comment) ?? [];
      if (name !== undefined && where !== undefined) steps.push({ kind: 'keep', line: start, name, at: where });
      else if (/^(not run here: .|stop$|repeat until: .|exits \d+$)/.test(comment)) notes.push(comment);
      at += 1;
    } else if (fence !== null) {
      const end = lines.findIndex((each, i) => i > at && each.startsWith('```'));
      if (end < 0) throw new Error(`the fence of line ${start} does not end`);
      steps.push(blockOf(start, fence[1] ?? '', lines.slice(at + 1, end), notes));
      notes = [];
      at = end + 1;
    } else if (line.startsWith('    ') && (lines[at - 1] ?? '').match(/^\s*$|^<!-- /) !== null) {
      let end = at;
      while (end < lines.length && /^( {4}|\s*$)/.test(lines[end] ?? '')) end += 1;
      steps.push(blockOf(start, '', lines.slice(at, end).map((each) => each.slice(4)), notes));
      notes = [];
      at = end;
    } else {
      at += 1;
    }
  }
  if (notes.length > 0) throw new Error(`no block follows the comment "${notes[0]}"`);
  return steps;
}

function blockOf(line: number, language: string, body: readonly string[], notes: readonly string[]): Step {
  const first = body.find((each) => each.trim() !== '' && !each.startsWith('#')) ?? '';
  const shell = SHELLS.has(language) || (language === '' && (PROGRAM.test(first) || ASSIGNMENT.test(first)));
  if (language === 'text') return { kind: 'output', line, text: body.join('\n') };
  if (!shell) return { kind: 'other', line, language, text: body.join('\n') };
  const after = (word: string) => notes.find((note) => note.startsWith(word))?.slice(word.length) ?? null;
  return { kind: 'shell', line, commands: commandsOf(body), notRun: after('not run here: '), stop: notes.includes('stop'), until: after('repeat until: '), exits: Number(after('exits ') ?? 0) };
}

/** Lines that belong together, by a backslash at the end or a quote that is open, are one command. */
export function commandsOf(body: readonly string[]): string[] {
  const commands: string[] = [];
  let open = '';
  for (const line of body) {
    if (open === '' && (line.trim() === '' || line.startsWith('#'))) continue;
    open += open === '' ? line : `\n${line}`;
    if (open.endsWith('\\') || quoteOpen(open)) continue;
    commands.push(open);
    open = '';
  }
  return open === '' ? commands : [...commands, open];
}

function quoteOpen(text: string): boolean {
  let quote = '';
  for (let i = 0; i < text.length; i += 1) {
    const letter = text[i] ?? '';
    if (quote === '' && letter === '#' && /\s/.test(text[i - 1] ?? ' ')) i = Math.max(i, (text.indexOf('\n', i) + text.length) % text.length);
    else if (quote === '' && (letter === '\'' || letter === '"')) quote = letter;
    else if (letter === quote) quote = '';
    else if (letter === '\\' && quote !== '\'') i += 1;
  }
  return quote !== '';
}

/** What a comment behind the command shows as its answer. */
export function shownBehind(command: string): string | null {
  return /\s# ([[{].*)$/.exec(command)?.[1] ?? null;
}

/** Whether an output is as a page shows it: spaces apart, with `...` for anything. */
export function isAsShown(output: string, shown: string): boolean {
  const parts = shown.replaceAll(/\s+/g, '').split(/\.\.\.|…/).map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(parts.join('[\\s\\S]*')).test(output.replaceAll(/\s+/g, ''));
}
