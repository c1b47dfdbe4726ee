/** Where a team's member sits: in this thread, giving way to the event loop between calls, or in a thread of its own. */
import { setImmediate } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import type { EncodedRow } from './batches.ts';
import type { GenerateOptions, Generated } from './generate.ts';
import type { Member, MemberOptions } from './member.ts';
import { createMember } from './member.ts';
import type { WireError } from './wire.ts';
import { fromWire } from './wire.ts';

/** What a member is asked. */
export type Request =
  | { readonly kind: 'gradients'; readonly rows: readonly EncodedRow[]; readonly totalWeight: number }
  | { readonly kind: 'outputs'; readonly rows: readonly EncodedRow[] }
  | { readonly kind: 'fault'; readonly rows: readonly EncodedRow[] }
  | { readonly kind: 'generate'; readonly prompts: readonly Int32Array[]; readonly options: TokenOptions };

/** How to generate, without what knows text: a thread gives tokens. */
export type TokenOptions = Omit<GenerateOptions, 'stop' | 'decode'>;
export type Value = number | readonly Float32Array[] | readonly Generated[] | string | null;
export type Answer = { readonly value: Value } | { readonly error: WireError };

export interface Seat {
  gradients(rows: readonly EncodedRow[], totalWeight: number): Promise<number>;
  outputs(rows: readonly EncodedRow[]): Promise<readonly Float32Array[]>;
  fault(rows: readonly EncodedRow[]): Promise<string | null>;
  generate(prompts: readonly Int32Array[], options: TokenOptions): Promise<readonly Generated[]>;
  close(): Promise<void>;
}

export function serve(member: Member, request: Request): Value {
  switch (request.kind) {
    case 'gradients':
      return member.gradients(request.rows, request.totalWeight);
    case 'outputs':
      return member.outputs(request.rows);
    case 'fault':
      return member.fault(request.rows);
    case 'generate':
      return member.generate(request.prompts, { ...request.options, stop: [], decode: () => '' });
  }
}

/** One seat for each of the options: a single one in this thread. All or none: one that cannot load its model ends the others. */
export async function takeSeats(options: readonly MemberOptions[]): Promise<Seat[]> {
  if (options.length === 1) return [inProcess(options[0]!)];
  const started = await Promise.allSettled(options.map(inThread));
  const failed = started.find((result) => result.status === 'rejected');
  const seats = started.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
  if (failed === undefined) return seats;
  await Promise.all(seats.map((seat) => seat.close()));
  throw failed.reason;
}

function seatOf(ask: (request: Request) => Promise<Value>, close: () => Promise<void>): Seat {
  return {
    gradients: async (rows, totalWeight) => (await ask({ kind: 'gradients', rows, totalWeight })) as number,
    outputs: async (rows) => (await ask({ kind: 'outputs', rows })) as readonly Float32Array[],
    fault: async (rows) => (await ask({ kind: 'fault', rows })) as string | null,
    generate: async (prompts, options) => (await ask({ kind: 'generate', prompts, options })) as readonly Generated[],
    close,
  };
}

function inProcess(options: MemberOptions): Seat {
  const member = createMember(options);
  const ask = async (request: Request): Promise<Value> => {
    await setImmediate();
    return serve(member, request);
  };
  return seatOf(ask, async () => member.dispose());
}

/** Resolves when the thread has loaded its model. */
async function inThread(options: MemberOptions): Promise<Seat> {
  const worker = new Worker(new URL('./worker.ts', import.meta.url), { workerData: options });
  let waiting: { resolve: (value: Value) => void; reject: (error: unknown) => void } | null = null;
  let dead: Error | null = null;
  const die = (error: Error): void => {
    dead ??= error;
    waiting?.reject(dead);
  };
  worker.on('message', (answer: Answer) => ('error' in answer ? waiting?.reject(fromWire(answer.error)) : waiting?.resolve(answer.value)));
  worker.on('error', (error) => die(error instanceof Error ? error : new Error(String(error))));
  worker.on('exit', (code) => die(new Error(`a training thread ended with code ${code}`)));
  const next = (): Promise<Value> => new Promise((resolve, reject) => (dead === null ? (waiting = { resolve, reject }) : reject(dead)));
  const close = async (): Promise<void> => void (await worker.terminate());
  await next().catch(async (error: unknown) => {
    await close();
    throw error;
  });
  const ask = (request: Request): Promise<Value> => {
    const answer = next();
    worker.postMessage(request);
    return answer;
  };
  return seatOf(ask, close);
}
