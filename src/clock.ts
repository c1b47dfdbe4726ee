/**
 * The one source of "now". Production follows the database's clock, so that replicas with skewed clocks agree;
 * the demo and the replay inject a clock that stands still until they move it, so that the same seed gives the same decisions.
 */
export interface Clock {
  now(): Date;
}

/** A clock that is moved by hand. */
export class VirtualClock implements Clock {
  #now: number;

  constructor(start: Date) {
    this.#now = start.getTime();
  }

  now(): Date {
    return new Date(this.#now);
  }

  /** Moves time forward by `milliseconds`; it never goes back, since closed panes would then reopen. */
  advance(milliseconds: number): void {
    if (!(milliseconds >= 0)) throw new RangeError(`a clock only moves forward, not by ${milliseconds} ms`);
    this.#now += milliseconds;
  }
}

/** The system clock corrected by an offset to the database's clock, measured now and then by `store/clock`. */
export class OffsetClock implements Clock {
  #offset = 0;

  now(): Date {
    return new Date(Date.now() + this.#offset);
  }

  /** `databaseNow` was read between the local times `before` and `after` (milliseconds). */
  correct(databaseNow: Date, before: number, after: number): void {
    this.#offset = databaseNow.getTime() - (before + after) / 2;
  }
}
