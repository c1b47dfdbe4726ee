/** A team's member in a thread of its own (see team.ts). */
import { parentPort, workerData } from 'node:worker_threads';
import type { MemberOptions } from './member.ts';
import { createMember } from './member.ts';
import type { Answer, Request } from './team.ts';

const member = createMember(workerData as MemberOptions);
const answer = (value: Answer): void => parentPort!.postMessage(value);

parentPort!.on('message', (request: Request) => {
  answer(request.kind === 'gradients' ? member.gradients(request.rows, request.totalWeight) : member.logits(request.rows));
});
answer(0);
