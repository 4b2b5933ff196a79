/** `TensorProto` → tensor: any storage, checked against the dimensions before anything is allocated. */
import { MechanistError } from '../../errors.ts';
import { bytesPerElement, elementCount, typedArrayOver, zeros } from '../../tensor.ts';
import type { DType, Tensor } from '../../tensor.ts';
import { openExternalFile, parseExternalLocation } from './externalData.ts';
import type { ExternalLocation } from './externalData.ts';
import { FileSource, WireReader } from './reader.ts';
import type { ByteSource, Span } from './reader.ts';
import { StringEntryField, TensorField, dtypeOfDataType } from './schema.ts';

/** A tensor whose data may still lie in a file. */
export interface StoredTensor {
  readonly name: string;
  readonly dtype: DType;
  readonly dims: readonly number[];
  /** Reads the data. Errors: `parse` when the storage does not hold it, `not-found` when a file has gone. */
  load(): Tensor;
}

/** How to get at the bytes of the model again after decoding, and where external data lies. */
export interface Origin {
  /** Path of the model file; undefined when it was given as bytes. */
  readonly file: string | undefined;
  /** Folder for external data; undefined refuses it. */
  readonly folder: string | undefined;
}

const maxRank = 16;
/** Occurrences of unpacked repeated fields; writers pack. */
const maxPieces = 2 ** 16;

/** Which field holds which element types, besides `raw_data`. */
const fieldOf: Readonly<Record<DType, number>> = {
  float32: TensorField.floatData, float64: TensorField.doubleData, int64: TensorField.int64Data,
  uint64: TensorField.uint64Data, uint32: TensorField.uint64Data,
  int32: TensorField.int32Data, int16: TensorField.int32Data, int8: TensorField.int32Data,
  uint16: TensorField.int32Data, uint8: TensorField.int32Data, bool: TensorField.int32Data,
  float16: TensorField.int32Data, bfloat16: TensorField.int32Data,
};

/** Reads a `TensorProto` without its data. Errors: `parse`, `unsupported` for strings and exotic element types. */
export function readTensor(r: WireReader, origin: Origin): StoredTensor {
  let name = '';
  let code = 0;
  let isExternal = false;
  const dims: number[] = [];
  const pieces = new Map<number, Span[]>();
  const entries: [string, string][] = [];
  for (let field = r.next(); field !== undefined; field = r.next()) {
    switch (field) {
      case TensorField.dims:
        for (const dim of r.at('dims').unpack(r.numbers(0), maxRank)) dims.push(dimension(r, dim));
        if (dims.length > maxRank) throw r.error(`More than ${maxRank} dimensions.`);
        break;
      case TensorField.dataType: code = r.at('data_type').uint(); break;
      case TensorField.name: name = r.at('name').text(); break;
      case TensorField.segment: throw unsupported(r, 'Tensors in segments are not supported.');
      case TensorField.stringData: throw unsupported(r, 'String tensors are not supported.');
      case TensorField.rawData: add(r, pieces, field, r.at('raw_data').span()); break;
      case TensorField.floatData: add(r, pieces, field, r.at('float_data').numbers(5)); break;
      case TensorField.doubleData: add(r, pieces, field, r.at('double_data').numbers(1)); break;
      case TensorField.int32Data: case TensorField.int64Data: case TensorField.uint64Data:
        add(r, pieces, field, r.at('integer data').numbers(0));
        break;
      case TensorField.externalData: entries.push(readEntry(r.message('external_data'))); break;
      case TensorField.dataLocation: isExternal = r.at('data_location').uint() === 1; break;
      default: r.skip();
    }
  }
  const named = name === '' ? r.path : `${r.path} (${name.slice(0, 200)})`;
  const dtype = dtypeOfDataType.get(code);
  if (dtype === undefined) {
    throw new MechanistError(code === 0 || code > 40 ? 'parse' : 'unsupported', `Element type ${code} is not supported.`, { field: named });
  }
  const count = elementCount(dims);
  if (!Number.isSafeInteger(count * 8)) throw new MechanistError('parse', `The shape [${dims.join(', ')}] is absurdly large.`, { field: named });
  const stored = isExternal
    ? externalLoader(parseExternalLocation(entries, named), dtype, dims, origin, named)
    : embeddedLoader(r.source, pieces, dtype, dims, origin, named);
  return { name, dtype, dims, load: () => within(origin.file, stored) };
}

function add(r: WireReader, pieces: Map<number, Span[]>, field: number, span: Span): void {
  const list = pieces.get(field) ?? [];
  list.push(span);
  if (list.length > maxPieces) throw r.error('The data is split into too many pieces.');
  pieces.set(field, list);
}

function dimension(r: WireReader, dim: bigint): number {
  if (dim < 0n || dim > BigInt(Number.MAX_SAFE_INTEGER)) throw r.error(`A dimension of ${dim} is impossible.`);
  return Number(dim);
}

/** A `StringStringEntryProto`: key and value. */
export function readEntry(r: WireReader): [string, string] {
  let key = '';
  let value = '';
  for (let field = r.next(); field !== undefined; field = r.next()) {
    if (field === StringEntryField.key) key = r.at('key').text();
    else if (field === StringEntryField.value) value = r.at('value').text();
    else r.skip();
  }
  return [key, value];
}

function embeddedLoader(source: ByteSource, pieces: ReadonlyMap<number, readonly Span[]>, dtype: DType, dims: readonly number[], origin: Origin, field: string): () => Tensor {
  const count = elementCount(dims);
  const rawPieces = pieces.get(TensorField.rawData);
  const typed = pieces.get(fieldOf[dtype]) ?? [];
  const isRaw = rawPieces !== undefined;
  const spans = rawPieces?.slice(-1) ?? typed;
  const bytes = spans.reduce((sum, span) => sum + span.length, 0);
  const isFixed = isRaw || dtype === 'float32' || dtype === 'float64';
  const expected = count * bytesPerElement(dtype);
  // A varint has one to ten bytes, so the byte length bounds the number of elements.
  if (isFixed ? bytes !== expected : bytes < count || bytes > 10 * count) {
    throw new MechanistError('parse', `${bytes} bytes of data do not hold ${count} elements of ${dtype}.`, { field });
  }
  const size = source.size;
  return () => {
    const file = origin.file === undefined ? undefined : FileSource.open(origin.file);
    try {
      if (file !== undefined && file.size !== size) throw new MechanistError('parse', 'The file has changed since it was opened.', { field });
      const data = joined(file ?? source, spans, bytes);
      if (isFixed) return { dtype, dims, data: typedArrayOver(dtype, data) };
      return fromIntegers(dtype, dims, data, field);
    } finally {
      file?.close();
    }
  };
}

function externalLoader(location: ExternalLocation, dtype: DType, dims: readonly number[], origin: Origin, field: string): () => Tensor {
  const { folder } = origin;
  const bytes = elementCount(dims) * bytesPerElement(dtype);
  if (folder === undefined) throw new MechanistError('unsupported', 'External data needs a model that is read from a folder.', { field });
  if (location.length !== undefined && location.length !== bytes) {
    throw new MechanistError('parse', `External data of ${location.length} bytes does not hold ${elementCount(dims)} elements of ${dtype}.`, { field });
  }
  const read = (take: boolean): Tensor | undefined => {
    const file = openExternalFile(folder, location.location, field);
    try {
      if (location.offset + bytes > file.size) {
        throw new MechanistError('parse', `External data ends at byte ${location.offset + bytes}, but "${location.location}" has ${file.size}.`, { field });
      }
      return take ? { dtype, dims, data: typedArrayOver(dtype, file.slice(location.offset, bytes)) } : undefined;
    } finally {
      file.close();
    }
  };
  read(false);
  return () => read(true)!;
}

function joined(source: ByteSource, spans: readonly Span[], bytes: number): Uint8Array {
  if (spans.length === 1) return source.slice(spans[0]!.offset, bytes);
  const out = new Uint8Array(bytes);
  let at = 0;
  for (const { offset, length } of spans) {
    out.set(source.slice(offset, length), at);
    at += length;
  }
  return out;
}

function fromIntegers(dtype: DType, dims: readonly number[], packed: Uint8Array, field: string): Tensor {
  const out = zeros(dtype, dims);
  const inner = new WireReader({ size: packed.length, slice: (o, n) => packed.subarray(o, o + n), window: () => ({ bytes: packed, start: 0 }) }, field);
  const values = inner.unpack({ offset: 0, length: packed.length }, out.data.length);
  if (values.length !== out.data.length) throw new MechanistError('parse', `${values.length} values do not fill the shape [${dims.join(', ')}].`, { field });
  if (out.data instanceof BigInt64Array || out.data instanceof BigUint64Array) out.data.set(values);
  else out.data.set(values.map(Number));
  return out;
}

function within<T>(file: string | undefined, action: () => T): T {
  try {
    return action();
  } catch (error) {
    if (MechanistError.is(error) && file !== undefined) throw error.within(file);
    throw error;
  }
}

function unsupported(r: WireReader, statement: string): MechanistError {
  return new MechanistError('unsupported', statement, { field: r.path });
}
