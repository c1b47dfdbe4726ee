/**
 * The binary form of a reference, little-endian:
 *
 *     u8[4] 'TTRF', u32 version 1, then three blocks, each u32 length and bytes, padded with zeros to 8 bytes:
 *     JSON (model, adapter, scoring, createdAt, labels, columns, divisions, cluster key, samples, vocabulary size), vocabulary bits, profile;
 *     then f64 edges up to the end
 */
import { TrimtabError } from '../errors.ts';
import { decodeProfile, encodeProfile } from './binary.ts';
import { columnsOf, storedColumns } from './columns/file.ts';
import { ACCURACY, indexOf, type ReferenceBody, type Scoring } from './layout.ts';
import { EDGES } from './numeric.ts';

const MAGIC = 'TTRF';
const VERSION = 1;

interface Head {
  readonly model: string;
  readonly adapter: string;
  /** Missing in references from before there were other tasks. */
  readonly scoring?: Scoring;
  readonly createdAt: string;
  readonly labels: readonly string[];
  /** As `storedColumns` gives them; missing in references from before there were columns. */
  readonly columns?: unknown;
  readonly divisions?: ReferenceBody['divisions'];
  readonly clusterKey?: string | null;
  readonly samples: ReferenceBody['samples'];
  readonly vocabularySize: number;
}

export function encodeReference(body: ReferenceBody): Uint8Array {
  const { model, adapter, scoring, createdAt, labels, columns, divisions, clusterKey, samples, vocabulary } = body;
  const head: Head = { model, adapter, scoring, createdAt, labels, columns: storedColumns(columns), divisions, clusterKey, samples, vocabularySize: vocabulary.size };
  const blocks = [new TextEncoder().encode(JSON.stringify(head)), vocabulary.bits, encodeProfile(body.profile)];
  const bytes = new Uint8Array(blocks.reduce((sum, block) => sum + padded(4 + block.length), 8) + body.edges.length * 8);
  const view = new DataView(bytes.buffer);
  bytes.set(new TextEncoder().encode(MAGIC));
  view.setUint32(4, VERSION, true);
  let at = 8;
  for (const block of blocks) {
    view.setUint32(at, block.length, true);
    bytes.set(block, at + 4);
    at += padded(4 + block.length);
  }
  body.edges.forEach((edge, i) => view.setFloat64(at + i * 8, edge, true));
  return bytes;
}

/** @throws TrimtabError `bad-data` on anything but bytes that `encodeReference` made */
export function decodeReference(bytes: Uint8Array): ReferenceBody {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 8 || new TextDecoder().decode(bytes.subarray(0, 4)) !== MAGIC) throw damaged('it does not begin with the mark of a reference');
  if (view.getUint32(4, true) !== VERSION) throw damaged(`version ${view.getUint32(4, true)} is unknown`);
  let at = 8;
  const block = () => {
    const length = at + 4 <= bytes.length ? view.getUint32(at, true) : Infinity;
    if (at + padded(4 + length) > bytes.length) throw damaged('it ends too early');
    const part = bytes.subarray(at + 4, at + 4 + length);
    at += padded(4 + length);
    return part;
  };
  const head = readHead(block());
  const bits = block();
  if (bits.length === 0 || (bits.length & (bits.length - 1)) !== 0) throw damaged(`${bits.length} bytes of vocabulary are no power of two`);
  const profile = decodeProfile(block());
  const edges = new Float64Array((bytes.length - at) / 8 <= EDGES ? Math.floor((bytes.length - at) / 8) : 0);
  if (edges.length * 8 !== bytes.length - at || edges.length + 1 !== profile.confidence.bins.length) throw damaged('its edges do not fit its profile');
  for (let i = 0; i < edges.length; i++) edges[i] = view.getFloat64(at + i * 8, true);
  const { model, adapter, scoring = ACCURACY, createdAt, labels, columns = [], divisions = [], clusterKey = null, samples, vocabularySize } = head;
  return { version: 1, model, adapter, scoring, createdAt, labels, edges, columns: columnsOf(columns), divisions, clusterKey, dependence: new Map(), panesLearnt: 0, calibrated: null, vocabulary: { bits, size: vocabularySize }, profile, samples, index: indexOf(labels, edges) };
}

function readHead(bytes: Uint8Array): Head {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)) as Head;
  } catch (error) {
    throw damaged(`its head is no JSON (${error instanceof Error ? error.message : String(error)})`);
  }
}

const padded = (length: number) => Math.ceil(length / 8) * 8;

function damaged(problem: string): TrimtabError {
  return new TrimtabError('bad-data', { what: 'stored reference', problem, right: 'it must be as encodeReference wrote it' });
}
