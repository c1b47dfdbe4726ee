/**
 * Data-parallel workers. Each has its own backend and frozen weights and computes the gradients of its share of a batch; the shares
 * are summed in the order of the workers, so the same seed and number of workers give the same bits.
 */
import { setImmediate } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import type { EncodedRow } from './batches.ts';
import { share } from './batches.ts';
import type { MemberOptions } from './member.ts';
import { createMember } from './member.ts';
import type { WireError } from './wire.ts';
import { fromWire } from './wire.ts';

export interface Team {
  /** The adapter's numbers: the caller writes, all members read. */
  readonly values: Float32Array;
  /** Loss and gradients (valid until the next call) of the batch's weighted mean. */
  gradients(rows: readonly EncodedRow[]): Promise<{ loss: number; gradients: Float32Array }>;
  /** Logits of each row, in their order, [rows x labels]. */
  logits(rows: readonly EncodedRow[]): Promise<Float32Array>;
  close(): Promise<void>;
}

export interface TeamOptions extends Pick<MemberOptions, 'base' | 'plan' | 'pooling' | 'use'> {
  readonly workers: number;
  readonly values: Float32Array;
}

/** What a thread is asked, and what it answers. */
export type Request = { readonly kind: 'gradients'; readonly rows: readonly EncodedRow[]; readonly totalWeight: number } | { readonly kind: 'logits'; readonly rows: readonly EncodedRow[] };
export type Answer = { readonly value: number | Float32Array } | { readonly error: WireError };

type Ask = (request: Request) => Promise<number | Float32Array>;

/** Starts the workers; one works in this thread, giving way to the event loop between its calls. */
export async function createTeam({ workers, values: initial, ...rest }: TeamOptions): Promise<Team> {
  const values = shared(initial.length);
  values.set(initial);
  const options = Array.from({ length: workers }, (): MemberOptions => ({ ...rest, values, gradients: shared(initial.length) }));
  const members = workers === 1 ? [inProcess(options[0]!)] : await startAll(options);
  const total = new Float32Array(initial.length);
  const labels = rest.plan.labels;

  return {
    values,
    async gradients(rows) {
      const totalWeight = rows.reduce((sum, row) => sum + row.weight, 0) || 1;
      const losses = await Promise.all(share(rows, workers).map((part, i) => members[i]!.ask({ kind: 'gradients', rows: part, totalWeight })));
      total.set(options[0]!.gradients);
      for (const { gradients } of options.slice(1)) for (let i = 0; i < total.length; i += 1) total[i]! += gradients[i]!;
      return { loss: (losses as number[]).reduce((sum, loss) => sum + loss, 0), gradients: total };
    },
    async logits(rows) {
      const parts = share(rows.map((row, index) => ({ ...row, index })), workers);
      const answers = (await Promise.all(parts.map((part, i) => members[i]!.ask({ kind: 'logits', rows: part })))) as Float32Array[];
      const all = new Float32Array(rows.length * labels);
      parts.forEach((part, i) => part.forEach(({ index }, j) => all.set(answers[i]!.subarray(j * labels, (j + 1) * labels), index * labels)));
      return all;
    },
    async close() {
      await Promise.all(members.map((member) => member.close()));
    },
  };
}

/** All or none: one thread that cannot load its model ends the others. */
async function startAll(options: readonly MemberOptions[]): Promise<Seat[]> {
  const started = await Promise.allSettled(options.map(inThread));
  const failed = started.find((result) => result.status === 'rejected');
  const seats = started.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
  if (failed === undefined) return seats;
  await Promise.all(seats.map((seat) => seat.close()));
  throw failed.reason;
}

const shared = (count: number): Float32Array => new Float32Array(new SharedArrayBuffer(count * 4));

interface Seat {
  readonly ask: Ask;
  close(): Promise<void>;
}

function inProcess(options: MemberOptions): Seat {
  const member = createMember(options);
  return {
    async ask(request) {
      await setImmediate();
      return request.kind === 'gradients' ? member.gradients(request.rows, request.totalWeight) : member.logits(request.rows);
    },
    close: () => Promise.resolve(),
  };
}

/** Resolves when the thread has loaded its model. */
async function inThread(options: MemberOptions): Promise<Seat> {
  const worker = new Worker(new URL('./worker.ts', import.meta.url), { workerData: options });
  let waiting: { resolve: (value: number | Float32Array) => void; reject: (error: unknown) => void } | null = null;
  let dead: Error | null = null;
  const die = (error: Error): void => {
    dead ??= error;
    waiting?.reject(dead);
  };
  worker.on('message', (answer: Answer) => ('error' in answer ? waiting?.reject(fromWire(answer.error)) : waiting?.resolve(answer.value)));
  worker.on('error', (error) => die(error instanceof Error ? error : new Error(String(error))));
  worker.on('exit', (code) => die(new Error(`a training thread ended with code ${code}`)));
  const next = (): ReturnType<Ask> => new Promise((resolve, reject) => (dead === null ? (waiting = { resolve, reject }) : reject(dead)));
  const close = async (): Promise<void> => void (await worker.terminate());
  await next().catch(async (error: unknown) => {
    await close();
    throw error;
  });
  return {
    ask(request) {
      const answer = next();
      worker.postMessage(request);
      return answer;
    },
    close,
  };
}
