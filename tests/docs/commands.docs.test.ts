/** Types what the pages say, from the first line of each to its last, as a person who has just cloned the repository. */
import { afterEach, expect, test } from 'vitest';
import { TYPED } from './plan.ts';
import { openSession, type Session } from './session.ts';

let session: Session | null = null;
afterEach(async () => {
  await session?.end();
  session = null;
});

test('what does not come out as told is found, with its line', async () => {
  session = await openSession();
  const { followText } = session;
  await followText('x.md', '```sh\na=\'[{"id": "seven"}]\'\necho "$a"   # [{"id": ...}]\n```\n<!-- ID is: 0.id -->\n```sh\necho ID "$ID"\n```\n```text\nseven seven\n```\n<!-- exits 1 -->\n```sh\nfalse\n```');
  await expect(followText('x.md', 'a\n\n    node --no-such-option')).rejects.toThrow(/x\.md:3: "node --no-such-option" exits 9/);
  await expect(followText('x.md', '    echo {}   # {"a": 1}')).rejects.toThrow('should answer {"a": 1}');
  await expect(followText('x.md', '```sh\necho one\n```\n```text\ntwo\n```')).rejects.toThrow('the page shows');
  await expect(followText('x.md', '    curl localhost:8080/health/live')).rejects.toThrow('exits 7');
});

test.each(TYPED.map((pages) => [pages.join(', ') , pages] as const))('%s', async (_, pages) => {
  session = await openSession();
  for (const page of pages) await session.follow(page);
  expect(session.typed).toBeGreaterThan(0);
});
