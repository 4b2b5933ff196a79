/**
 * Writing safetensors files as the reference implementation does: tensors sorted by element size (largest first), then
 * by name, after a header padded to 8 bytes, so that every tensor is aligned for use in place.
 */
import { MechanistError } from '../errors.ts';
import { bytesPerElement, elementCount } from '../tensor.ts';
import type { Tensor } from '../tensor.ts';
import { writeFileAtomically } from './atomicFile.ts';
import { safetensorsDTypes } from './safetensorsHeader.ts';

export interface SafetensorsOptions {
  /** The `__metadata__` of the header. */
  readonly metadata?: Iterable<readonly [string, string]> | Readonly<Record<string, string>>;
}

export type NamedTensors = Iterable<readonly [string, Tensor]>;

/**
 * Writes the tensors to a file that appears only once complete; no second copy of the data is made.
 * Errors: `argument` for a name that is taken, reserved or malformed, or data that does not fill its shape; as `writeFileAtomically`.
 */
export function writeSafetensors(file: string, tensors: NamedTensors, options: SafetensorsOptions = {}): void {
  writeFileAtomically(file, chunksOf(tensors, options));
}

/** The content of a safetensors file. Errors: `argument`, as `writeSafetensors`. */
export function encodeSafetensors(tensors: NamedTensors, options: SafetensorsOptions = {}): Uint8Array<ArrayBuffer> {
  const chunks = chunksOf(tensors, options);
  const bytes = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.byteLength, 0));
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.byteLength;
  }
  return bytes;
}

/** Header, then one view per tensor. */
function chunksOf(tensors: NamedTensors, { metadata = [] }: SafetensorsOptions): Uint8Array[] {
  const sorted = checked(tensors).sort(([a, { dtype: s }], [b, { dtype: t }]) => bytesPerElement(t) - bytesPerElement(s) || (a < b ? -1 : 1));
  const members: string[] = [];
  const pairs = [...(Symbol.iterator in metadata ? metadata : Object.entries(metadata))];
  if (pairs.length > 0) members.push(`"__metadata__":${JSON.stringify(Object.fromEntries(pairs))}`);
  let offset = 0;
  for (const [name, { dtype, dims, data }] of sorted) {
    const end = offset + data.byteLength;
    members.push(`${JSON.stringify(name)}:{"dtype":"${dtypeNames.get(dtype)}","shape":[${dims.join(',')}],"data_offsets":[${offset},${end}]}`);
    offset = end;
  }
  const json = Buffer.from(`{${members.join(',')}}`);
  const header = Buffer.alloc(8 + Math.ceil(json.length / 8) * 8, ' ');
  header.writeBigUInt64LE(BigInt(header.length - 8));
  header.set(json, 8);
  return [header, ...sorted.map(([, { data }]) => new Uint8Array(data.buffer, data.byteOffset, data.byteLength))];
}

function checked(tensors: NamedTensors): (readonly [string, Tensor])[] {
  const entries = [...tensors];
  const seen = new Set<string>();
  for (const [name, { dims, data }] of entries) {
    const fail = (statement: string): MechanistError => new MechanistError('argument', statement, { field: `tensor ${name}` });
    if (name === '__metadata__' || unpairedSurrogate.test(name)) throw fail('A tensor cannot have this name.');
    if (seen.has(name)) throw fail('Two tensors have this name.');
    if (data.length !== elementCount(dims)) throw fail(`${data.length} elements do not fill the shape [${dims.join(', ')}].`);
    seen.add(name);
  }
  return entries;
}

const unpairedSurrogate = /\p{Surrogate}/u;
const dtypeNames = new Map([...safetensorsDTypes].map(([name, dtype]) => [dtype, name]));
