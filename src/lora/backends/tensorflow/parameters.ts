/**
 * The flat block of parameters: one vector on the device. A function takes the whole vector and where its part begins, and gives the
 * gradient of that part as one vector: a layer has a dozen windows, and each tensor that enters or leaves a function costs the host time.
 *
 * Op by op a window is a slice, made when it is first used and kept until the vector changes.
 */
import { FLOAT } from './binding.ts';
import type { Handle, Machine, Raw, TfParameter, TfParameterBlock, TfTensor } from './machine.ts';
import { NOTHING } from './machine.ts';

/** A stretch of the gradient. */
interface Piece {
  readonly offset: number;
  readonly size: number;
  handle: Handle;
}

export function parameterBlock(machine: Machine, raw: Raw, count: number): TfParameterBlock {
  /** Until the vector is first used. */
  let host: Float32Array | null = new Float32Array(count);
  let vector: Handle = NOTHING;
  const slices = new Map<number, Handle>();
  const gradient = pieces(machine, raw, count);

  function placed(): Handle {
    if (host !== null) {
      vector = machine.keep(machine.upload(host, [count], FLOAT));
      host = null;
    }
    return vector;
  }

  function slice(offset: number, rows: number, cols: number): Handle {
    let found = slices.get(offset);
    if (found === undefined) slices.set(offset, (found = machine.keep(matrix(machine, raw, placed(), offset, rows, cols))));
    return found;
  }

  function assign(next: Handle): void {
    [...slices.values(), ...(vector === NOTHING ? [] : [vector])].forEach(machine.free);
    slices.clear();
    vector = machine.keep(next);
    host = null;
  }

  const block: TfParameterBlock = {
    count,
    at: (offset, rows, cols): TfParameter => ({
      kind: 'parameter',
      block,
      offset,
      value: lazy(machine, rows, cols, () => slice(offset, rows, cols)),
      gradient: lazy(machine, rows, cols, () => gradient.at(offset, rows, cols)),
    }),
    write(values) {
      if (host === null) machine.scoped(() => assign(machine.upload(new Float32Array(values), [count], FLOAT)));
      else host.set(values);
    },
    readValues: (into) => into.set(host ?? machine.binding.tensorDataSync(vector)),
    read: (into) =>
      machine.scoped(() => {
        let at = 0;
        for (const { handle, rows, cols } of gradient.all()) {
          into.set(machine.binding.tensorDataSync(handle), at);
          at += rows * cols;
        }
      }),
    clearGradients: gradient.clear,
    vector: placed,
    assign,
    add: gradient.add,
    gradients: gradient.all,
  };
  return block;
}

/** rows x cols numbers of a vector. */
const matrix = (machine: Machine, raw: Raw, vector: Handle, offset: number, rows: number, cols: number): Handle =>
  raw.reshape(machine.op('Slice', [vector, machine.wholes([offset]), machine.wholes([rows * cols])]), rows, cols);

function lazy(machine: Machine, rows: number, cols: number, handle: () => Handle): TfTensor {
  return Object.defineProperty(machine.tensor(NOTHING, rows, cols), 'handle', { get: handle, enumerable: true });
}

interface Gradient extends Pick<TfParameterBlock, 'add'> {
  all(): TfTensor[];
  at(offset: number, rows: number, cols: number): Handle;
  clear(): void;
}

function pieces(machine: Machine, raw: Raw, count: number): Gradient {
  const found: Piece[] = [];
  const zeros = (size: number): Handle => machine.op('Fill', [machine.wholes([size]), machine.scalar(0)]);
  const padded = ({ offset, size, handle }: Piece, from: number, to: number): Handle =>
    machine.op('Pad', [raw.reshape(handle, size), raw.reshape(machine.wholes([offset - from, to - offset - size]), 1, 2)]);

  /** In order, none over another: where a step went partly by functions and partly op by op, theirs differ in size. */
  function apart(): Piece[] {
    const parts: Piece[] = [];
    for (const piece of [...found].sort((a, b) => a.offset - b.offset || b.size - a.size)) {
      const last = parts.at(-1);
      if (last === undefined || piece.offset >= last.offset + last.size) {
        parts.push(piece);
        continue;
      }
      const to = Math.max(last.offset + last.size, piece.offset + piece.size);
      const handle = raw.add(padded(last, last.offset, to), padded(piece, last.offset, to));
      parts[parts.length - 1] = { offset: last.offset, size: to - last.offset, handle };
    }
    return parts;
  }

  return {
    add(offset, size, more) {
      const before = found.find((piece) => piece.offset === offset && piece.size === size);
      if (before === undefined) {
        found.push({ offset, size, handle: machine.keep(more) });
        return;
      }
      const sum = machine.keep(raw.add(raw.reshape(before.handle, size), raw.reshape(more, size)));
      machine.free(before.handle);
      before.handle = sum;
    },
    at(offset, rows, cols) {
      const size = rows * cols;
      const piece = apart().find((one) => one.offset <= offset && one.offset + one.size >= offset + size);
      return piece === undefined ? raw.reshape(zeros(size), rows, cols) : matrix(machine, raw, raw.reshape(piece.handle, piece.size), offset - piece.offset, rows, cols);
    },
    all() {
      const tensors: TfTensor[] = [];
      const push = (handle: Handle, size: number): void => void (size > 0 && tensors.push(machine.tensor(handle, 1, size)));
      let at = 0;
      for (const { offset, size, handle } of apart()) {
        if (offset > at) push(zeros(offset - at), offset - at);
        push(handle, size);
        at = offset + size;
      }
      if (at < count) push(zeros(count - at), count - at);
      return tensors;
    },
    clear() {
      found.forEach(({ handle }) => machine.free(handle));
      found.length = 0;
    },
  };
}
