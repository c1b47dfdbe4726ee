/** One axis that several charts share: what stretch of it is shown. Moving it is cheap, so that it can be done sixty times a second. */

export interface Span {
  readonly from: number;
  readonly to: number;
}

export interface Axis {
  readonly span: Span;
  readonly whole: Span;
  /** Shows a stretch, kept within the whole and no narrower than `least`. */
  show(span: Span): void;
  /** What there is at all; what was shown stays shown, unless it was everything. */
  extend(whole: Span): void;
  /** Calls at every move; returns how to stop. */
  subscribe(listener: (span: Span) => void): () => void;
}

export function createAxis(whole: Span, least: number): Axis {
  let all = whole;
  let span = whole;
  const listeners = new Set<(span: Span) => void>();
  const tell = () => {
    for (const listener of listeners) listener(span);
  };
  return {
    get span() {
      return span;
    },
    get whole() {
      return all;
    },
    show(next) {
      const clamped = clamp(next, all, least);
      if (clamped.from === span.from && clamped.to === span.to) return;
      span = clamped;
      tell();
    },
    extend(next) {
      const everything = span.from === all.from && span.to === all.to;
      all = next;
      span = everything ? next : clamp(span, next, least);
      tell();
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}

/** Within the whole, as wide as it was where that goes. */
export function clamp(span: Span, whole: Span, least: number): Span {
  const width = Math.min(Math.max(span.to - span.from, least), whole.to - whole.from);
  const from = Math.min(Math.max(span.from, whole.from), whole.to - width);
  return { from, to: from + width };
}

/** `factor` below 1 comes closer; `at` stays where it is. */
export function zoomed({ from, to }: Span, factor: number, at = (from + to) / 2): Span {
  return { from: at - (at - from) * factor, to: at + (to - at) * factor };
}

export function moved({ from, to }: Span, share: number): Span {
  const by = (to - from) * share;
  return { from: from + by, to: to + by };
}
