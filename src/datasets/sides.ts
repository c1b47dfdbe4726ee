/**
 * Gives every new labelled row its side, once and for ever: the side of its stored near-duplicates; near both sides:
 * neither; else a hash of its text, unless it was chosen for its answer. So no adapter is ever trained on what any adapter was examined on.
 */
import { sha256 } from '../canonical.ts';
import { fixSides, insertBands, rowsByBands, rowsWithoutSide } from '../store/datasets.ts';
import type { Queryable } from '../store/postgres.ts';
import type { Side } from '../vocabulary.ts';
import { createNearIndex, type NearIndex } from './near-index.ts';
import { sketch, type Sketch } from './sketch.ts';
import { inTurns } from './turns.ts';

const CHUNK_ROWS = 5_000;

/**
 * The side of a row that was chosen for its answer: to train on, unless it is near what is examined with. In an exam it would speak against
 * the champion that was unsure of it, and a challenger that is no better would pass.
 */
export function sideOfChosen(row: Sketch, stored: NearIndex): Side {
  return sideOf(row, stored, 0) === 'train' ? 'train' : 'neither';
}

/** The side of a row against the rows that have one. */
export function sideOf(row: Sketch, stored: NearIndex, examShare: number): Side {
  const same = stored.sameText(row);
  if (same !== undefined) return same as Side;
  const [train, exam] = [stored.hasNear(row, 'train'), stored.hasNear(row, 'exam')];
  if (train && exam) return 'neither';
  if (train) return 'train';
  if (exam) return 'exam';
  return sideByHash(row.text, examShare);
}

/** A share of all texts goes to the exam, whenever and in whatever order they come. */
export function sideByHash(text: string, examShare: number): Side {
  return Number.parseInt(sha256(text).slice(0, 12), 16) / 2 ** 48 < examShare ? 'exam' : 'train';
}

/**
 * Fixes the sides of all new rows of a model, in order of (labelled_at, id). The caller's transaction holds the model's dataset
 * lock exclusively: two at once could put near-duplicates on both sides.
 * @returns how many rows got a side
 */
export async function fixNewSides(db: Queryable, model: string, examShare: number): Promise<number> {
  const index = createNearIndex();
  const loaded = new Set<string>();
  let fixed = 0;
  for (;;) {
    const rows = await rowsWithoutSide(db, model, CHUNK_ROWS);
    if (rows.length === 0) return fixed;
    const sketches = await inTurns(rows, (row) => sketch(row.text));
    await loadNeighbours(db, model, sketches, index, loaded);
    const sides: Side[] = [];
    const bands: { band: number; rowId: string }[] = [];
    await inTurns(sketches, (row, i) => {
      const { id, chosen } = rows[i]!;
      const side = chosen ? sideOfChosen(row, index) : sideOf(row, index, examShare);
      sides.push(side);
      // A row near both sides is no neighbour of anyone. A text that is already stored is found by its first row, so that the
      // bands of a text that comes a million times stay those of one.
      if (side === 'neither' || index.sameText(row) !== undefined) return;
      index.add(row, side);
      loaded.add(id);
      for (const band of row.bands) bands.push({ band, rowId: id });
    });
    await fixSides(db, model, rows.map((row) => row.id), sides);
    // In the order of the key: each page of the index is then visited once.
    await insertBands(db, model, bands.sort((a, b) => a.band - b.band));
    fixed += rows.length;
  }
}

async function loadNeighbours(db: Queryable, model: string, sketches: readonly Sketch[], index: NearIndex, loaded: Set<string>): Promise<void> {
  const bands = new Set(sketches.flatMap((row) => [...row.bands]));
  const stored = await rowsByBands(db, model, [...bands]);
  await inTurns(stored, (row) => {
    if (loaded.has(row.id)) return;
    loaded.add(row.id);
    index.add(sketch(row.text), row.side);
  });
}
