/**
 * What a reference learns later, from traffic: columns of features and divisions that its exam rows did not have, with their counts.
 * What it had stays as it is. Also how much the rows of its streams depend on each other. Binary form: two blocks, JSON (columns, divisions, cluster key,
 * dependence, panes looked at) and profile.
 */
import { decodeProfile, encodeProfile } from './binary.ts';
import { createWriter, damaged, readBlock, readText, writeBlock, writeText, written, type Reader } from './bytes.ts';
import type { Column } from './columns/column.ts';
import { columnsOf, storedColumns } from './columns/file.ts';
import type { Division } from './divisions.ts';
import type { LearntDependence, ReferenceBody } from './layout.ts';
import type { Profile } from './profile.ts';

export interface Supplement {
  readonly columns: readonly Column[];
  readonly divisions: readonly Division[];
  readonly clusterKey: string | null;
  readonly dependence: ReadonlyMap<string, LearntDependence>;
  readonly panesLearnt: number;
  /** Only its columns and parts count. */
  readonly profile: Profile;
}

export function withSupplement(body: ReferenceBody, { columns, divisions, clusterKey, dependence, panesLearnt, profile }: Supplement): ReferenceBody {
  return {
    ...body,
    clusterKey,
    dependence,
    panesLearnt,
    columns: [...body.columns, ...columns],
    divisions: [...body.divisions, ...divisions],
    profile: { ...body.profile, columns: new Map([...body.profile.columns, ...profile.columns]), parts: new Map([...body.profile.parts, ...profile.parts]) },
  };
}

export function encodeSupplement({ columns, divisions, clusterKey, dependence, panesLearnt, profile }: Supplement): Uint8Array {
  const writer = createWriter(4_096);
  writeText(writer, JSON.stringify({ columns: storedColumns(columns), divisions, clusterKey, dependence: [...dependence], panesLearnt }));
  writeBlock(writer, encodeProfile(profile));
  return written(writer);
}

/** @throws TrimtabError `bad-data` on anything but bytes that `encodeSupplement` made */
export function decodeSupplement(bytes: Uint8Array): Supplement {
  const reader: Reader = { bytes, at: 0 };
  const head = parsed(readText(reader));
  const profile = decodeProfile(readBlock(reader));
  if (reader.at !== bytes.length) throw damaged(`${bytes.length - reader.at} bytes follow its end`);
  return { columns: columnsOf(head.columns), divisions: head.divisions, clusterKey: head.clusterKey, dependence: new Map(head.dependence ?? []), panesLearnt: head.panesLearnt ?? 0, profile };
}

interface Head {
  readonly columns: unknown;
  readonly divisions: Division[];
  readonly clusterKey: string | null;
  /** These two are missing in supplements from before they were learnt. */
  readonly dependence?: [string, LearntDependence][];
  readonly panesLearnt?: number;
}

function parsed(text: string): Head {
  try {
    return JSON.parse(text) as Head;
  } catch {
    throw damaged('its head is no JSON');
  }
}
