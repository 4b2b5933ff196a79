/**
 * Tensor data kept beside the model file. The location comes from an untrusted file, so it may only name a plain
 * file inside the model's own folder: no escape, no link of either kind, nothing read beyond its end.
 */
import { constants, lstatSync, openSync, closeSync, fstatSync, realpathSync } from 'node:fs';
import { join, sep } from 'node:path';
import { MechanistError } from '../../errors.ts';
import { FileSource } from './reader.ts';

export interface ExternalLocation {
  readonly location: string;
  readonly offset: number;
  /** Undefined: as many bytes as the tensor has. */
  readonly length: number | undefined;
}

const knownKeys = new Set(['location', 'offset', 'length', 'checksum', 'basepath']);

/** Reads the key–value pairs of `TensorProto.external_data`. Errors: `parse`. */
export function parseExternalLocation(entries: readonly (readonly [string, string])[], field: string): ExternalLocation {
  const values = new Map<string, string>();
  for (const [key, value] of entries) {
    if (!knownKeys.has(key)) throw new MechanistError('parse', `External data has the unknown key "${key.slice(0, 40)}".`, { field });
    if (values.has(key)) throw new MechanistError('parse', `External data gives "${key}" twice.`, { field });
    values.set(key, value);
  }
  const location = values.get('location');
  if (location === undefined) throw new MechanistError('parse', 'External data has no location.', { field });
  const integer = (key: string): number | undefined => {
    const text = values.get(key);
    if (text === undefined) return undefined;
    const value = /^\d{1,16}$/.test(text) ? Number(text) : NaN;
    if (!Number.isSafeInteger(value)) throw new MechanistError('parse', `External data has an invalid ${key}.`, { field });
    return value;
  };
  return { location, offset: integer('offset') ?? 0, length: integer('length') };
}

/**
 * Opens the file at `location` below `folder`. The caller closes it.
 * Errors: `parse` for a location outside the rules, `not-found` for a missing file.
 */
export function openExternalFile(folder: string, location: string, field: string): FileSource {
  const refuse = (statement: string, cause?: unknown): MechanistError => new MechanistError('parse', statement, { field, cause });
  const segments = location.split('/');
  if (location === '' || location.length > 4096 || /[\0\\]/.test(location) || /^[A-Za-z]:/.test(location)) throw refuse('The location of external data is not a relative path.');
  if (segments.some((part) => part === '' || part === '.' || part === '..')) {
    throw refuse('The location of external data is not a normalised path inside the model folder.');
  }
  const file = join(folder, ...segments);
  let descriptor: number;
  try {
    if (lstatSync(file).isSymbolicLink()) throw refuse('External data must not be a symbolic link.');
    const inside = realpathSync(folder);
    if (!realpathSync(file).startsWith(inside.endsWith(sep) ? inside : inside + sep)) throw refuse('External data lies outside the model folder.');
    descriptor = openSync(file, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0));
  } catch (error) {
    if (MechanistError.is(error)) throw error;
    throw new MechanistError('not-found', `The external data file "${location}" cannot be opened.`, { field, cause: error });
  }
  const stat = fstatSync(descriptor);
  if (!stat.isFile() || stat.nlink !== 1) {
    closeSync(descriptor);
    throw refuse(stat.isFile() ? 'External data must not be a hard link.' : 'External data is not a regular file.');
  }
  return FileSource.over(descriptor, file, stat.size);
}
