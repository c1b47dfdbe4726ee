/** The thread behind predictor.ts: one base, several adapters merged into it. */
import { parentPort, workerData } from 'node:worker_threads';
import type { Base } from './base.ts';
import { readBase } from './base.ts';
import { parseAdapter, planClassifier } from './classifier.ts';
import { decide } from './heads.ts';
import type { Member } from './member.ts';
import { createMember } from './member.ts';
import type { Classified, PredictorAnswer, PredictorRequest, Reply } from './predictor.ts';
import type { Tokenizer } from './tokenizer.ts';
import { loadTokenizer } from './tokenizer.ts';
import { toWire } from './wire.ts';

interface Loaded {
  readonly member: Member;
  readonly labels: readonly string[];
  readonly maxLength: number;
}

const { basePath } = workerData as { basePath: string };
const adapters = new Map<number, Loaded>();
let shared: Promise<[Base, Tokenizer]> | undefined;

async function answer(request: PredictorRequest): Promise<PredictorAnswer> {
  switch (request.kind) {
    case 'load': {
      const [base] = await (shared ??= Promise.all([readBase(basePath, null), loadTokenizer(basePath)]));
      const { shape, labels, pooling, maxLength, values } = parseAdapter(base, request.files, request.name);
      const plan = planClassifier(base, shape, labels.length);
      adapters.set(request.adapter, { labels, maxLength, member: createMember({ base, plan, pooling, use: 'predict', values, gradients: new Float32Array(0) }) });
      return { labels };
    }
    case 'predict': {
      const [, tokenizer] = await shared!;
      return { rows: classify(tokenizer, adapters.get(request.adapter)!, request.texts) };
    }
    case 'drop':
      adapters.delete(request.adapter);
      return { dropped: true };
  }
}

function classify(tokenizer: Tokenizer, { member, labels, maxLength }: Loaded, texts: readonly string[]): Classified[] {
  const logits = member.logits(texts.map((text) => ({ tokens: tokenizer.encode(text, maxLength), target: -1, weight: 1 })));
  return texts.map((_, i) => {
    const { best, probabilities } = decide(logits, i * labels.length, labels.length);
    return { label: labels[best]!, confidence: probabilities[best]!, scores: [...probabilities] };
  });
}

parentPort!.on('message', ({ call, request }: { call: number; request: PredictorRequest }) => {
  const reply = (value: Reply): void => parentPort!.postMessage(value);
  answer(request).then(
    (value) => reply({ call, answer: value }),
    (error: unknown) => reply({ call, error: toWire(error) }),
  );
});
