/** Server-sent events as text. */

export interface LiveEvent {
  readonly type: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** One block of the stream; null for a comment or what is not whole. */
export function parseEvent(block: string): LiveEvent | null {
  const field = (name: string) => block.split('\n').find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2);
  const [type, data] = [field('event'), field('data')];
  if (type === undefined || data === undefined) return null;
  try {
    return { type, data: JSON.parse(data) as LiveEvent['data'] };
  } catch {
    return null;
  }
}
