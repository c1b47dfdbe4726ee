/** What attention derives from a layout, made once and kept until the step ends: all layers have the same. */
import type { Layout } from '../../ops.ts';
import { longest } from '../../ops.ts';
import { FLOAT, INT32, INT64 } from './binding.ts';
import type { Handle, Machine, Raw } from './machine.ts';
import { wide } from './machine.ts';

/** Bins of equal width. */
export interface Bins {
  readonly count: number;
  readonly width: number;
  /** The sequence that a place belongs to, [count x width]. */
  readonly segments: Handle;
  /** Row of each place, and place of each row; null where rows stand in bins already. */
  readonly moves: { readonly into: Handle; readonly out: Handle } | null;
}

export interface Layouts {
  /** Of each row of a layout with a width, the number of its sequence. */
  segments(layout: Layout): Handle;
  bins(layout: Layout): Bins;
  /** Where sequences start, and the last one's end. */
  starts(layout: Layout): Handle;
  /** Which pairs see each other, [bins, 1, places, 1, places]. */
  mask(bins: Bins, causal: boolean): Handle;
  /** Frees everything: at the end of a step. */
  forget(): void;
}

export function createLayouts(machine: Machine, raw: Raw): Layouts {
  const { op } = machine;
  const segments = new Map<Layout, Handle>();
  const bins = new Map<Layout, Bins>();
  const starts = new Map<Layout, Handle>();
  const masks = new Map<Bins, Handle>();
  let kept: Handle[] = [];
  const keep = (handle: Handle): Handle => {
    kept.push(machine.keep(handle));
    return handle;
  };
  function remembered<K, V>(map: Map<K, V>, key: K, make: () => V): V {
    let value = map.get(key);
    if (value === undefined) map.set(key, (value = make()));
    return value;
  }

  /** A bin for each sequence; the places behind its end hold another row and are a segment of their own. */
  function spread(layout: Layout): Bins {
    const [{ starts }, width] = [layout, longest(layout)];
    const count = starts.length - 1;
    const [into, out, inside] = [new Int32Array(count * width), new Int32Array(starts[count]!), new Float32Array(count * width).fill(1)];
    for (let i = 0; i < count; i += 1) {
      for (let row = starts[i]!; row < starts[i + 1]!; row += 1) {
        const place = i * width + row - starts[i]!;
        into[place] = row;
        out[row] = place;
        inside[place] = 0;
      }
    }
    const indices = (values: Int32Array): Handle => keep(machine.upload(wide(values), [values.length], INT64));
    return { count, width, segments: keep(machine.upload(inside, [count * width], FLOAT)), moves: { into: indices(into), out: indices(out) } };
  }

  function makeMask({ count, width, segments: of }: Bins, causal: boolean): Handle {
    const same = op('Equal', [raw.reshape(of, count, 1, width, 1, 1), raw.reshape(of, count, 1, 1, 1, width)]);
    if (!causal) return same;
    const place = machine.count(width);
    return op('LogicalAnd', [same, op('GreaterEqual', [raw.reshape(place, width, 1, 1), raw.reshape(place, 1, 1, width)])]);
  }

  const layouts: Layouts = {
    segments: (layout) => remembered(segments, layout, () => keep(machine.upload(segmentsOf(layout), [layout.starts.at(-1)!], FLOAT))),
    bins(layout) {
      const { width } = layout;
      if (width === undefined) return remembered(bins, layout, () => spread(layout));
      const count = layout.starts.at(-1)! / width;
      const traced = machine.trace?.segments.get(layout);
      if (traced !== undefined) return { count, width, segments: traced, moves: null };
      return remembered(bins, layout, () => ({ count, width, segments: layouts.segments(layout), moves: null }));
    },
    starts: (layout) => remembered(starts, layout, () => keep(machine.upload(layout.starts, [layout.starts.length], INT32))),
    mask: (of, causal) => (machine.trace === null ? remembered(masks, of, () => keep(makeMask(of, causal))) : makeMask(of, causal)),
    forget() {
      for (const map of [segments, bins, starts, masks]) map.clear();
      kept.forEach(machine.free);
      kept = [];
    },
  };
  return layouts;
}

function segmentsOf({ starts }: Layout): Float32Array {
  const segments = new Float32Array(starts.at(-1)!);
  for (let i = 0; i + 1 < starts.length; i += 1) segments.fill(i, starts[i]!, starts[i + 1]!);
  return segments;
}
