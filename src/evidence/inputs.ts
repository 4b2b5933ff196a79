/** Inputs of a record: a text in the note itself, or a file beside it under its hash. Nothing outside the folder of the note is read. */
import { createHash } from 'node:crypto';
import { readFileSync, realpathSync, statSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { MechanistError } from '../engine/errors.ts';
import { isInside } from '../notes/format/schema.ts';
import type { EvidenceMethod, InputField } from './method.ts';

/** As recorded: a text, or a file by path (relative to the note) and SHA-256. */
export type RecordedInput = string | { readonly path: string; readonly hash: string };

export interface ResolvedInput {
  readonly text: string | undefined;
  readonly file: string | undefined;
}

const largestFile = 256 * 2 ** 20;
const largestText = 8 * 2 ** 20;

/**
 * Checks the recorded inputs against what the method takes and reads them. `folder`: that of the note.
 * Errors: `argument` for what does not fit, a path outside the folder, or a file whose hash is another; `not-found`; `memory`.
 */
export function resolveInputs(method: EvidenceMethod, recorded: Readonly<Record<string, unknown>>, folder: string | undefined): Map<string, ResolvedInput> {
  const unknown = Object.keys(recorded).find((name) => !method.inputs.some((field) => field.name === name));
  if (unknown !== undefined) throw new MechanistError('argument', `${method.id} takes no input "${unknown}".`, { field: 'inputs' });
  const resolved = new Map<string, ResolvedInput>();
  for (const field of method.inputs) {
    const value = recorded[field.name];
    if (value === undefined) {
      if (field.optional !== true) throw new MechanistError('argument', `The input "${field.name}" is missing.`, { field: 'inputs', hint: field.description });
    } else resolved.set(field.name, resolve(field, value, folder));
  }
  return resolved;
}

/** What a record keeps of a file beside the note. Errors: as `resolveInputs`. */
export function recordedFile(folder: string, path: string): RecordedInput {
  return { path: path.split(sep).join('/'), hash: hashOf(insideFile(folder, path)) };
}

function resolve(field: InputField, value: unknown, folder: string | undefined): ResolvedInput {
  const at = `inputs.${field.name}`;
  if (typeof value === 'string') {
    if (field.kind === 'labelled') throw new MechanistError('argument', 'Labels are read from a file: give its path and hash.', { field: at });
    return { text: value, file: undefined };
  }
  const { path, hash } = typeof value === 'object' && value !== null ? (value as { path?: unknown; hash?: unknown }) : {};
  if (typeof path !== 'string' || typeof hash !== 'string') throw new MechanistError('argument', 'Expected a text, or a path with its hash.', { field: at });
  if (folder === undefined) throw new MechanistError('argument', 'Files are read only for a note on disk.', { field: at });
  const file = insideFile(folder, path);
  if (hashOf(file) !== hash) throw new MechanistError('argument', `The file ${path} is not the one that was recorded: its content changed.`, { field: at });
  if (field.kind === 'labelled') return { text: undefined, file };
  if (statSync(file).size > largestText) throw new MechanistError('memory', `The text has more than ${largestText} bytes.`, { file });
  return { text: readFileSync(file, 'utf8'), file };
}

function insideFile(folder: string, path: string): string {
  if (!isInside(path)) throw new MechanistError('argument', 'Only files below the folder of the note are read.', { file: path });
  const file = join(folder, path);
  const status = statSync(file, { throwIfNoEntry: false });
  if (status?.isFile() !== true) throw new MechanistError('not-found', `The file ${path} beside the note is gone.`, { file });
  if (relative(realpathSync(folder), realpathSync(file)).split(sep)[0] === '..') throw new MechanistError('argument', 'Only files below the folder of the note are read.', { file: path });
  if (status.size > largestFile) throw new MechanistError('memory', `The file has ${status.size} bytes and is not read.`, { file });
  return file;
}

function hashOf(file: string): string {
  return createHash('sha256').update(readFileSync(file)).digest('hex');
}
