/** Sketches in memory, found again by their bands. Members belong to a group: a side, or a label. */
import { isNear, type Sketch } from './sketch.ts';

export interface NearIndex {
  add(sketch: Sketch, group: string): void;
  /** Whether a member of the group is a near-duplicate. */
  hasNear(sketch: Sketch, group: string): boolean;
  /** The group of the member with the same normalised text; the latest when there are several. */
  sameText(sketch: Sketch): string | undefined;
}

interface Member {
  readonly sketch: Sketch;
  /** The last question that met this member: bands overlap, and one look is enough. */
  asked: number;
}

export function createNearIndex(): NearIndex {
  const bandsOf = new Map<string, Map<number, Member[]>>();
  const groupOfText = new Map<string, string>();
  let question = 0;
  return {
    add(sketch, group) {
      const member = { sketch, asked: 0 };
      groupOfText.set(sketch.text, group);
      const bands = bandsOf.get(group) ?? new Map<number, Member[]>();
      bandsOf.set(group, bands);
      for (const band of sketch.bands) {
        const list = bands.get(band);
        if (list) list.push(member);
        else bands.set(band, [member]);
      }
    },
    hasNear(sketch, group) {
      const bands = bandsOf.get(group);
      if (!bands) return false;
      question += 1;
      for (const band of sketch.bands) {
        for (const member of bands.get(band) ?? []) {
          if (member.asked === question) continue;
          member.asked = question;
          if (isNear(member.sketch, sketch)) return true;
        }
      }
      return false;
    },
    sameText: (sketch) => groupOfText.get(sketch.text),
  };
}
