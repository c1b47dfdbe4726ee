/** The thread behind predictor.ts: one base, several adapters merged into it. */
import { parentPort, workerData } from 'node:worker_threads';
import type { Base } from './base.ts';
import { readBase } from './base.ts';
import type { Codec, Input } from './codecs/index.ts';
import { canonicalAnswer, createCodec } from './codecs/index.ts';
import { parseAdapter, planOf } from './learner.ts';
import type { Member } from './member.ts';
import { createMember } from './member.ts';
import { architectureOf } from './models/index.ts';
import { answerQuestions } from './predict.ts';
import type { Predicted, PredictorAnswer, PredictorRequest, Reply } from './predictor.ts';
import type { Tokenizer } from './tokenizer.ts';
import { loadTokenizer } from './tokenizer.ts';
import { toWire } from './wire.ts';

interface Loaded {
  readonly member: Member;
  readonly codec: Codec;
}

const { basePath } = workerData as { basePath: string };
const adapters = new Map<number, Loaded>();
let shared: Promise<[Base, Tokenizer]> | undefined;

async function answer(request: PredictorRequest): Promise<PredictorAnswer> {
  switch (request.kind) {
    case 'load': {
      const [base, tokenizer] = await (shared ??= Promise.all([readBase(basePath, null), loadTokenizer(basePath)]));
      const adapter = parseAdapter(base, request.files, request.name);
      const { labels, maxLength, kind, values } = adapter;
      const plan = planOf(base, adapter);
      const codec = createCodec(kind, { tokenizer, labels, maxLength, causal: architectureOf(base).causal });
      adapters.set(request.adapter, { codec, member: createMember({ base, plan, use: 'predict', values, gradients: new Float32Array(0) }) });
      return { labels, kind };
    }
    case 'predict':
      return { rows: predictAll(adapters.get(request.adapter)!, request.inputs) };
    case 'drop':
      adapters.delete(request.adapter);
      return { dropped: true };
  }
}

function predictAll({ member, codec }: Loaded, inputs: readonly Input[]): Predicted[] {
  return answerQuestions(member, codec, inputs).map((found) => {
    const { confidence, scores, vector } = found;
    return { label: canonicalAnswer(found), confidence, ...(scores === undefined ? {} : { scores }), ...(vector === undefined ? {} : { vector }) };
  });
}

parentPort!.on('message', ({ call, request }: { call: number; request: PredictorRequest }) => {
  const reply = (value: Reply): void => parentPort!.postMessage(value);
  answer(request).then(
    (value) => reply({ call, answer: value }),
    (error: unknown) => reply({ call, error: toWire(error) }),
  );
});
