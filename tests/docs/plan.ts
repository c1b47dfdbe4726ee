/** Which pages are typed, and in which company: those of one list in one copy of the repository, in order, the first from an empty data folder. */
export const TYPED: readonly (readonly string[])[] = [
  ['README.md', 'docs/webhooks.md'],
  ['docs/quick-start.md', 'docs/operations.md'],
];
