/**
 * The safetensors format (https://github.com/huggingface/safetensors#format): 8 bytes of header length, a JSON header, the data.
 * The parser believes nothing: a file from outside may not make us read out of bounds, allocate without limit, or take one tensor
 * for another.
 */
const MAX_HEADER_BYTES = 16 * 2 ** 20;

const BYTES = { F64: 8, F32: 4, F16: 2, BF16: 2, I64: 8, I32: 4, I16: 2, I8: 1, U64: 8, U32: 4, U16: 2, U8: 1, BOOL: 1 } as const;
export type Dtype = keyof typeof BYTES;

export interface StoredTensor {
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  readonly bytes: Uint8Array;
}

export interface FloatTensor {
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

/** Turns a finding into the caller's own error, which names the file. */
export type Refuse = (problem: string, right: string) => never;

interface Entry {
  readonly name: string;
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  /** In bytes, behind the header. */
  readonly begin: number;
  readonly end: number;
}

/** Every tensor of a file, as views on `file`. */
export function parseSafetensors(file: Uint8Array, refuse: Refuse): Map<string, StoredTensor> {
  const { entries, dataAt } = parseHead(file, file.byteLength, refuse);
  return new Map(entries.map(({ name, dtype, shape, begin, end }) => [name, { dtype, shape, bytes: file.subarray(dataAt + begin, dataAt + end) }]));
}

/** What the header says; `head` is the start of a file of `fileBytes`. The tensors must cover the data without gap or overlap, as the format demands. */
export function parseHead(head: Uint8Array, fileBytes: number, refuse: Refuse): { entries: Entry[]; dataAt: number } {
  if (head.byteLength < 8) refuse(`the file has ${head.byteLength} bytes`, 'a safetensors file starts with 8 bytes of header length');
  const headerBytes = new DataView(head.buffer, head.byteOffset).getBigUint64(0, true);
  if (headerBytes > MAX_HEADER_BYTES || 8n + headerBytes > BigInt(head.byteLength)) {
    refuse(`the header claims ${headerBytes} bytes of a file of ${fileBytes}`, `at most ${MAX_HEADER_BYTES}, and inside the file`);
  }
  const dataAt = 8 + Number(headerBytes);
  const header = parseHeader(head.subarray(8, dataAt), refuse);
  const entries = Object.entries(header).flatMap(([name, entry]) => (name === '__metadata__' ? [] : [parseEntry(name, entry, refuse)]));
  checkCover(entries, fileBytes - dataAt, refuse);
  return { entries, dataAt };
}

function parseHeader(bytes: Uint8Array, refuse: Refuse): Record<string, unknown> {
  let text = '';
  let header: unknown;
  try {
    // Decoding wants memory of our own: the file may lie in a SharedArrayBuffer.
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes.slice());
    header = JSON.parse(text);
  } catch {
    refuse('the header is not JSON in UTF-8', 'an object of tensors');
  }
  if (typeof header !== 'object' || header === null || Array.isArray(header)) refuse('the header is not an object', 'an object of tensors');
  const names = topLevelKeys(text);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) refuse(`"${twice}" stands twice in the header`, 'each name once');
  return header as Record<string, unknown>;
}

function parseEntry(name: string, entry: unknown, refuse: Refuse): Entry {
  const { dtype, shape, data_offsets: offsets, ...rest } = (typeof entry === 'object' && entry !== null ? entry : {}) as Record<string, unknown>;
  const extra = Object.keys(rest)[0];
  if (extra !== undefined) refuse(`tensor "${name}" has a field "${extra}"`, 'only dtype, shape and data_offsets');
  if (typeof dtype !== 'string' || !Object.hasOwn(BYTES, dtype)) refuse(`tensor "${name}" has dtype ${JSON.stringify(dtype)}`, `one of ${Object.keys(BYTES).join(', ')}`);
  if (!isSizes(shape)) refuse(`tensor "${name}" has shape ${JSON.stringify(shape)}`, 'a list of whole numbers from 0 up');
  if (!isSizes(offsets) || offsets.length !== 2 || offsets[0]! > offsets[1]!) refuse(`tensor "${name}" has data_offsets ${JSON.stringify(offsets)}`, '[begin, end] in bytes');
  const bytes = (shape as number[]).reduce((product, size) => product * size, BYTES[dtype as Dtype]);
  const [begin, end] = offsets as [number, number];
  if (bytes !== end - begin) refuse(`tensor "${name}" has ${end - begin} bytes for ${dtype as string} ${JSON.stringify(shape)}`, `${bytes} bytes`);
  return { name, dtype: dtype as Dtype, shape: shape as number[], begin, end };
}

const isSizes = (value: unknown): value is number[] => Array.isArray(value) && value.every((size) => Number.isSafeInteger(size) && size >= 0);

function checkCover(entries: readonly Entry[], available: number, refuse: Refuse): void {
  let covered = 0;
  for (const { name, begin, end } of entries.toSorted((a, b) => a.begin - b.begin || a.end - b.end)) {
    if (begin !== covered) refuse(`tensor "${name}" begins at ${begin}, but the one before it ends at ${covered}`, 'tensors side by side, without gap or overlap');
    covered = end;
  }
  if (covered > available) refuse(`the tensors need ${covered} bytes, but only ${available} follow the header: the file is cut off`, 'the whole file');
  if (covered < available) refuse(`the tensors cover ${covered} of ${available} bytes`, 'tensors that cover all data');
}

/**
 * JSON.parse keeps the last of equal keys in silence; this sees them all. The text is known to be valid JSON, and a string on its top
 * level is a key, since a value that is not an object is refused anyway.
 */
function topLevelKeys(text: string): string[] {
  const keys: string[] = [];
  let depth = 0;
  for (let i = 0; i < text.length; i += 1) {
    const character = text[i]!;
    if (character === '{' || character === '[') depth += 1;
    else if (character === '}' || character === ']') depth -= 1;
    else if (character === '"') {
      const start = i;
      for (i += 1; text[i] !== '"'; i += 1) if (text[i] === '\\') i += 1;
      if (depth === 1) keys.push(JSON.parse(text.slice(start, i + 1)) as string);
    }
  }
  return keys;
}

/** A float tensor's numbers, a copy of the caller's own; other dtypes are refused. */
export function toFloat32(name: string, tensor: StoredTensor, refuse: Refuse): FloatTensor {
  const values = new Float32Array(tensor.bytes.byteLength / BYTES[tensor.dtype]);
  floatsInto(name, tensor, values, refuse);
  return { shape: tensor.shape, values };
}

/** The same into an array of that length. */
export function floatsInto(name: string, { dtype, bytes }: StoredTensor, into: Float32Array, refuse: Refuse): void {
  if (dtype === 'F32') return new Uint8Array(into.buffer, into.byteOffset, into.byteLength).set(bytes);
  if (dtype !== 'F16' && dtype !== 'BF16') refuse(`tensor "${name}" is ${dtype}`, 'F32, F16 or BF16');
  const aligned = bytes.byteOffset % 2 === 0 ? bytes : new Uint8Array(bytes);
  const halves = new Uint16Array(aligned.buffer, aligned.byteOffset, bytes.byteLength / 2);
  if (dtype === 'BF16') {
    const bits = new Uint32Array(into.buffer, into.byteOffset, into.length);
    for (let i = 0; i < halves.length; i += 1) bits[i] = halves[i]! << 16;
  } else {
    const table = halfTable();
    for (let i = 0; i < halves.length; i += 1) into[i] = table[halves[i]!]!;
  }
}

/** The tensor as a float32 file would store it, in shared memory. */
export function storedTensor({ shape, values }: FloatTensor): StoredTensor {
  const bytes = new Uint8Array(new SharedArrayBuffer(values.byteLength));
  bytes.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
  return { dtype: 'F32', shape, bytes };
}

/** A file of float32 tensors, in the order given; each starts at a multiple of 4 as the header's length is padded to 8. */
export function writeSafetensors(tensors: ReadonlyMap<string, FloatTensor>, metadata: Readonly<Record<string, string>> = {}): Uint8Array {
  let offset = 0;
  const entries = [...tensors].map(([name, { shape, values }]): [string, unknown] => {
    offset += values.byteLength;
    return [name, { dtype: 'F32', shape, data_offsets: [offset - values.byteLength, offset] }];
  });
  // Not by assignment: a tensor named __proto__ would vanish.
  const text = JSON.stringify(Object.fromEntries([['__metadata__', metadata], ...entries]));
  const json = new TextEncoder().encode(text + ' '.repeat((8 - (new TextEncoder().encode(text).length % 8)) % 8));
  const file = new Uint8Array(8 + json.length + offset);
  new DataView(file.buffer).setBigUint64(0, BigInt(json.length), true);
  file.set(json, 8);
  let at = 8 + json.length;
  for (const { values } of tensors.values()) {
    file.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), at);
    at += values.byteLength;
  }
  return file;
}

let halves: Float32Array | undefined;

/** All 65,536 half-precision numbers. */
function halfTable(): Float32Array {
  halves ??= Float32Array.from({ length: 2 ** 16 }, (_, bits) => {
    const [sign, exponent, fraction] = [bits >> 15 ? -1 : 1, (bits >> 10) & 31, bits & 1023];
    if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
    return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
  });
  return halves;
}
