/** A snapshot of a training as one file: its tensors, and in the file's metadata where it stands and whose it is. */
import { TrimtabError } from '../errors.ts';
import { parseSafetensors, toFloat32, writeSafetensors } from './safetensors.ts';
import type { Snapshot } from './train.ts';

/** What a checkpoint belongs to, and what was decided before its first step. */
export interface CheckpointHeader {
  /** Digest of all that the training depends on: a checkpoint of other rows or settings must not be gone on from. */
  readonly of: string;
  readonly learningRate: number;
  readonly probe: readonly { readonly learningRate: number; readonly loss: number }[] | null;
}

const VERSION = '1';

export function writeCheckpoint(header: CheckpointHeader, { team, tokens, losses }: Snapshot): Uint8Array {
  const vector = (values: Float32Array) => ({ shape: [values.length], values });
  const tensors = new Map([['values', vector(team.values)], ['mean', vector(team.mean)], ['square', vector(team.square)]]);
  return writeSafetensors(tensors, { version: VERSION, header: JSON.stringify(header), step: String(team.step), tokens: String(tokens), losses: JSON.stringify(losses) });
}

/** Null when it is of something else. @throws TrimtabError `bad-data` when it is damaged */
export function readCheckpoint(bytes: Uint8Array, of: string): { header: CheckpointHeader; snapshot: Snapshot } | null {
  const refuse = (problem: string, right: string): never => {
    throw new TrimtabError('bad-data', { what: 'the checkpoint', problem, right });
  };
  const tensors = parseSafetensors(bytes, refuse);
  const { version, header: text, step, tokens, losses } = metadataOf(bytes);
  if (version !== VERSION) return null;
  const header = JSON.parse(text!) as CheckpointHeader;
  if (header.of !== of) return null;
  const vector = (name: string): Float32Array => toFloat32(name, tensors.get(name) ?? refuse(`tensor "${name}" is missing`, 'a whole file'), refuse).values;
  return {
    header,
    snapshot: { team: { step: Number(step), values: vector('values'), mean: vector('mean'), square: vector('square') }, tokens: Number(tokens), losses: JSON.parse(losses!) as number[] },
  };
}

/** Of a file that was parsed, so its header is known to be whole. */
function metadataOf(bytes: Uint8Array): Record<string, string | undefined> {
  const length = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true));
  return (JSON.parse(new TextDecoder().decode(bytes.slice(8, 8 + length))) as { __metadata__?: Record<string, string> }).__metadata__ ?? {};
}
