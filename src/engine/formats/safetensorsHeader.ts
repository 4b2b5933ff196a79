/**
 * The header of a safetensors file, checked completely before anything is read or allocated for its tensors.
 * Format: u64 little-endian length, JSON of that length, data. Rules: those of the reference implementation (offsets
 * contiguous, without overlap, covering the data exactly), plus caps on header size, tensor count and rank.
 */
import { MechanistError } from '../errors.ts';
import type { ByteSource } from './byteSource.ts';
import { isJsonMap, parseJson } from './json.ts';
import type { JsonMap, JsonValue } from './json.ts';
import type { StoredDType, TensorInfo } from './tensorSource.ts';

export interface HeaderLimits {
  /** Default 16 MiB. */
  readonly maxHeaderBytes?: number;
  /** Default 200,000. */
  readonly maxTensors?: number;
}

export interface SafetensorsEntry extends TensorInfo {
  /** Byte range in the file: first byte, and one past the last. */
  readonly begin: number;
  readonly end: number;
}

export interface SafetensorsHeader {
  /** In storage order. */
  readonly tensors: ReadonlyMap<string, SafetensorsEntry>;
  readonly metadata: ReadonlyMap<string, string>;
}

/** Types by their name in the header. */
export const safetensorsDTypes: ReadonlyMap<string, StoredDType> = new Map<string, StoredDType>([
  ['F64', 'float64'], ['F32', 'float32'], ['F16', 'float16'], ['BF16', 'bfloat16'], ['F8_E4M3', 'float8_e4m3fn'], ['F8_E5M2', 'float8_e5m2'],
  ['I64', 'int64'], ['I32', 'int32'], ['I16', 'int16'], ['I8', 'int8'],
  ['U64', 'uint64'], ['U32', 'uint32'], ['U16', 'uint16'], ['U8', 'uint8'], ['BOOL', 'bool'],
]);

/** Types that the format defines and this build does not hold. */
const unsupportedDTypes = new Set(['F4', 'F6_E2M3', 'F6_E3M2', 'F8_E8M0', 'F8_E4M3FNUZ', 'F8_E5M2FNUZ', 'C64']);

const largestRank = 8;

/** Errors: `parse`, `unsupported` for a storage type without a tensor type, `memory` for a header or tensor count above the limits. */
export function readSafetensorsHeader(source: ByteSource, limits: HeaderLimits = {}): SafetensorsHeader {
  const { maxHeaderBytes = 16 * 2 ** 20, maxTensors = 200_000 } = limits;
  const { file } = source;
  const fail = (statement: string, field = 'header'): MechanistError => new MechanistError('parse', statement, { file, field });

  if (source.size < 8) throw fail('The file is too short for a safetensors header.', 'header length');
  const declared = new DataView(source.read(0, 8).buffer).getBigUint64(0, true);
  if (declared > BigInt(source.size - 8)) throw fail(`The header length ${declared} exceeds the file.`, 'header length');
  if (declared > BigInt(maxHeaderBytes)) {
    throw new MechanistError('memory', `The header has ${declared} bytes; at most ${maxHeaderBytes} are read.`, { file, field: 'header length' });
  }
  const headerLength = Number(declared);
  const text = source.read(8, headerLength);
  if (text[0] !== 0x7b) throw fail('The header does not start with "{".');
  // A tensor has at most 15 values: itself, its type, two arrays, two offsets and the dimensions.
  const members = parseJson(text, {
    maxBytes: maxHeaderBytes, maxDepth: 4, maxObjects: maxTensors + 2, maxValues: 16 * (maxTensors + 1000), unsignedOnly: true, file, field: 'header',
  });
  if (!isJsonMap(members)) throw fail('The header is not a JSON object.');

  const entries: [string, SafetensorsEntry][] = [];
  let metadata: ReadonlyMap<string, string> = new Map();
  for (const [name, value] of members) {
    if (name === '__metadata__') metadata = metadataOf(value, fail);
    else entries.push([name, entryOf(value, `tensor ${name}`, fail)]);
  }
  if (entries.length > maxTensors) {
    throw new MechanistError('memory', `The file has ${entries.length} tensors; at most ${maxTensors} are read.`, { file, field: 'header' });
  }
  entries.sort(([, a], [, b]) => a.begin - b.begin || a.end - b.end);
  checkCoverage(entries, source.size - 8 - headerLength, fail);
  const dataStart = 8 + headerLength;
  const tensors = new Map(entries.map(([name, { dtype, dims, begin, end }]) => [name, { dtype, dims, begin: begin + dataStart, end: end + dataStart }]));
  return { tensors, metadata };
}

/** Bytes of one element. */
export function storedBytes(dtype: StoredDType): number {
  return elementBytes[dtype];
}

const elementBytes: Readonly<Record<StoredDType, number>> = {
  float64: 8, float32: 4, float16: 2, bfloat16: 2, float8_e4m3fn: 1, float8_e5m2: 1,
  int64: 8, int32: 4, int16: 2, int8: 1, uint64: 8, uint32: 4, uint16: 2, uint8: 1, bool: 1,
};

type Fail = (statement: string, field?: string) => MechanistError;

/** One tensor's description, offsets still relative to the data. */
function entryOf(value: JsonValue, field: string, fail: Fail): SafetensorsEntry {
  if (!isJsonMap(value)) throw fail('The tensor is not described by an object.', field);
  const unknown = [...value.keys()].find((key) => key !== 'dtype' && key !== 'shape' && key !== 'data_offsets');
  if (unknown !== undefined) throw fail(`Unknown key "${unknown.slice(0, 40)}".`, field);
  const dtype = dtypeOf(value, field, fail);
  const dims = safeIntegers(value.get('shape'), `${field} › shape`, fail);
  if (dims.length > largestRank) throw fail(`The rank ${dims.length} exceeds ${largestRank}.`, `${field} › shape`);
  const offsets = safeIntegers(value.get('data_offsets'), `${field} › data_offsets`, fail);
  const [begin, end] = offsets;
  if (offsets.length !== 2 || begin === undefined || end === undefined) throw fail('Expected two offsets.', `${field} › data_offsets`);
  if (begin > end) throw fail('The offsets are in the wrong order.', `${field} › data_offsets`);

  let bytes = storedBytes(dtype);
  for (const d of dims) {
    bytes *= d;
    if (!Number.isSafeInteger(bytes)) throw fail('The shape overflows.', `${field} › shape`);
  }
  if (end - begin !== bytes) throw fail(`The shape takes ${bytes} bytes, the offsets give ${end - begin}.`, `${field} › data_offsets`);
  return { dtype, dims, begin, end };
}

function dtypeOf(value: JsonMap, field: string, fail: Fail): StoredDType {
  const name = value.get('dtype');
  const dtype = typeof name === 'string' ? safetensorsDTypes.get(name) : undefined;
  if (dtype !== undefined) return dtype;
  const { file } = fail('');
  if (typeof name === 'string' && unsupportedDTypes.has(name)) {
    throw new MechanistError('unsupported', `The storage type ${name} is not supported.`, { file, field: `${field} › dtype`, hint: 'Convert the tensor to F32, F16 or BF16.' });
  }
  throw fail(typeof name === 'string' ? `Unknown storage type "${name.slice(0, 40)}".` : 'The storage type is missing.', `${field} › dtype`);
}

function safeIntegers(value: JsonValue | undefined, field: string, fail: Fail): readonly number[] {
  if (!Array.isArray(value) || !value.every(Number.isSafeInteger)) {
    throw fail('Expected an array of integers below 2^53.', field);
  }
  return value as number[];
}

function metadataOf(value: JsonValue, fail: Fail): ReadonlyMap<string, string> {
  if (!isJsonMap(value)) throw fail('The metadata is not an object.', '__metadata__');
  return new Map([...value].map(([key, item]) => {
    if (typeof item !== 'string') throw fail('Metadata values are strings.', `__metadata__ › ${key}`);
    return [key, item];
  }));
}

/** The ranges, sorted, follow one another from 0 to the end of the data. */
function checkCoverage(entries: readonly (readonly [string, SafetensorsEntry])[], dataBytes: number, fail: Fail): void {
  let covered = 0;
  for (const [name, { begin, end }] of entries) {
    if (end > dataBytes) throw fail(`The data ends at byte ${dataBytes}, the tensor at ${end}.`, `tensor ${name} › data_offsets`);
    if (begin !== covered) throw fail(begin < covered ? 'The data overlaps that of another tensor.' : `Bytes ${covered} to ${begin} belong to no tensor.`, `tensor ${name} › data_offsets`);
    covered = end;
  }
  if (covered !== dataBytes) throw fail(`${dataBytes - covered} bytes after the last tensor belong to no tensor.`, 'data');
}
