/**
 * Small labelled data of our own for a replay of every task: an assistant that is told wishes. `before` has four kinds of them, `after`
 * brings two more, and says the old ones in other words. Each row has a label, spans, a document (a description of what is
 * wanted) and a completion (the wish as JSON), so that one table serves all tasks.
 */
import { random, type Random } from '../../lora/random.ts';
import type { Span } from '../../tasks/index.ts';
import { pick } from '../generator/grammar.ts';

export interface ExampleRow {
  readonly text: string;
  readonly label: string;
  readonly spans: readonly Span[];
  /** What a search should find. */
  readonly positive: string;
  readonly completion: string;
  readonly stage: 'before' | 'after';
}

/** Patterns by wish; a slot stands in angle brackets. */
type Patterns = Readonly<Record<string, readonly string[]>>;

const BEFORE: Patterns = {
  play_music: ['play <song> by <artist>', 'put on <song>', 'i want to hear <artist>', 'play something by <artist> please'],
  get_weather: ['what is the weather in <city> <day>', 'will it rain in <city>', 'how warm is it in <city> <day>', 'weather for <day> please'],
  book_table: ['book a table for <count> at <place>', 'reserve <place> for <count> people <day>', 'i need a table at <place> <day>', 'get us a table for <count>'],
  turn_on_light: ['turn on the light in the <room>', 'lights on in the <room> at <hour>', 'make it bright in the <room>', 'switch on the <room> lamp'],
};
const REWORDED: Patterns = {
  play_music: ['blast some <artist>', 'spin <song> from <artist> now', 'cue up <song>'],
  get_weather: ['forecast <city> <day>', 'umbrella needed for <city> or not', 'is <day> sunny over <city>'],
  book_table: ['dinner at <place> party of <count>', 'squeeze <count> of us into <place> <day>', 'any seats left at <place>'],
  turn_on_light: ['illuminate my <room>', 'it is dark in the <room> fix that', '<room> needs light by <hour>'],
};
const NEW: Patterns = {
  set_alarm: ['wake me at <hour> <day>', 'set an alarm for <hour>', 'alarm <day> at <hour> please'],
  call_person: ['call <person>', 'ring up <person> <day>', 'i need to talk to <person> at <hour>'],
};

const SLOTS: Readonly<Record<string, readonly string[]>> = {
  song: ['blue harbour', 'night ferry', 'paper moons', 'golden hours', 'slow river', 'winter sun', 'old red door'],
  artist: ['mara lind', 'the quiet foxes', 'jonas pell', 'ivy and oak', 'samir dahl', 'north station'],
  city: ['ashmere', 'dunhollow', 'greyport', 'oakhurst', 'ellerby', 'tarn valley', 'kessing'],
  day: ['today', 'tomorrow', 'on monday', 'on friday', 'next sunday', 'this weekend'],
  count: ['two', 'three', 'four', 'five', 'six', 'eight'],
  place: ['the blue goose', 'casa luna', 'mill house', 'green table', 'harbour grill', 'chez nora'],
  room: ['kitchen', 'bedroom', 'attic', 'office', 'garage', 'living room'],
  hour: ['six am', 'seven thirty', 'noon', 'nine pm', 'half past eight', 'ten'],
  person: ['thea', 'owen', 'my mother', 'doctor haas', 'elin', 'kofi'],
};
const OPENINGS = ['', '', '', 'hey ', 'ok ', 'please ', 'could you ', 'well '];
const CLOSINGS = ['', '', '', ' thanks', ' now', ' if you can', ' for me'];

/**
 * The control's 604 labels make two runs, after its third pane of a hundred and its sixth, and leave four over (a run asks for a quarter of the later
 * stage): with many left over the first rows of the change would bring a retrain by count, and that would mend the model before a monitor could see anything.
 */
const ROWS = { before: 1_420, after: 900 } as const;
/** Of the wishes after the change: those of a new kind. The others are old ones, two thirds of them in new words. */
const NEW_SHARE = 0.4;
const REWORDED_SHARE = 2 / 3;

/** The rows; the same seed gives the same. */
export function exampleRows(seed: number, counts: { readonly before: number; readonly after: number } = ROWS): ExampleRow[] {
  const uniform = random(seed, 'replay example');
  const before = Array.from({ length: counts.before }, () => rowOf(BEFORE, 'before', uniform));
  const after = Array.from({ length: counts.after }, () => {
    if (uniform() < NEW_SHARE) return rowOf(NEW, 'after', uniform);
    return rowOf(uniform() < REWORDED_SHARE ? REWORDED : BEFORE, 'after', uniform);
  });
  return [...before, ...after];
}

/** The same as JSONL. */
export function exampleTable(seed: number): string {
  return exampleRows(seed).map((row) => `${JSON.stringify(row)}\n`).join('');
}

function rowOf(patterns: Patterns, stage: ExampleRow['stage'], uniform: Random): ExampleRow {
  const label = pick(Object.keys(patterns), uniform);
  let text = pick(OPENINGS, uniform);
  const spans: Span[] = [];
  for (const part of pick(patterns[label] ?? [], uniform).split(/(<\w+>)/)) {
    const slot = /^<(\w+)>$/.exec(part)?.[1];
    const said = slot === undefined ? part : pick(SLOTS[slot] ?? [], uniform);
    if (slot !== undefined) spans.push({ start: text.length, end: text.length + said.length, label: slot });
    text += said;
  }
  text += pick(CLOSINGS, uniform);
  return { text, label, spans, ...described(label, text, spans), stage };
}

/** A wish in words, as a search would find it, and as JSON, as a program would take it. */
export function described(wish: string, text: string, spans: readonly Span[]): { positive: string; completion: string } {
  // In the order in which they are said; a slot that is said twice has both.
  const slots = [...Map.groupBy(spans, ({ label }) => label)].map(([label, all]) => [label, all.map(({ start, end }) => text.slice(start, end))] as const);
  const names = slots.map(([label]) => label).sort();
  const words = wish.replaceAll('_', ' ');
  return {
    positive: names.length === 0 ? words : `${words}: ${names.map((name) => name.replaceAll('_', ' ')).join(', ')}`,
    completion: JSON.stringify({ wish, ...Object.fromEntries(slots.map(([label, values]) => [label, values.length === 1 ? values[0] : values])) }),
  };
}
