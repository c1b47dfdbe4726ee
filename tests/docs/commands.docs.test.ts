/** Types what the pages say, from the first line of each to its last, as a person who has just cloned the repository. */
import { afterEach, expect, test } from 'vitest';
import { TYPED } from './plan.ts';
import { openSession, type Session } from './session.ts';

let session: Session | null = null;
afterEach(async () => {
  await session?.end();
  session = null;
});

test.each(TYPED.map((pages) => [pages.join(', ') , pages] as const))('%s', async (_, pages) => {
  session = await openSession();
  for (const page of pages) await session.follow(page);
  expect(session.typed).toBeGreaterThan(0);
});
