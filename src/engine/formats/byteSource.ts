/**
 * Random access to bytes of known length: a file on disk, read by position and never as a whole, or bytes in memory.
 * Nothing here knows a format.
 */
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { MechanistError } from '../errors.ts';

export interface ByteSource {
  /** Named in errors. */
  readonly file: string;
  /** Length in bytes. */
  readonly size: number;
  /** `length` bytes from `offset`, in a buffer of their own. Errors: `parse` beyond the end, `memory`. */
  read(offset: number, length: number): Uint8Array<ArrayBuffer>;
  close(): void;
}

/** One system call transfers less than this on every platform. */
const largestTransfer = 2 ** 30;

/** Opens a regular file. Errors: `not-found` when it is missing or unreadable, `parse` when it is not a regular file. */
export function openFile(file: string): ByteSource {
  const descriptor = openDescriptor(file);
  const stat = fstatSync(descriptor);
  if (!stat.isFile()) {
    closeSync(descriptor);
    throw new MechanistError('parse', 'This is not a regular file.', { file });
  }
  return new FileByteSource(file, stat.size, descriptor);
}

/** Bytes that are already in memory, under a name for errors. */
export function memorySource(bytes: Uint8Array, file = 'bytes'): ByteSource {
  return {
    file,
    size: bytes.byteLength,
    read(offset, length) {
      checkRange(file, bytes.byteLength, offset, length);
      const copy = allocate(length, file);
      copy.set(bytes.subarray(offset, offset + length));
      return copy;
    },
    close() {},
  };
}

/** Opens a path; a source is returned as it is. Errors: as `openFile`. */
export function toByteSource(pathOrSource: string | ByteSource): ByteSource {
  return typeof pathOrSource === 'string' ? openFile(pathOrSource) : pathOrSource;
}

class FileByteSource implements ByteSource {
  readonly file: string;
  readonly size: number;
  private descriptor: number | undefined;

  constructor(file: string, size: number, descriptor: number) {
    this.file = file;
    this.size = size;
    this.descriptor = descriptor;
  }

  read(offset: number, length: number): Uint8Array<ArrayBuffer> {
    const { descriptor, file } = this;
    if (descriptor === undefined) throw new MechanistError('argument', 'The file has been closed.', { file });
    checkRange(file, this.size, offset, length);
    const bytes = allocate(length, file);
    let done = 0;
    while (done < length) {
      let count: number;
      try {
        count = readSync(descriptor, bytes, done, Math.min(length - done, largestTransfer), offset + done);
      } catch (error) {
        throw new MechanistError('not-found', `The file could not be read (${codeOf(error)}).`, { file, cause: error });
      }
      if (count === 0) throw new MechanistError('parse', 'The file became shorter while it was read.', { file });
      done += count;
    }
    return bytes;
  }

  close(): void {
    if (this.descriptor !== undefined) closeSync(this.descriptor);
    this.descriptor = undefined;
  }
}

/** Does not block on a pipe that has no writer. */
function openDescriptor(file: string): number {
  try {
    return openSync(file, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  } catch (error) {
    throw new MechanistError('not-found', `The file cannot be opened (${codeOf(error)}).`, { file, cause: error });
  }
}

/** Not zero-filled: the caller overwrites every byte. */
function allocate(length: number, file: string): Uint8Array<ArrayBuffer> {
  try {
    const { buffer } = Buffer.allocUnsafeSlow(length);
    return new Uint8Array(buffer);
  } catch (error) {
    throw new MechanistError('memory', `${length} bytes cannot be allocated.`, { file, cause: error });
  }
}

function checkRange(file: string, size: number, offset: number, length: number): void {
  if (!Number.isSafeInteger(offset) || !Number.isSafeInteger(length) || offset < 0 || length < 0 || length > size - offset) {
    throw new MechanistError('parse', `The file ends too early: ${length} bytes at ${offset} of ${size}.`, { file });
  }
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? 'unknown error';
}
