/**
 * Gathers rows and sends them together. Every row has an id before it is first sent, so that a batch whose answer was lost can be sent again and counts once.
 * Memory is bounded: over `maxWaiting` rows `add` refuses, and the caller decides what to do.
 */
import type { IngestAnswer } from './operations.ts';

export interface BatchOptions<Row> {
  readonly send: (rows: readonly Row[]) => Promise<IngestAnswer>;
  /** Rows of a request, at most. */
  readonly maxRows?: number;
  /** Milliseconds that a row waits for others, at most. */
  readonly maxDelayMs?: number;
  /** Rows that wait or are on their way, at most. */
  readonly maxWaiting?: number;
  /** Told of each row that the service refused, with its reason, and of each row of a batch that could not be sent. */
  readonly onLost: (row: Row, reason: string) => void;
}

export interface Batches<Row> {
  /** True when the row was taken; false when too many wait. */
  add(row: Row): boolean;
  /** Sends what waits, and ends when all that was taken has been answered for. */
  flush(): Promise<void>;
  /** The same, and takes no more. */
  close(): Promise<void>;
  readonly waiting: number;
}

export function batches<Row>({ send, maxRows = 1_000, maxDelayMs = 200, maxWaiting = 100_000, onLost }: BatchOptions<Row>): Batches<Row> {
  let rows: Row[] = [];
  let sending: Promise<void> = Promise.resolve();
  let [waiting, closed] = [0, false];
  let timer: ReturnType<typeof setTimeout> | null = null;

  const deliver = async (batch: readonly Row[]) => {
    try {
      const { refused } = await send(batch);
      for (const { index, reason } of refused) onLost(batch[index] as Row, reason);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      for (const row of batch) onLost(row, reason);
    } finally {
      waiting -= batch.length;
    }
  };
  // one request at a time: rows of one id arrive in the order in which they were added
  const push = () => {
    if (timer !== null) clearTimeout(timer);
    timer = null;
    if (rows.length === 0) return;
    const batch = rows;
    rows = [];
    sending = sending.then(() => deliver(batch));
  };
  return {
    get waiting() { return waiting; },
    add(row) {
      if (closed) throw new Error('the batches are closed');
      if (waiting >= maxWaiting) return false;
      rows.push(row);
      waiting++;
      if (rows.length >= maxRows) push();
      else timer ??= setTimeout(push, maxDelayMs);
      return true;
    },
    async flush() {
      push();
      await sending;
    },
    close() {
      closed = true;
      return this.flush();
    },
  };
}
