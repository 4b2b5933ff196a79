/**
 * Reading zip archives in memory, entry by entry; nothing is ever extracted to a disk. Stored and deflated entries,
 * zip64. The directory is checked completely on opening: names, kinds, sizes, ratio, overlap, agreement with the local
 * headers. Format: PKWARE APPNOTE 6.3.
 */
import { crc32, inflateRawSync } from 'node:zlib';
import { MechanistError } from '../errors.ts';
import type { ByteSource } from './byteSource.ts';
import { readDirectory } from './zipDirectory.ts';
import type { ZipEntry, ZipLimits } from './zipDirectory.ts';

/** An archive over a source that the caller closes. */
export interface ZipArchive {
  /** Files by name, in storage order. Folders are left out. */
  readonly entries: ReadonlyMap<string, ZipEntry>;
  /** The first bytes of an entry, at least `length` of them unless the entry is shorter. Errors: `parse`. */
  readStart(entry: ZipEntry, length: number): Uint8Array;
  /** The whole entry from byte `from`, its checksum verified. Errors: `parse`. */
  read(entry: ZipEntry, from?: number): Uint8Array<ArrayBuffer>;
}

/** Errors: `parse`, `unsupported` for encryption and unknown methods, `memory` above a limit. */
export function openZip(source: ByteSource, limits: ZipLimits = {}): ZipArchive {
  const { file } = source;
  return {
    entries: readDirectory(source, limits),
    readStart(entry, length) {
      if (entry.method === 'stored') return source.read(entry.dataOffset, Math.min(length, entry.size));
      return inflateStart(source.read(entry.dataOffset, Math.min(entry.compressedSize, length + 1024)), length, entry, file);
    },
    read(entry, from = 0) {
      if (entry.method === 'deflated') {
        const bytes = inflate(source.read(entry.dataOffset, entry.compressedSize), entry, file);
        checkSum(entry, file, bytes);
        return bytes.subarray(from);
      }
      const bytes = source.read(entry.dataOffset + from, entry.size - from);
      checkSum(entry, file, source.read(entry.dataOffset, from), bytes);
      return bytes;
    },
  };
}

/** Inflates the whole entry; more output than the directory declared is refused while it is produced. */
function inflate(bytes: Uint8Array, entry: ZipEntry, file: string): Uint8Array<ArrayBuffer> {
  const { name, size } = entry;
  // A chunk that holds the entry and a byte more is filled once; below 16 KiB it would lie in memory shared with others.
  const chunkSize = Math.min(Math.max(size + 1, 2 ** 14), 2 ** 26);
  const { buffer, engine } = guarded(entry, file, () => inflateRawSync(bytes, {
    maxOutputLength: Math.max(size, 1), chunkSize, info: true,
  }) as unknown as { buffer: Buffer<ArrayBuffer>; engine: { bytesWritten: number } });
  if (buffer.length !== size) throw new MechanistError('parse', `The entry has ${buffer.length} bytes instead of ${size}.`, { file, field: name });
  if (engine.bytesWritten !== bytes.length) throw new MechanistError('parse', 'Bytes follow the compressed data of the entry.', { file, field: name });
  return buffer;
}

/** Inflates as much of a compressed prefix as there is. */
function inflateStart(bytes: Uint8Array, length: number, entry: ZipEntry, file: string): Uint8Array {
  // Deflate expands at most 1032 times, so this bounds the output without ever being reached.
  const most = Math.min(Math.max(entry.size, 1), 1040 * (length + 1024));
  return guarded(entry, file, () => inflateRawSync(bytes, { finishFlush: zlibSyncFlush, maxOutputLength: most }));
}

const zlibSyncFlush = 2;

function guarded<T>({ name }: ZipEntry, file: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const statement = code === 'ERR_BUFFER_TOO_LARGE' ? 'The entry inflates to more than its declared size.' : 'The compressed data of the entry is damaged.';
    throw new MechanistError('parse', statement, { file, field: name, cause: error });
  }
}

function checkSum({ name, crc }: ZipEntry, file: string, ...parts: readonly Uint8Array[]): void {
  if (parts.reduce((sum, part) => crc32(part, sum), 0) !== crc) throw new MechanistError('parse', 'The checksum of the entry is wrong.', { file, field: name });
}
