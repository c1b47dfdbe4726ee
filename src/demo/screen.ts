/** What the demo shows: calm lines, aligned, coloured and moving only on a terminal. */
import { styleText } from 'node:util';
import { columns } from './columns.ts';

type Style = Parameters<typeof styleText>[0];

export interface Screen {
  title(text: string): void;
  stage(number: number, text: string): void;
  /** One fact: a word in the margin and a sentence. */
  line(word: string, text: string): void;
  /** A line that is drawn over until something else is said; on a pipe only its end is written. */
  progress(word: string, share: number, text: string): void;
  table(header: readonly string[], rows: readonly (readonly string[])[], align: string): void;
  check(holds: boolean, text: string): void;
  text(text: string): void;
}

export interface Output {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

const MARGIN = 12;
const BAR = 24;
/** Columns where the output says none. */
const WIDTH = 110;
const CLEAR = '\r\u001b[2K';

export function createScreen(out: Output): Screen {
  const tty = out.isTTY === true;
  const paint = (style: Style, text: string) => (tty ? styleText(style, text) : text);
  let moving = false;
  let ended = '';
  const say = (text: string) => {
    out.write(`${moving ? CLEAR : ''}${text}\n`);
    moving = false;
  };
  const margin = (word: string) => paint('dim', word.padEnd(MARGIN));
  return {
    title: (text) => say(`\n${paint('bold', text)}`),
    stage: (number, text) => say(`\n${paint(['bold', 'cyan'], String(number))}  ${paint('bold', text)}`),
    line: (word, text) => say(`   ${margin(word)}${wrap(text, (out.columns ?? WIDTH) - 3 - MARGIN).join(`\n${' '.repeat(3 + MARGIN)}`)}`),
    progress(word, share, text) {
      if (!tty) {
        // the last step is told more than once
        if (share >= 1 && text !== ended) say(`   ${margin(word)}${(ended = text)}`);
        return;
      }
      out.write(`${CLEAR}   ${margin(word)}${paint('cyan', bar(share))} ${text}`);
      moving = true;
    },
    table: (header, rows, align) => say(columns(header, rows, align).split('\n').map((row, i) => `   ${i === 0 ? paint('dim', row) : row}`).join('\n')),
    check: (holds, text) => say(`   ${holds ? paint('green', '✓') : paint('red', '✗')} ${text}`),
    text: say,
  };
}

/** A bar of fixed width; shares outside [0, 1] are its ends. */
export function bar(share: number): string {
  const full = Math.round(BAR * Math.min(1, Math.max(0, share)));
  return '█'.repeat(full) + '░'.repeat(BAR - full);
}

/** Breaks a text between words; a word longer than the width stays whole. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else {
      line = line === '' ? word : `${line} ${word}`;
    }
  }
  return [...lines, line];
}
