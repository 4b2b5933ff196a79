/**
 * NumPy's array format: a magic, a Python dictionary literal, raw elements. The literal is parsed by a small grammar
 * and never evaluated; arrays of Python objects are refused. Format: NEP 1, versions 1.0 to 3.0.
 */
import { totalmem } from 'node:os';
import { basename } from 'node:path';
import { MechanistError } from '../errors.ts';
import { bytesPerElement, elementCount, typedArrayOver } from '../tensor.ts';
import type { DType, Tensor } from '../tensor.ts';
import { toByteSource } from './byteSource.ts';
import type { ByteSource } from './byteSource.ts';
import { fromFortranOrder, swapBytes } from './npyLayout.ts';
import { parseNpyLiteral } from './npyLiteral.ts';

export interface NpyHeader {
  readonly dtype: DType;
  readonly dims: readonly number[];
  readonly fortranOrder: boolean;
  readonly bigEndian: boolean;
  /** Where the elements start. */
  readonly dataOffset: number;
  /** Length of the elements in bytes. */
  readonly dataBytes: number;
}

/** A header is never longer than this; NumPy itself stops at 10,000. */
export const largestNpyHeader = 16 * 1024;

/**
 * Parses the header of an array that has `size` bytes in all, from its first bytes (`largestNpyHeader` are enough).
 * Errors: `parse`; `unsupported` for object, structured, complex, string and date arrays.
 */
export function parseNpyHeader(start: Uint8Array, size: number, where: { readonly file: string; readonly field?: string | undefined }): NpyHeader {
  const fail = (statement: string): MechanistError => new MechanistError('parse', statement, where);
  if (start.length < 10 || !magic.every((byte, i) => start[i] === byte)) throw fail('This is not a NumPy array.');
  const view = new DataView(start.buffer, start.byteOffset, start.byteLength);
  const version = start[6]!;
  if (version < 1 || version > 3 || start[7] !== 0) throw fail(`The version ${version}.${start[7]} of the NumPy format is unknown.`);
  const prefix = version === 1 ? 10 : 12;
  if (start.length < prefix) throw fail('The header is cut off.');
  const headerLength = version === 1 ? view.getUint16(8, true) : view.getUint32(8, true);
  const dataOffset = prefix + headerLength;
  if (dataOffset > size) throw fail(`The header length ${headerLength} exceeds the file.`);
  if (dataOffset > largestNpyHeader) throw fail(`The header length ${headerLength} exceeds ${largestNpyHeader}.`);
  const { descr, fortranOrder, dims } = parseNpyLiteral(Buffer.from(start.subarray(prefix, dataOffset)).toString('latin1'), where);
  const dtype = dtypeOf(descr, where);

  let dataBytes = bytesPerElement(dtype);
  for (const d of dims) {
    dataBytes *= d;
    if (!Number.isSafeInteger(dataBytes)) throw fail('The shape overflows.');
  }
  if (dataBytes !== size - dataOffset) throw fail(`The shape takes ${dataBytes} bytes, the file has ${size - dataOffset}.`);
  return { dtype, dims, fortranOrder, bigEndian: descr.startsWith('>'), dataOffset, dataBytes };
}

/** The tensor of a parsed header, from its elements as stored. Takes over `bytes`. */
export function npyTensor({ dtype, dims, fortranOrder, bigEndian }: NpyHeader, bytes: Uint8Array): Tensor {
  if (bigEndian) swapBytes(bytes, bytesPerElement(dtype));
  const data = typedArrayOver(dtype, bytes);
  return { dtype, dims, data: fortranOrder && dims.length > 1 && elementCount(dims) > 0 ? fromFortranOrder(data, dims) : data };
}

/** Bytes that `npyTensor` and the read before it allocate. */
export function npyBytesNeeded({ dataBytes, fortranOrder }: NpyHeader): number {
  return fortranOrder ? 2 * dataBytes : dataBytes;
}

/** Reads a `.npy` file. Errors: `not-found`; as `parseNpyHeader`; `memory` above `maxBytes` (default: the memory of the machine). */
export function readNpy(pathOrSource: string | ByteSource, { maxBytes = totalmem() }: { readonly maxBytes?: number } = {}): Tensor {
  const source = toByteSource(pathOrSource);
  try {
    const where = { file: source.file, field: basename(source.file, '.npy') };
    const header = parseNpyHeader(source.read(0, Math.min(source.size, largestNpyHeader)), source.size, where);
    const needed = npyBytesNeeded(header);
    if (needed > maxBytes) throw new MechanistError('memory', `Reading the array takes ${needed} bytes; the limit is ${maxBytes}.`, where);
    return npyTensor(header, source.read(header.dataOffset, header.dataBytes));
  } finally {
    source.close();
  }
}

const magic = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];

const dtypes: ReadonlyMap<string, DType> = new Map<string, DType>([
  ['f2', 'float16'], ['f4', 'float32'], ['f8', 'float64'], ['b1', 'bool'],
  ['i1', 'int8'], ['i2', 'int16'], ['i4', 'int32'], ['i8', 'int64'],
  ['u1', 'uint8'], ['u2', 'uint16'], ['u4', 'uint32'], ['u8', 'uint64'],
]);

function dtypeOf(descr: string, where: { readonly file: string; readonly field?: string | undefined }): DType {
  const [, order, type] = /^([<>|=])?([A-Za-z]\d*.*)$/.exec(descr) ?? [];
  const dtype = type === undefined ? undefined : dtypes.get(type);
  const singleByte = dtype !== undefined && bytesPerElement(dtype) === 1;
  if (dtype !== undefined && (order !== '|' || singleByte)) return dtype;
  if (type?.startsWith('O') === true) {
    throw new MechanistError('unsupported', 'The array holds pickled Python objects, which can run code when loaded.', { ...where, hint: 'Save it again with a numeric type.' });
  }
  throw new MechanistError(type === undefined || dtype !== undefined ? 'parse' : 'unsupported', `The element type "${descr.slice(0, 40)}" is not supported.`, where);
}
