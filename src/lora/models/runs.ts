/** Layers in runs: where a backend compiles, a run is one function, and a call of it costs the host about what one layer's does. */

/** Runs of equal length, which are one function: the longest that `most` allows. */
export function inRuns<Layer>(layers: readonly Layer[], most: number): Layer[][] {
  let length = Math.min(most, layers.length);
  while (layers.length % length !== 0) length -= 1;
  return Array.from({ length: layers.length / length }, (_, i) => layers.slice(i * length, (i + 1) * length));
}

export interface RunGradient<T, Layer, Saved> {
  readonly layers: readonly Layer[];
  readonly saved: readonly Saved[];
  readonly dy: T;
  /** Whether the model begins with this run: nobody asks for the gradient of its input. */
  readonly first: boolean;
}

/** What `forward` gives for one layer after the other, each with the result of the one before. */
export function runForward<T, Layer, Saved>(layers: readonly Layer[], x: T, forward: (layer: Layer, x: T) => { readonly y: T; readonly saved: Saved }): { y: T; saved: Saved[] } {
  let y = x;
  const saved = layers.map((layer) => {
    const found = forward(layer, y);
    y = found.y;
    return found.saved;
  });
  return { y, saved };
}

export function runBackward<T, Layer, Saved>({ layers, saved, dy, first }: RunGradient<T, Layer, Saved>, backward: (layer: Layer, saved: Saved, dy: T, needsInput: boolean) => T | null): T | null {
  let dx: T | null = dy;
  for (let i = layers.length - 1; i >= 0; i -= 1) dx = backward(layers[i]!, saved[i]!, dx!, !first || i > 0);
  return dx;
}
