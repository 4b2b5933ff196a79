/**
 * Files of a note: figures, tables and data, in the folder of the note's name beside it. `findings/alpha.md` has
 * `findings/alpha/figure-1.svg`. They are written before the note that names them, each as a whole or not at all.
 */
import { closeSync, mkdirSync, openSync, realpathSync, rmSync } from 'node:fs';
import { basename, dirname, extname, join, relative, sep } from 'node:path';
import { MechanistError } from '../engine/errors.ts';
import { writeFileAtomically } from '../engine/formats/atomicFile.ts';

export interface Attachment {
  readonly extension: 'svg' | 'csv' | 'json';
  readonly content: string;
}

/** In UTF-16 units, each. */
const largest = 20_000_000;
const mostOfOneName = 10_000;

/**
 * Writes the attachments under the first number that is free, and returns their paths relative to the note, with "/".
 * Errors: `argument` for a folder that cannot be written, or that leads elsewhere; `memory` for what is too large, or a full disk.
 */
export function saveAttachments(note: string, stem: 'figure', attachments: readonly Attachment[]): string[] {
  for (const { content, extension } of attachments) if (content.length > largest) throw new MechanistError('memory', `The ${extension} file of the figure is too large to be kept beside a note.`, { file: note });
  const name = basename(note, extname(note));
  const folder = join(dirname(note), name);
  const number = reserve(folder, stem, attachments, note);
  const written: string[] = [];
  try {
    for (const { extension, content } of attachments) {
      const path = `${name}/${stem}-${number}.${extension}`;
      written.push(path);
      writeFileAtomically(join(dirname(note), path), [new TextEncoder().encode(content)]);
    }
  } catch (error) {
    removeAttachments(note, written);
    throw error;
  }
  return written;
}

/** Takes attachments back whose note could not be written. */
export function removeAttachments(note: string, paths: readonly string[]): void {
  for (const path of paths) rmSync(join(dirname(note), path), { force: true });
}

/** A path as a link in Markdown needs it. */
export function linkPath(path: string): string {
  return path.split('/').map((part) => encodeURIComponent(part).replaceAll(/[()'*!]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)).join('/');
}

/** Makes the folder, and a file of the first free number, so that two windows never take the same. */
function reserve(folder: string, stem: string, [first]: readonly Attachment[], note: string): number {
  try {
    mkdirSync(folder, { recursive: true });
    if (relative(realpathSync(dirname(note)), realpathSync(folder)).split(sep)[0] === '..') throw new MechanistError('argument', 'The folder of the note\'s figures is a link that leads elsewhere.', { file: folder });
    for (let number = 1; number <= mostOfOneName; number++) {
      try {
        closeSync(openSync(join(folder, `${stem}-${number}.${first!.extension}`), 'wx'));
        return number;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      }
    }
  } catch (error) {
    if (MechanistError.is(error)) throw error;
    const { code = 'unknown error' } = error as NodeJS.ErrnoException;
    throw new MechanistError(code === 'ENOSPC' ? 'memory' : 'argument', `The figure could not be written beside the note (${code}).`, { file: folder, cause: error, hint: code === 'EACCES' || code === 'EPERM' || code === 'EROFS' ? 'Its folder is read-only for you.' : undefined });
  }
  throw new MechanistError('argument', `The note has ${mostOfOneName} figures already.`, { file: folder });
}
