/** The Trimtab client: every operation of the service, with retries, and batches for rows that come one by one. */
import { batches, type Batches, type BatchOptions } from './batches.ts';
import { connect, type ConnectionOptions } from './connection.ts';
import { operations, type Feedback, type Prediction } from './operations.ts';

export { TrimtabProblem } from './connection.ts';
export type { Batches } from './batches.ts';
export type * from './operations.ts';

export type Client = ReturnType<typeof createClient>;
type Gathering<Row> = Omit<BatchOptions<Row>, 'send'>;

export function createClient(options: ConnectionOptions) {
  const all = operations(connect(options));
  return {
    ...all,
    /** Predictions one by one; a row without an id gets one, which `add` cannot tell: give ids where feedback will come. */
    predictionBatches: (gathering: Gathering<Prediction>): Batches<Omit<Prediction, 'id'> & { id?: string }> => {
      const inner = batches<Prediction>({ ...gathering, send: (rows) => all.predictions.send(rows) });
      return { ...inner, get waiting() { return inner.waiting; }, add: (row) => inner.add({ ...row, id: row.id ?? crypto.randomUUID() }), close: () => inner.close() };
    },
    feedbackBatches: (gathering: Gathering<Feedback>): Batches<Feedback> => batches<Feedback>({ ...gathering, send: (rows) => all.feedback.send(rows) }),
  };
}
