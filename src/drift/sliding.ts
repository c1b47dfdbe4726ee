/**
 * A window of panes that slides: a pane is added once, when it has closed, and taken away once, when it is too old, whatever the window's length.
 * Counts are whole, so the window is the sum of its panes to the bit, however far it slid.
 */
import { addEncoded, addInto, decodeProfile, type Profile } from '../profile/index.ts';
import { paneProfilesAfter, paneProfilesOf } from '../store/drift.ts';
import type { Queryable } from '../store/postgres.ts';
import type { Live } from './watching.ts';

export interface SlidingWindow {
  /** Whose panes they are. */
  readonly adapter: string;
  readonly reference: string;
  /** It has what came after this pane. */
  readonly after: number;
  /** Changed in place: who slides a window must be the only one who has it. */
  readonly profile: Profile;
  /** Those with rows, the oldest first; one at least. */
  readonly panes: readonly number[];
}

/** The window of the panes after `after`, by sliding the former one where that is less work than adding all; null where none has rows. */
export async function slide(db: Queryable, former: SlidingWindow | null, model: string, { adapter, reference }: Pick<Live, 'adapter' | 'reference'>, after: number): Promise<SlidingWindow | null> {
  const own = former !== null && former.adapter === adapter && former.reference === reference && former.after <= after ? former : null;
  const staying = own?.panes.filter((pane) => pane > after) ?? [];
  const leaving = own?.panes.filter((pane) => pane <= after) ?? [];
  const left = own === null || leaving.length > staying.length ? [] : await paneProfilesOf(db, model, adapter, reference, leaving);
  // a pane that retention took away cannot be taken away here
  const base = own !== null && staying.length > 0 && left.length === leaving.length ? left.reduce((sum, bytes) => addInto(sum, decodeProfile(bytes), -1), own.profile) : null;
  const known = base === null ? [] : staying;
  const added = await paneProfilesAfter(db, model, adapter, reference, known.at(-1) ?? after);
  const profile = added.reduce<Profile | null>((sum, pane) => (sum === null ? decodeProfile(pane.profile) : addEncoded(sum, pane.profile)), base);
  return profile === null ? null : { adapter, reference, after, profile, panes: [...known, ...added.map(({ pane }) => pane)] };
}
