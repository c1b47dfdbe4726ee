/** A team's member in a thread of its own (see team.ts). */
import { parentPort, workerData } from 'node:worker_threads';
import type { Member, MemberOptions } from './member.ts';
import { createMember } from './member.ts';
import type { Answer, Request, Value } from './seat.ts';
import { serve } from './seat.ts';
import { toWire } from './wire.ts';

/** Answers with what `work` gives, or with why it failed. */
function answer(work: () => Value): void {
  let found: Answer;
  try {
    found = { value: work() };
  } catch (error) {
    found = { error: toWire(error) };
  }
  parentPort!.postMessage(found);
}

let member: Member;
answer(() => {
  member = createMember(workerData as MemberOptions);
  return null;
});
parentPort!.on('message', (request: Request) => answer(() => serve(member, request)));
