/**
 * What the service tells while it happens: one stream of server-sent events for the whole page, read by fetch because an EventSource
 * cannot send a key. It is opened again when it breaks, later and later; views ask now and then besides.
 */
import { headers } from './api.ts';
import { parseEvent, type LiveEvent } from './sse.ts';

export type { LiveEvent } from './sse.ts';

type Listener = (event: LiveEvent) => void;
type StateListener = (connected: boolean) => void;

const listeners = new Set<Listener>();
const stateListeners = new Set<StateListener>();
let connected = false;
let stopping: AbortController | null = null;

const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 30_000;

/** Hears of every event; returns how to stop. */
export function listen(listener: Listener): () => void {
  listeners.add(listener);
  return () => void listeners.delete(listener);
}

/** Hears whether the stream is there, at once and when that changes. */
export function onConnection(listener: StateListener): () => void {
  stateListeners.add(listener);
  listener(connected);
  return () => void stateListeners.delete(listener);
}

/** Opens the stream, or opens it anew with another key. */
export function connect(): void {
  stopping?.abort();
  const control = (stopping = new AbortController());
  void keepOpen(control.signal);
}

async function keepOpen(signal: AbortSignal): Promise<void> {
  for (let wait = FIRST_WAIT_MS; !signal.aborted; wait = Math.min(2 * wait, LONGEST_WAIT_MS)) {
    const opened = await readStream(signal).catch(() => false);
    if (signal.aborted) return;
    tell(false);
    // without a key there is nothing to hear until somebody gives one
    if (opened === 'refused') return;
    if (opened) wait = FIRST_WAIT_MS / 2;
    await new Promise((resolve) => setTimeout(resolve, wait));
  }
}

async function readStream(signal: AbortSignal): Promise<boolean | 'refused'> {
  const response = await fetch('/v1/events', { headers: headers(), signal });
  if (response.status === 401 || response.status === 403) return 'refused';
  if (!response.ok || response.body === null) return false;
  tell(true);
  let rest = '';
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return true;
    const blocks = (rest + value).split('\n\n');
    rest = blocks.pop() ?? '';
    for (const block of blocks) hear(block);
  }
}

function hear(block: string): void {
  const event = parseEvent(block);
  if (event !== null) for (const listener of listeners) listener(event);
}

function tell(now: boolean): void {
  connected = now;
  for (const listener of stateListeners) listener(now);
}
