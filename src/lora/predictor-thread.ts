/** The thread behind predictor.ts: one base, several adapters merged into it. */
import { parentPort, workerData } from 'node:worker_threads';
import type { Base } from './base.ts';
import { readBase } from './base.ts';
import type { Codec, GenerationCodec, Input } from './codecs/index.ts';
import { canonicalAnswer, createCodec } from './codecs/index.ts';
import { parseAdapter, planOf } from './learner.ts';
import type { Member } from './member.ts';
import { createMember } from './member.ts';
import type { HeadKind } from './models/index.ts';
import { architectureOf } from './models/index.ts';
import type { PredictOptions } from './predict.ts';
import { answerPrompts, answerQuestions } from './predict.ts';
import type { Predicted, PredictorAnswer, PredictorRequest, Reply } from './predictor.ts';
import type { Tokenizer } from './tokenizer.ts';
import { loadTokenizer } from './tokenizer.ts';
import { toWire } from './wire.ts';

interface Loaded {
  readonly member: Member;
  readonly codec: Codec;
  readonly kind: HeadKind;
  readonly positions: number;
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
      const { causal, positions } = architectureOf(base);
      const codec = createCodec(kind, { tokenizer, labels, maxLength, causal });
      adapters.set(request.adapter, { codec, kind, positions, member: createMember({ base, plan, use: 'predict', values, gradients: new Float32Array(0) }) });
      return { labels, kind };
    }
    case 'predict':
      return { rows: predictAll(adapters.get(request.adapter)!, request.inputs, request.options) };
    case 'drop':
      adapters.delete(request.adapter);
      return { dropped: true };
  }
}

function predictAll({ member, codec, kind, positions }: Loaded, inputs: readonly Input[], options: PredictOptions): Predicted[] {
  const answers = kind === 'vocabulary' ? answerPrompts(member, codec as GenerationCodec, inputs, positions, options) : answerQuestions(member, codec, inputs);
  return answers.map((found) => {
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
