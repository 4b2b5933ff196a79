/** Pictures beside a note, as `data:` URIs: nothing outside the folder of the note, and of drawings only plain ones. */
import { readFileSync, realpathSync, statSync } from 'node:fs';
import { dirname, extname, join, relative, sep } from 'node:path';
import { isInside } from '../format/schema.ts';
import { isPlainSvg } from './plainSvg.ts';

const largestPicture = 5_000_000;
const pictureTypes: Readonly<Record<string, string>> = { '.png': 'image/png', '.jpg': 'image/jpeg', '.jpeg': 'image/jpeg', '.webp': 'image/webp', '.svg': 'image/svg+xml' };

/** Undefined for what is missing, too large, no picture, or a drawing with more than shapes and words. */
export function pictureUri(note: string, path: string): string | undefined {
  const type = pictureTypes[extname(path).toLowerCase()];
  const file = type === undefined ? undefined : besideNote(note, path);
  if (file === undefined || statSync(file).size > largestPicture) return undefined;
  const bytes = readFileSync(file);
  if (type === 'image/svg+xml' && !isPlainSvg(bytes.toString('utf8'))) return undefined;
  return `data:${type};base64,${bytes.toString('base64')}`;
}

/** The real path of a file below the folder of the note, undefined for anything else: links out of it are not followed. */
export function besideNote(note: string, path: string): string | undefined {
  const folder = dirname(note);
  if (!isInside(path)) return undefined;
  const file = join(folder, path);
  if (statSync(file, { throwIfNoEntry: false })?.isFile() !== true) return undefined;
  const real = realpathSync(file);
  return relative(realpathSync(folder), real).split(sep)[0] === '..' ? undefined : real;
}
