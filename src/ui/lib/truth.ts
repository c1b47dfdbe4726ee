/** How the truth of a task is told: in which field of a feedback, and by which means. */
import type { Model } from '../../http/api.ts';

export interface Truth {
  readonly field: 'label' | 'labels' | 'spans' | 'document' | 'completion';
  /** `one`: a press of a key; `many`: several, then Enter; `text`: written out. */
  readonly by: 'one' | 'many' | 'text';
  /** The value of the field, from what was written; throws with what would be right. */
  readonly parse: (text: string) => unknown;
  /** What is to be written. */
  readonly hint: string;
}

const asIs = (text: string) => text;

export function truthOf({ task, labels }: Pick<Model['spec'], 'task' | 'labels'>): Truth {
  switch (task) {
    case 'classification':
      return labels === 'multi' ? { field: 'labels', by: 'many', parse: asIs, hint: '' } : { field: 'label', by: 'one', parse: asIs, hint: '' };
    case 'extraction':
      return { field: 'spans', by: 'text', parse: spansOf, hint: 'One span a line: its text, a tab or “ = ”, its label. Nothing for no span.' };
    case 'embedding':
      return { field: 'document', by: 'text', parse: asIs, hint: 'The text of the right document.' };
    case 'generation':
      return { field: 'completion', by: 'text', parse: asIs, hint: 'The text that would have been right.' };
  }
}

/** Lines of `text = label`; where in the text they stand is found by `placeSpans`. */
function spansOf(text: string): { text: string; label: string }[] {
  return text.split('\n').filter((line) => line.trim() !== '').map((line) => {
    const [, what, label] = /^(.*?)(?:\t| = )(\S.*)$/.exec(line) ?? [];
    if (what === undefined || label === undefined || what.trim() === '') throw new Error(`“${line}” is no span: write its text, “ = ”, and its label`);
    return { text: what.trim(), label: label.trim() };
  });
}

/** Spans with their places: each is looked for behind the one before, so that a word that comes twice can be named twice. */
export function placeSpans(input: string, spans: readonly { readonly text: string; readonly label: string }[]): { start: number; end: number; label: string }[] {
  let from = 0;
  return spans.map(({ text, label }) => {
    const found = input.indexOf(text, from);
    const start = found < 0 ? input.indexOf(text) : found;
    if (start < 0) throw new Error(`“${text}” does not stand in the text`);
    from = start + text.length;
    return { start, end: from, label };
  });
}
