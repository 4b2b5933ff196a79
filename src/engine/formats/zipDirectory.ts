/**
 * The central directory of a zip archive and its agreement with the local headers; entries are data, nothing is
 * inflated here. Format: PKWARE APPNOTE 6.3, sections 4.3 to 4.5.
 */
import { MechanistError } from '../errors.ts';
import type { ErrorReason } from '../errors.ts';
import type { ByteSource } from './byteSource.ts';

export interface ZipLimits {
  /** Default 10,000. */
  readonly maxEntries?: number;
  /** Of all deflated entries together, default 4 GiB. */
  readonly maxInflatedBytes?: number;
  /** Inflated to compressed size of one entry, beyond the first MiB; default 200. */
  readonly maxRatio?: number;
}

export interface ZipEntry {
  readonly name: string;
  readonly method: 'stored' | 'deflated';
  readonly compressedSize: number;
  readonly size: number;
  readonly crc: number;
  /** Where the data starts in the file. */
  readonly dataOffset: number;
}

/** Files by name. Errors: `parse`, `unsupported` for encryption and unknown methods, `memory` above a limit. */
export function readDirectory(source: ByteSource, limits: ZipLimits): Map<string, ZipEntry> {
  const { maxEntries = 10_000, maxInflatedBytes = 4 * 2 ** 30, maxRatio = 200 } = limits;
  const { file } = source;
  const { count, offset, size } = findDirectory(source);
  if (count > maxEntries || size > maxEntries * 4096) throw new MechanistError('memory', `The archive has ${count} entries; at most ${maxEntries} are read.`, { file, field: 'central directory' });
  const records = readRecords(source.read(offset, size), count, file);
  const entries = new Map<string, ZipEntry>();
  let inflated = 0;
  let free = 0;
  for (const record of records.toSorted((a, b) => a.localOffset - b.localOffset)) {
    const { name } = record;
    const fail = failing(file, name);
    if (record.localOffset < free) throw fail('The entry overlaps another one.');
    const dataOffset = checkLocalHeader(source, record, offset);
    free = dataOffset + record.compressedSize;
    if (free > offset) throw fail('The entry runs into the central directory.');
    if (record.method === 'deflated') {
      if (record.size > 2 ** 20 + maxRatio * record.compressedSize) throw fail(`The entry inflates to more than ${maxRatio} times its size.`, 'memory');
      inflated += record.size;
      if (inflated > maxInflatedBytes) throw fail(`The archive inflates to more than ${maxInflatedBytes} bytes.`, 'memory');
    }
    if (entries.has(name)) throw fail('Two entries have this name.');
    entries.set(name, { name, method: record.method, compressedSize: record.compressedSize, size: record.size, crc: record.crc, dataOffset });
  }
  for (const name of entries.keys()) if (name.endsWith('/')) entries.delete(name);
  return entries;
}

interface Directory {
  readonly count: number;
  readonly offset: number;
  readonly size: number;
}

interface ZipRecord extends Omit<ZipEntry, 'dataOffset'> {
  readonly flags: number;
  readonly localOffset: number;
  readonly rawName: Uint8Array;
}

const endSize = 22;
const endSignature = 0x06054b50;
const end64Signature = 0x06064b50;
const locator64Signature = 0x07064b50;
const recordSignature = 0x02014b50;
const localSignature = 0x04034b50;
/** A 32-bit field of this value has its real value in the zip64 extra field. */
const in64 = 0xffffffff;

type Fail = (statement: string, reason?: ErrorReason) => MechanistError;

function failing(file: string, field: string): Fail {
  return (statement, reason = 'parse') => new MechanistError(reason, statement, { file, field });
}

/** The end record is the last one whose comment reaches exactly to the end of the file. */
function findDirectory(source: ByteSource): Directory {
  const fail = failing(source.file, 'end of central directory');
  const length = Math.min(source.size, endSize + 0xffff);
  const start = source.size - length;
  const view = viewOf(source.read(start, length));
  let at = length - endSize;
  while (at >= 0 && !(view.getUint32(at, true) === endSignature && view.getUint16(at + 20, true) === length - at - endSize)) at--;
  if (at < 0) throw fail('This is not a zip archive.');
  if (view.getUint16(at + 4, true) !== 0 || view.getUint16(at + 6, true) !== 0) throw fail('Archives in several parts are not supported.', 'unsupported');
  const count = view.getUint16(at + 10, true);
  const size = view.getUint32(at + 12, true);
  const offset = view.getUint32(at + 16, true);
  if (count !== view.getUint16(at + 8, true)) throw fail('The numbers of entries disagree.');
  const is64 = count === 0xffff || size === in64 || offset === in64;
  const directory = is64 ? findDirectory64(source, start + at, fail) : { count, size, offset, end: start + at };
  if (directory.offset + directory.size !== directory.end) throw fail('The central directory does not end where its end record begins.');
  return directory;
}

function findDirectory64(source: ByteSource, endOffset: number, fail: Fail): Directory & { readonly end: number } {
  if (endOffset < 20) throw fail('The zip64 locator is missing.');
  const locator = viewOf(source.read(endOffset - 20, 20));
  if (locator.getUint32(0, true) !== locator64Signature) throw fail('The zip64 locator is missing.');
  const end = integer64(locator, 8, fail);
  if (end + 56 > endOffset - 20) throw fail('The zip64 end record lies outside the file.');
  const view = viewOf(source.read(end, 56));
  if (view.getUint32(0, true) !== end64Signature) throw fail('The zip64 end record is missing.');
  if (view.getUint32(16, true) !== 0 || view.getUint32(20, true) !== 0) throw fail('Archives in several parts are not supported.', 'unsupported');
  const count = integer64(view, 32, fail);
  if (count !== integer64(view, 24, fail)) throw fail('The numbers of entries disagree.');
  return { count, size: integer64(view, 40, fail), offset: integer64(view, 48, fail), end };
}

function readRecords(bytes: Uint8Array, count: number, file: string): ZipRecord[] {
  const fail = failing(file, 'central directory');
  const view = viewOf(bytes);
  const records: ZipRecord[] = [];
  let at = 0;
  for (let i = 0; i < count; i++) {
    if (at + 46 > bytes.length || view.getUint32(at, true) !== recordSignature) throw fail(`Record ${i} is missing.`);
    const nameEnd = at + 46 + view.getUint16(at + 28, true);
    const extraEnd = nameEnd + view.getUint16(at + 30, true);
    const next = extraEnd + view.getUint16(at + 32, true);
    if (next > bytes.length) throw fail(`Record ${i} is cut off.`);
    records.push(recordOf(new DataView(view.buffer, view.byteOffset + at, 46), bytes.subarray(at + 46, nameEnd), bytes.subarray(nameEnd, extraEnd), file));
    at = next;
  }
  if (at !== bytes.length) throw fail('Bytes follow the last record.');
  return records;
}

function recordOf(view: DataView, rawName: Uint8Array, extra: Uint8Array, file: string): ZipRecord {
  const flags = view.getUint16(8, true);
  const name = nameOf(rawName, (flags & 0x800) !== 0, file);
  const fail = failing(file, name);
  if ((flags & 0x2041) !== 0) throw fail('The entry is encrypted.', 'unsupported');
  const method = methodOf(view.getUint16(10, true), fail);
  const kind = (view.getUint32(38, true) >>> 28) & 15;
  if (kind === 10) throw fail('The entry is a symbolic link.');
  if (kind !== 0 && kind !== 8 && !(kind === 4 && name.endsWith('/'))) throw fail('The entry is not a regular file.');
  const wide = [view.getUint32(24, true), view.getUint32(20, true), view.getUint32(42, true)] as const;
  const [size, compressedSize, localOffset] = resolve64(wide, extra, fail);
  if (method === 'stored' && size !== compressedSize) throw fail('The sizes of a stored entry disagree.');
  if (name.endsWith('/') && size !== 0) throw fail('A folder has content.');
  return { name, rawName, flags, method, size, compressedSize, localOffset, crc: view.getUint32(16, true) };
}

function methodOf(code: number, fail: Fail): 'stored' | 'deflated' {
  if (code === 0) return 'stored';
  if (code === 8) return 'deflated';
  throw fail(`The compression method ${code} is not supported.`, 'unsupported');
}

function nameOf(bytes: Uint8Array, utf8: boolean, file: string): string {
  const shown = Buffer.from(bytes.subarray(0, 100)).toString('latin1');
  const fail = failing(file, `entry ${JSON.stringify(shown)}`);
  if (!utf8 && bytes.some((b) => b >= 0x80)) throw fail('The name of the entry is not in UTF-8.', 'unsupported');
  let name: string;
  try {
    name = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (error) {
    throw new MechanistError('parse', 'The name of the entry is not valid UTF-8.', { file, field: `entry ${JSON.stringify(shown)}`, cause: error });
  }
  const parts = (name.endsWith('/') ? name.slice(0, -1) : name).split('/');
  // eslint-disable-next-line no-control-regex
  if (/[\u0000-\u001f\\]/.test(name) || /^[A-Za-z]:/.test(name) || parts.some((part) => part === '' || part === '.' || part === '..')) {
    throw fail('The name of the entry is not a normalised relative path.');
  }
  return name;
}

/** Replaces the fields that overflow 32 bits by those of the zip64 extra field, which lists only these, in order. */
function resolve64(fields: readonly [number, number, number], extra: Uint8Array, fail: Fail): [number, number, number] {
  const result: [number, number, number] = [...fields];
  if (!fields.includes(in64)) return result;
  const view = viewOf(extra);
  for (let at = 0; at + 4 <= extra.length;) {
    const end = at + 4 + view.getUint16(at + 2, true);
    if (end > extra.length) break;
    if (view.getUint16(at, true) === 1) {
      let from = at + 4;
      fields.forEach((field, i) => {
        if (field !== in64) return;
        if (from + 8 > end) throw fail('The zip64 field of the entry is cut off.');
        result[i] = integer64(view, from, fail);
        from += 8;
      });
      return result;
    }
    at = end;
  }
  throw fail('The zip64 field of the entry is missing.');
}

/** Where the entry's data starts, once its local header agrees with the directory. */
function checkLocalHeader(source: ByteSource, record: ZipRecord, directoryOffset: number): number {
  const fail = failing(source.file, record.name);
  const { localOffset, rawName } = record;
  if (localOffset + 30 + rawName.length > directoryOffset) throw fail('The local header lies outside the file.');
  const bytes = source.read(localOffset, 30 + rawName.length);
  const view = viewOf(bytes);
  const sameName = view.getUint16(26, true) === rawName.length && Buffer.compare(bytes.subarray(30), rawName) === 0;
  const sameMethod = view.getUint16(8, true) === (record.method === 'stored' ? 0 : 8);
  // Sizes and checksum may follow the data (flag 3) or be given in 64 bits.
  const later = (view.getUint16(6, true) & 8) !== 0;
  const same = (at: number, value: number): boolean => later || view.getUint32(at, true) === value || view.getUint32(at, true) === in64;
  if (view.getUint32(0, true) !== localSignature || !sameName || !sameMethod || (view.getUint16(6, true) & 0x2041) !== 0
    || !same(18, record.compressedSize) || !same(22, record.size)) {
    throw fail('The local header disagrees with the directory.');
  }
  return localOffset + 30 + rawName.length + view.getUint16(28, true);
}

function integer64(view: DataView, at: number, fail: Fail): number {
  const value = view.getBigUint64(at, true);
  if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw fail(`The number ${value} is too large.`);
  return Number(value);
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
