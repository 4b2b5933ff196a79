/** File names taken from other files may only point inside the folder they came from. */
import { lstatSync, realpathSync, statSync } from 'node:fs';
import { join, sep } from 'node:path';
import { MechanistError } from '../errors.ts';

export interface LinkRules {
  /**
   * `inside` (default): a symbolic link is followed when it ends inside the folder or in one of `alsoInside`.
   * `refuse`: the path may contain no symbolic link, and the file must have no other hard link.
   */
  readonly links?: 'inside' | 'refuse';
  /** Further folders that links may lead to, such as the blobs of a hub cache. */
  readonly alsoInside?: readonly string[];
}

/**
 * The real path of `name` inside `folder`: relative, normalised (no `..`, `.`, empty part, backslash, drive letter or
 * NUL), a regular file, and inside once links are resolved.
 * Errors: `parse` for a name outside the rules, `not-found` for a missing file.
 */
export function resolveInside(folder: string, name: string, { links = 'inside', alsoInside = [] }: LinkRules = {}): string {
  const refuse = (statement: string): MechanistError => new MechanistError('parse', statement, { file: folder, field: `path ${JSON.stringify(name)}` });
  if (name === '' || name.length > 4096 || /[\0\\]/.test(name) || /^[A-Za-z]:/.test(name)) throw refuse('This is not a relative path.');
  if (name.split('/').some((part) => part === '' || part === '.' || part === '..')) {
    throw refuse('Only a normalised path inside the folder is allowed.');
  }
  const path = join(folder, ...name.split('/'));
  const real = realPath(path);
  const roots = [folder, ...alsoInside].map(realPath);
  if (!roots.some((root) => real.startsWith(root.endsWith(sep) ? root : root + sep))) throw refuse('The path leaves the folder through a link.');
  if (links === 'refuse' && real !== join(roots[0]!, ...name.split('/'))) throw refuse('Symbolic links are not allowed here.');
  const status = statSync(real);
  if (!status.isFile()) throw refuse('This is not a regular file.');
  if (links === 'refuse' && status.nlink > 1) throw refuse('Hard links are not allowed here.');
  return real;
}

/** Whether something of this name exists, a dangling link included. */
export function exists(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}

function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch (error) {
    throw new MechanistError('not-found', 'There is no such file or folder.', { file: path, cause: error });
  }
}
