/** Paths in requests: absolute, existing, and of the expected kind once links are resolved. */
import { realpath, stat } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import { MechanistError } from '../engine/errors.ts';

export type PathKind = 'file' | 'folder' | 'file or folder';

/** The real path. Errors: `argument` for a relative path or another kind of thing, `not-found`. */
export async function checkedPath(path: string, kind: PathKind): Promise<string> {
  if (!isAbsolute(path) || path.includes('\0')) throw new MechanistError('argument', 'Only absolute paths are opened.', { file: path });
  let real: string;
  let found: 'file' | 'folder' | 'neither';
  try {
    real = await realpath(path);
    const status = await stat(real);
    found = status.isFile() ? 'file' : status.isDirectory() ? 'folder' : 'neither';
  } catch (error) {
    throw new MechanistError('not-found', 'There is no such file or folder.', { file: path, cause: error });
  }
  if (found === kind || (kind === 'file or folder' && found !== 'neither')) return real;
  throw new MechanistError('argument', `This is not a regular ${kind}.`, { file: path });
}

/** The folder of a bundled model. Errors: `not-found`. */
export async function zooFolder(zoo: string | undefined, id: string): Promise<string> {
  if (zoo === undefined || !/^\w[\w.-]*$/.test(id)) throw new MechanistError('not-found', `There is no bundled model "${id}".`);
  return checkedPath(join(zoo, id), 'folder');
}
