/** Reading a text file as a whole, up to a size. */
import { readFileSync, statSync } from 'node:fs';
import { MechanistError } from '../errors.ts';

/** Errors: `not-found` for a file that is missing, unreadable or none; `memory` above the size, in bytes. */
export function readTextFile(file: string, maxBytes: number): string {
  try {
    const status = statSync(file);
    if (!status.isFile()) throw new MechanistError('not-found', 'This is not a regular file.', { file });
    if (status.size > maxBytes) throw new MechanistError('memory', `The file has ${status.size} bytes; at most ${maxBytes} are read.`, { file, hint: 'Split it.' });
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (MechanistError.is(error)) throw error;
    throw new MechanistError('not-found', `The file cannot be opened (${(error as NodeJS.ErrnoException).code ?? 'unknown error'}).`, { file, cause: error });
  }
}
