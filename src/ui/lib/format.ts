/** Numbers and times as people read them. Null is a dash: nothing was measured, which is not 0. */

const DASH = '–';

/** A share as a percentage with one decimal. */
export const percent = (share: number | null | undefined, digits = 1) => (share === null || share === undefined ? DASH : `${(100 * share).toFixed(digits)} %`);

/** A difference of shares, in percentage points with its sign. */
export const points = (share: number | null | undefined) => (share === null || share === undefined ? DASH : `${share > 0 ? '+' : share < 0 ? '−' : ''}${Math.abs(100 * share).toFixed(1)}`);

export const range = (interval: readonly [number, number] | null | undefined) => (interval ? `${(100 * interval[0]).toFixed(1)}–${(100 * interval[1]).toFixed(1)}` : DASH);

export const count = (n: number | null | undefined) => (n === null || n === undefined ? DASH : n.toLocaleString('en-US'));

/** Three significant digits, without an exponent where that is readable. */
export function figure(n: number | null | undefined): string {
  if (n === null || n === undefined) return DASH;
  if (n === 0) return '0';
  const size = Math.abs(n);
  if (size >= 1e6 || size < 1e-3) return n.toExponential(1);
  return size >= 100 ? Math.round(n).toLocaleString('en-US') : n.toPrecision(3);
}

const UNITS = [['GiB', 2 ** 30], ['MiB', 2 ** 20], ['KiB', 2 ** 10]] as const;

export function bytes(n: number | null | undefined): string {
  if (n === null || n === undefined) return DASH;
  const [name, size] = UNITS.find(([, each]) => n >= each) ?? ['B', 1];
  return `${(n / size).toFixed(size === 1 ? 0 : 1)} ${name}`;
}

/** Millions and thousands, as model sizes are spoken of. */
export function millions(n: number | null | undefined): string {
  if (n === null || n === undefined) return DASH;
  return n >= 1e9 ? `${(n / 1e9).toFixed(2)} B` : n >= 1e6 ? `${(n / 1e6).toFixed(2)} M` : n >= 1e3 ? `${(n / 1e3).toFixed(1)} k` : String(n);
}

/** A stretch of time by its two largest units. */
export function duration(ms: number): string {
  const s = Math.max(0, Math.round(ms / 1000));
  const parts = ([['d', Math.floor(s / 86_400)], ['h', Math.floor(s / 3_600) % 24], ['min', Math.floor(s / 60) % 60], ['s', s % 60]] as const).filter(([, n]) => n > 0);
  const shown = parts.slice(0, 2).map(([unit, n]) => `${n} ${unit}`).join(' ');
  return shown === '' ? '0 s' : shown;
}

/** Local date and time to the minute; with seconds where things go fast. */
export function moment(iso: string | null | undefined, seconds = false): string {
  if (iso === null || iso === undefined) return DASH;
  const at = new Date(iso);
  const two = (n: number) => String(n).padStart(2, '0');
  const time = `${two(at.getHours())}:${two(at.getMinutes())}${seconds ? `:${two(at.getSeconds())}` : ''}`;
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())} ${time}`;
}

/** How long ago, or in how long. */
export function ago(iso: string, now: number): string {
  const ms = now - new Date(iso).getTime();
  if (Math.abs(ms) < 1000) return 'now';
  const [first = ''] = duration(Math.abs(ms)).match(/^\d+ \w+/) ?? [];
  return ms > 0 ? `${first} ago` : `in ${first}`;
}

/** The head of a digest. */
export const short = (digest: string, length = 12) => (digest.length > length ? `${digest.slice(0, length)}…` : digest);

/** What a canonical answer says: lists and spans are JSON, everything else is itself. */
export function answerText(answer: string | null | undefined): string {
  if (answer === null || answer === undefined) return DASH;
  if (answer === '[]') return '(none)';
  return answer;
}
