/**
 * Writing a file so that its name only ever stands for a complete file: a temporary file beside it, flushed to the
 * disk, then renamed. A failure leaves what was there before.
 */
import { randomUUID } from 'node:crypto';
import { accessSync, closeSync, constants, fsyncSync, mkdirSync, openSync, renameSync, rmSync, statSync, writeSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { MechanistError } from '../errors.ts';

/** One system call transfers less than this on every platform. */
const largestTransfer = 2 ** 30;

/**
 * Writes the chunks, in order, as the new content of `file`.
 * Errors: `not-found` when the folder is missing, `memory` when the disk is full, `argument` when the place is not writable.
 */
export function writeFileAtomically(file: string, chunks: Iterable<Uint8Array>): void {
  const temporary = `${file}.${randomUUID()}.tmp`;
  let descriptor: number | undefined;
  let created = false;
  try {
    descriptor = openSync(temporary, 'wx');
    created = true;
    for (const chunk of chunks) writeAll(descriptor, chunk);
    fsyncSync(descriptor);
    closeSync(descriptor);
    descriptor = undefined;
    renameSync(temporary, file);
    flushFolder(dirname(file));
  } catch (error) {
    if (descriptor !== undefined) closeSync(descriptor);
    if (created) rmSync(temporary, { force: true });
    if (MechanistError.is(error)) throw error;
    throw refusal(error, file, 'The file could not be written');
  }
}

/** Makes a folder and those above it. Errors: as `writeFileAtomically`. */
export function makeFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true });
  } catch (error) {
    throw refusal(error, folder, 'The folder could not be made');
  }
}

/** Finds out before long work whether a folder can be made, without making it. Errors: as `writeFileAtomically`. */
export function checkFolderPlace(folder: string): void {
  let there = resolve(folder);
  try {
    while (statSync(there, { throwIfNoEntry: false }) === undefined) there = dirname(there);
    accessSync(there, constants.W_OK);
  } catch (error) {
    throw refusal(error, folder, 'The folder cannot be written to');
  }
  if (!statSync(there).isDirectory()) throw new MechanistError('not-found', 'There is a file where the folder would be.', { file: there });
}

/** No space, no quota, or a limit on the size of files. */
const full: ReadonlySet<string> = new Set(['ENOSPC', 'EDQUOT', 'EFBIG']);

function refusal(error: unknown, file: string, statement: string): MechanistError {
  const { code = 'unknown error' } = error as NodeJS.ErrnoException;
  if (full.has(code)) return new MechanistError('memory', `There is no room for it: the disk or its quota is full (${code}).`, { file, hint: 'Make room and go on: what was finished before is kept.', cause: error });
  return new MechanistError(code === 'ENOENT' || code === 'ENOTDIR' ? 'not-found' : 'argument', `${statement} (${code}).`, { file, cause: error });
}

function writeAll(descriptor: number, chunk: Uint8Array): void {
  let done = 0;
  while (done < chunk.byteLength) {
    done += writeSync(descriptor, chunk, done, Math.min(chunk.byteLength - done, largestTransfer));
  }
}

/** Makes the rename itself durable. Windows has no way to flush a folder. */
function flushFolder(folder: string): void {
  if (process.platform === 'win32') return;
  const descriptor = openSync(folder, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
