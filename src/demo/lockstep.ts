/**
 * The service on a clock that stands still until it is told: the next pane begins only when the last is judged and no run is on
 * its way. So a seed and a number of workers give the same decisions, however fast the machine is.
 */
import type { VirtualClock } from '../clock.ts';
import type { App } from '../app.ts';
import type { Events } from '../telemetry/events.ts';
import { SECOND } from '../vocabulary.ts';

export interface Lockstep {
  readonly app: App;
  readonly events: Events;
  /** Ends the pane: time moves on by a pane, the service judges it, and what that started comes to its end. */
  nextPane(): Promise<void>;
  /** The live adapter; null before the first. */
  live(model: string): Promise<string | null>;
  /** Canonical answers that an adapter, live or not, gives to texts (of an embedding: which of the documents it finds); nothing is logged. */
  answer(model: string, adapter: string, texts: readonly string[], documents?: readonly string[]): Promise<string[]>;
}

/** Traffic comes this long after a pane's start, so that no label bears the same time as the run before it. */
const AFTER_START = SECOND;

export function createLockstep(app: App, clock: VirtualClock, paneMs: number): Lockstep {
  const { events, registry, target } = app.parts;
  clock.advance(AFTER_START);
  return {
    app,
    events,
    async nextPane() {
      clock.advance(paneMs - AFTER_START);
      await app.tick();
      await app.idle();
      clock.advance(AFTER_START);
    },
    live: async (model) => (await registry.live(model))?.adapter ?? null,
    answer: async (model, adapter, texts, documents) => (await target.predict(model, texts, { adapter, ...(documents ? { documents } : {}) })).rows.map((row) => row.label),
  };
}
