/**
 * Notes on disk. A change is computed from what the file holds, and takes its place only if the file still holds that: two
 * windows, or a window and `mechanist`, can work on one note. Writers that use this file wait for each other; what another
 * program wrote meanwhile is found by comparing contents.
 */
import { closeSync, mkdirSync, openSync, readFileSync, realpathSync, rmSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { MechanistError } from '../engine/errors.ts';
import type { ErrorReason } from '../engine/errors.ts';
import { writeFileAtomically } from '../engine/formats/atomicFile.ts';
import { longestNote, readNote } from './note.ts';
import type { Note } from './note.ts';
import { applyEdits } from './textEdit.ts';
import type { TextEdit } from './textEdit.ts';

/** A lock left by a process that was killed is taken over after this long. */
const staleAfter = 5_000;
const longestWait = 10_000;

/** Reads a note file. Errors: `not-found`; `memory` when it is too large; `parse` when it is not UTF-8. */
export function readNoteFile(file: string): string {
  try {
    const { size } = statSync(file);
    if (size > 4 * longestNote) throw new MechanistError('memory', `The note takes ${size} bytes and is not read.`, { file });
    // A byte order mark is part of the text: offsets count it, and writing gives it back.
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(readFileSync(file));
  } catch (error) {
    if (MechanistError.is(error)) throw error;
    if (error instanceof TypeError && !('code' in error && error.code !== 'ERR_ENCODING_INVALID_ENCODED_DATA')) throw new MechanistError('parse', 'The note is not UTF-8.', { file, cause: error });
    throw fileError(file, 'read', error);
  }
}

/**
 * Changes a note by the edits that `change` derives from it, and returns the new text. `change` is called again when another
 * writer was quicker. `expected`: the text that the caller saw; any other is a conflict.
 * Errors: `argument` for a conflict, a folder that cannot be written and edits that overlap; `not-found`; `parse`.
 */
export async function updateNoteFile(file: string, change: (note: Note) => readonly TextEdit[], options: { readonly expected?: string } = {}): Promise<string> {
  // Writing replaces the file, so a link must be followed first.
  const target = realPath(file);
  return locked(target, () => {
    for (let attempt = 0; ; attempt++) {
      const before = readNoteFile(target);
      if (options.expected !== undefined && before !== options.expected) throw conflict(file);
      const after = applyEdits(before, change(readNote(before)));
      if (after === before) return after;
      if (readNoteFile(target) !== before) {
        if (attempt >= 5) throw conflict(file);
        continue;
      }
      writeFileAtomically(target, [new TextEncoder().encode(after)]);
      return after;
    }
  });
}

/** Creates a note. Errors: `argument` when the file exists or its folder cannot be written. */
export async function createNoteFile(file: string, text: string): Promise<void> {
  try {
    mkdirSync(dirname(file), { recursive: true });
  } catch (error) {
    throw fileError(file, 'created', error);
  }
  await locked(file, () => {
    if (exists(file)) throw new MechanistError('argument', 'There is a note of this name already.', { file });
    writeFileAtomically(file, [new TextEncoder().encode(text)]);
  });
}

async function locked<T>(file: string, work: () => T): Promise<T> {
  const lock = `${file}.lock`;
  await acquire(lock, file);
  try {
    return work();
  } finally {
    rmSync(lock, { force: true });
  }
}

async function acquire(lock: string, file: string): Promise<void> {
  for (const started = Date.now(); ;) {
    try {
      closeSync(openSync(lock, 'wx'));
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw fileError(file, 'written', error);
    }
    if (age(lock) > staleAfter) rmSync(lock, { force: true });
    else if (Date.now() - started > longestWait) throw new MechanistError('argument', 'Another program is writing this note.', { file, hint: `If none is, delete ${lock}.` });
    else await sleep(10 + Math.random() * 20);
  }
}

function age(file: string): number {
  const status = statSync(file, { throwIfNoEntry: false });
  return status === undefined ? 0 : Date.now() - status.mtimeMs;
}

function exists(file: string): boolean {
  return statSync(file, { throwIfNoEntry: false }) !== undefined;
}

function realPath(file: string): string {
  try {
    return realpathSync(file);
  } catch (error) {
    throw fileError(file, 'read', error);
  }
}

function conflict(file: string): MechanistError {
  return new MechanistError('argument', 'The note was changed meanwhile; nothing was written.', { file, hint: 'Look at what is there now and try again.' });
}

const reasons: Readonly<Record<string, ErrorReason>> = { ENOENT: 'not-found', ENOTDIR: 'not-found', ENOSPC: 'memory' };

function fileError(file: string, verb: string, cause: unknown): MechanistError {
  const { code = 'unknown error' } = cause as NodeJS.ErrnoException;
  const readOnly = code === 'EACCES' || code === 'EPERM' || code === 'EROFS';
  return new MechanistError(reasons[code] ?? 'argument', `The note could not be ${verb} (${code}).`, {
    file, cause, hint: readOnly && verb !== 'read' ? 'Its folder is read-only for you.' : undefined,
  });
}
