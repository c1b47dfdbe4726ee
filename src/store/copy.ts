/** COPY FROM STDIN in its text form: the fastest way in, about twice that of an INSERT from arrays. */
import { from } from 'pg-copy-streams';
import type { Client } from './postgres.ts';

const SPECIAL = /[\\\t\n\r]/g;
const ESCAPES: Readonly<Record<string, string>> = { '\\': '\\\\', '\t': '\\t', '\n': '\\n', '\r': '\\r' };

/** A text field. U+0000 and unpaired surrogates must have been refused before: PostgreSQL has no form for them. */
export function copyText(value: string | null): string {
  if (value === null) return '\\N';
  // most values have nothing to escape, and search alone is several times cheaper than replace
  return value.search(SPECIAL) < 0 ? value : value.replace(SPECIAL, (character) => ESCAPES[character] ?? character);
}

/** Sends complete lines (fields joined by tabs, each line ended by \n) and waits until the server has taken them. */
export async function copyLines(db: Client, statement: string, lines: string): Promise<void> {
  const stream = db.query(from(statement));
  await new Promise<void>((resolve, reject) => {
    stream.once('finish', resolve);
    stream.once('error', reject);
    stream.end(lines);
  });
}
