/**
 * Group commit: while a transaction is in flight, requests gather; the next transaction takes them together. So a single
 * request costs a share of a commit, not a whole one, and a batch of thousands is a transaction of its own.
 */
import { TrimtabError } from '../errors.ts';

export interface BatcherOptions<Row, Result> {
  /** What waits, in words for a person: "predictions". */
  readonly what: string;
  /** Transactions at once. */
  readonly lanes: number;
  /** A key that is being written gets a lane more only for so many rows: single requests gather for one. */
  readonly rowsForLane: number;
  /** Rows that one transaction takes of several requests; a larger request goes alone. */
  readonly rowsPerBatch: number;
  /** Bounds of all that waits or is being written; over them requests are refused before memory grows. */
  readonly maxRows: number;
  readonly maxSize: number;
  /** Writes rows of one key in one transaction; one result for each row. */
  write(key: string, rows: readonly Row[]): Promise<Result[]>;
  /** True for an error that one bad row may have caused: each request is then tried alone, so that it harms no other. */
  isolates(error: unknown): boolean;
}

export interface Group<Row> {
  readonly key: string;
  readonly rows: readonly Row[];
  /** memory, in characters */
  readonly size: number;
}

export interface Batcher<Row, Result> {
  /**
   * Writes all groups; results in the order of groups and rows, once all are durable.
   * @throws TrimtabError `overloaded` or `stopping`, before any row is taken
   */
  add(groups: readonly Group<Row>[]): Promise<Result[][]>;
  /** Rows that wait or are being written. */
  readonly held: number;
  /** Takes no more, and ends when all that was taken is written. */
  stop(): Promise<void>;
}

interface Waiting<Row, Result> extends Group<Row> {
  resolve(results: Result[]): void;
  reject(error: unknown): void;
}

/** Rows a second that a refused client may count on, for Retry-After. */
const MODEST_RATE = 10_000;

export function createBatcher<Row, Result>(options: BatcherOptions<Row, Result>): Batcher<Row, Result> {
  const queues = new Map<string, Waiting<Row, Result>[]>();
  /** Transactions in flight of each key. */
  const writing = new Map<string, number>();
  const room = createRoom(options);
  let [active, woken] = [0, false];
  let stopped: Promise<void> | null = null;
  let drained = () => {};

  const enqueue = (group: Group<Row>) => new Promise<Result[]>((resolve, reject) => {
    const queue = queues.get(group.key);
    const waiting = { ...group, resolve, reject };
    if (queue === undefined) queues.set(group.key, [waiting]);
    else queue.push(waiting);
  });

  const mayStart = (key: string, queue: readonly Waiting<Row, Result>[]) => !writing.has(key) || rowsOf(queue) >= options.rowsForLane;

  /** Keys take turns: a busy model cannot starve the others. */
  const take = (): Waiting<Row, Result>[] | null => {
    const turn = [...queues].find(([key, queue]) => mayStart(key, queue));
    if (turn === undefined) return null;
    const [key, queue] = turn;
    let [count, total] = [0, 0];
    for (const waiting of queue) {
      if (count > 0 && total + waiting.rows.length > options.rowsPerBatch) break;
      count++;
      total += waiting.rows.length;
    }
    queues.delete(key);
    if (count < queue.length) queues.set(key, queue.slice(count));
    return queue.slice(0, count);
  };

  const run = async (batch: Waiting<Row, Result>[]) => {
    const key = batch[0]?.key ?? '';
    writing.set(key, (writing.get(key) ?? 0) + 1);
    active++;
    await writeBatch(options, batch);
    active--;
    const left = (writing.get(key) ?? 1) - 1;
    if (left > 0) writing.set(key, left);
    else writing.delete(key);
    room.leave(batch);
    pump();
  };

  const pump = () => {
    while (active < options.lanes) {
      const batch = take();
      if (batch === null) break;
      void run(batch);
    }
    if (active === 0) drained();
  };

  /** After the events of this turn of the loop, so that requests which came together go together. */
  const wake = () => {
    if (woken || active >= options.lanes) return;
    woken = true;
    setImmediate(() => {
      woken = false;
      pump();
    });
  };

  return {
    get held() { return room.rows; },
    async add(groups) {
      if (stopped !== null) throw new TrimtabError('stopping');
      room.enter(groups);
      const results = Promise.all(groups.map(enqueue));
      wake();
      return results;
    },
    stop() {
      stopped ??= new Promise((resolve) => {
        drained = resolve;
        pump();
      });
      return stopped;
    },
  };
}

/** The bound: what waits or is being written, in rows and characters. */
function createRoom(options: Pick<BatcherOptions<never, never>, 'what' | 'maxRows' | 'maxSize'>) {
  let [rows, size] = [0, 0];
  return {
    get rows() { return rows; },
    /** @throws TrimtabError `overloaded` */
    enter(groups: readonly Group<unknown>[]): void {
      const [more, larger] = [rowsOf(groups), sum(groups, (group) => group.size)];
      // an empty room takes any one request: its own limits bound it
      if (rows > 0 && (rows + more > options.maxRows || size + larger > options.maxSize)) {
        throw new TrimtabError('overloaded', { what: `${rows} ${options.what} wait to be written`, retryAfter: Math.max(1, Math.ceil(rows / MODEST_RATE)) });
      }
      rows += more;
      size += larger;
    },
    leave(groups: readonly Group<unknown>[]): void {
      rows -= rowsOf(groups);
      size -= sum(groups, (group) => group.size);
    },
  };
}

async function writeBatch<Row, Result>(options: BatcherOptions<Row, Result>, batch: readonly Waiting<Row, Result>[]): Promise<void> {
  const [first] = batch;
  if (first === undefined) return;
  try {
    const results = await options.write(first.key, batch.length === 1 ? first.rows : batch.flatMap((waiting) => waiting.rows));
    let at = 0;
    for (const waiting of batch) waiting.resolve(results.slice(at, (at += waiting.rows.length)));
  } catch (error) {
    if (batch.length > 1 && options.isolates(error)) for (const waiting of batch) await writeBatch(options, [waiting]);
    else for (const waiting of batch) waiting.reject(error);
  }
}

const rowsOf = (groups: readonly Group<unknown>[]) => sum(groups, (group) => group.rows.length);

function sum<T>(items: readonly T[], of: (item: T) => number): number {
  return items.reduce((total, item) => total + of(item), 0);
}
