/** Shapes of what TensorFlow's ops make, of those that the backend uses on a CPU: what counting.ts counts with. */
import type { Attribute } from './binding.ts';
import { BFLOAT16, FLOAT, INT32, INT64, UINT8 } from './binding.ts';

export interface Known {
  readonly shape: readonly number[];
  /** Bytes of one number. */
  readonly width: number;
  /** Of whole numbers, which shapes are made of; null where nobody asks. */
  readonly numbers: Int32Array | null;
}

export interface Made {
  readonly results: readonly Known[];
  /** The result is the first input's memory under another shape. */
  readonly view?: boolean;
  /** Bytes that the op holds while it runs, beside its results. */
  readonly scratch?: number;
}

type Shape = readonly number[];
type Rule = (inputs: readonly Known[], attributes: readonly Attribute[]) => Made;

export const elementsOf = (shape: Shape): number => shape.reduce((product, size) => product * size, 1);

/** @throws Error for an op that has no rule here */
export function shapesOf(op: string, inputs: readonly Known[], attributes: readonly Attribute[]): Made {
  const rule = RULES[op];
  if (rule === undefined) throw new Error(`no rule says what shape ${op} makes`);
  return rule(inputs, attributes);
}

const BOOL_WIDTH = 1;
const CAST_WIDTHS: Readonly<Record<number, number>> = { [FLOAT]: 4, [INT32]: 4, [UINT8]: 1, [INT64]: 8, [BFLOAT16]: 2 };

const one = (shape: Shape, width = 4): Made => ({ results: [{ shape, width, numbers: null }] });
const many = (...shapes: Shape[]): Made => ({ results: shapes.map((shape) => ({ shape, width: 4, numbers: null })) });
const numbersOf = ({ numbers }: Known): number[] => [...numbers!];
const attributeOf = (attributes: readonly Attribute[], name: string): Attribute['value'] | undefined => attributes.find((attribute) => attribute.name === name)?.value;
const bytesOf = ({ shape, width }: Known): number => elementsOf(shape) * width;

/** Of numpy's rule: shapes aligned at their ends, sizes of 1 repeated. */
function broadcast(shapes: readonly Shape[]): number[] {
  const rank = Math.max(...shapes.map(({ length }) => length));
  return Array.from({ length: rank }, (_, axis) => Math.max(...shapes.map((shape) => shape[shape.length - rank + axis] ?? 1)));
}

const likeFirst: Rule = ([x]) => one(x!.shape, x!.width);
const together: Rule = (inputs) => one(broadcast(inputs.map(({ shape }) => shape)), inputs[0]!.width);
const compared: Rule = (inputs) => one(broadcast(inputs.map(({ shape }) => shape)), BOOL_WIDTH);

const reduced: Rule = ([x, axes], attributes) => {
  const gone = new Set(numbersOf(axes!).map((axis) => (axis < 0 ? axis + x!.shape.length : axis)));
  const keep = attributeOf(attributes, 'keep_dims') === true;
  return one(x!.shape.flatMap((size, axis) => (gone.has(axis) ? (keep ? [1] : []) : [size])), x!.width);
};

/** Products over the last two axes, either of them turned. */
const product = (turnX: string, turnY: string): Rule => ([x, y], attributes) => {
  const rows = x!.shape.at(attributeOf(attributes, turnX) === true ? -1 : -2)!;
  const cols = y!.shape.at(attributeOf(attributes, turnY) === true ? -2 : -1)!;
  return one([...broadcast([x!.shape.slice(0, -2), y!.shape.slice(0, -2)]), rows, cols], x!.width);
};

const sized = (shape: Shape, axis: number, size: number): number[] => shape.map((old, i) => (i === axis ? size : old));
const axisOf = (axis: Known, { shape }: Known): number => (numbersOf(axis)[0]! + shape.length) % shape.length;

/** Rows of probabilities end with whole vectors of the kernel. */
const LANES = 16;
const padded = (count: number): number => Math.ceil(count / LANES) * LANES;

const RULES: Readonly<Record<string, Rule>> = {
  ...Object.fromEntries(['Rsqrt', 'Sigmoid', 'Neg', 'Abs', 'Exp', 'Log1p', 'Relu', 'Erf', 'Square', 'Sqrt', 'Softmax', 'BiasAdd'].map((op) => [op, likeFirst])),
  ...Object.fromEntries(['AddV2', 'Sub', 'Mul', 'RealDiv', 'Maximum', 'RightShift', 'BitwiseAnd'].map((op) => [op, together])),
  ...Object.fromEntries(['Equal', 'GreaterEqual', 'LogicalAnd'].map((op) => [op, compared])),
  IsFinite: ([x]) => one(x!.shape, BOOL_WIDTH),
  SelectV2: (inputs) => one(broadcast(inputs.map(({ shape }) => shape)), inputs[1]!.width),
  Cast: ([x], attributes) => one(x!.shape, CAST_WIDTHS[attributeOf(attributes, 'DstT') as number]!),
  Sum: reduced,
  Mean: reduced,
  MatMul: product('transpose_a', 'transpose_b'),
  BatchMatMulV2: product('adj_x', 'adj_y'),
  Reshape: ([x, shape]) => ({ results: [{ ...x!, shape: numbersOf(shape!) }], view: true }),
  Transpose: ([x, order]) => one(numbersOf(order!).map((axis) => x!.shape[axis]!), x!.width),
  Fill: ([shape, value]) => one(numbersOf(shape!), value!.width),
  Slice: ([x, , size]) => one(numbersOf(size!), x!.width),
  Pad: ([x, padding]) => {
    const sides = numbersOf(padding!);
    return one(x!.shape.map((size, axis) => size + sides[2 * axis]! + sides[2 * axis + 1]!), x!.width);
  },
  SplitV: ([x, sizes, axis]) => ({ results: numbersOf(sizes!).map((size) => ({ shape: sized(x!.shape, axisOf(axis!, x!), size), width: x!.width, numbers: null })) }),
  ConcatV2: (inputs) => {
    const [parts, axis] = [inputs.slice(0, -1), axisOf(inputs.at(-1)!, inputs[0]!)];
    return one(sized(parts[0]!.shape, axis, parts.reduce((sum, { shape }) => sum + shape[axis]!, 0)), parts[0]!.width);
  },
  GatherV2: ([x, rows]) => one([...rows!.shape, ...x!.shape.slice(1)], x!.width),
  UnsortedSegmentSum: ([x, rows, count]) => one([numbersOf(count!)[0]!, ...x!.shape.slice(rows!.shape.length)], x!.width),
  SparseSoftmaxCrossEntropyWithLogits: ([logits]) => many([logits!.shape[0]!], logits!.shape),
  // Our kernels, as native/kernels.cc and attention.cc allocate.
  TrimtabGelu: likeFirst,
  TrimtabGeluBackward: likeFirst,
  TrimtabLayerNorm: ([x]) => many(x!.shape, x!.shape, [x!.shape[0]!, 1]),
  TrimtabLayerNormBackward: likeFirst,
  TrimtabMerge: likeFirst,
  TrimtabLoraBackward: ([, , u, a, , ...b]) => ({ ...many(a!.shape, ...b.map(({ shape }) => shape)), scratch: bytesOf(u!) }),
  TrimtabAttention: ([qkv, starts], attributes) => {
    const heads = attributeOf(attributes, 'heads') as number;
    const bounds = numbersOf(starts!);
    const pairs = bounds.slice(1).reduce((sum, end, i) => sum + (end - bounds[i]!) * padded(end - bounds[i]!), 0);
    return many([qkv!.shape[0]!, heads * (attributeOf(attributes, 'width') as number)], [heads * pairs]);
  },
  TrimtabAttentionBackward: ([, , qkv]) => likeFirst([qkv!], []),
};
