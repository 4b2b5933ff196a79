/** A finding with its evidence and figures as one HTML file, or as a folder with the note, that file and the artefacts. */
import { copyFileSync, mkdirSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname, extname, join, relative, sep } from 'node:path';
import { MechanistError } from '../../engine/errors.ts';
import { writeFileAtomically } from '../../engine/formats/atomicFile.ts';
import { isInside } from '../format/schema.ts';
import { readNote, requireFinding } from '../note.ts';
import { readNoteFile } from '../noteFile.ts';
import { findingHtml } from './html.ts';

const largestPicture = 5_000_000;
const pictureTypes: Readonly<Record<string, string>> = { '.png': 'image/png', '.jpg': 'image/jpeg', '.jpeg': 'image/jpeg', '.webp': 'image/webp' };

/** The finding of a note file as HTML. Errors: those of `readNoteFile` and `requireFinding`. */
export function shareHtml(file: string): string {
  const text = readNoteFile(file);
  const note = readNote(text);
  return findingHtml(requireFinding(note, file), {
    body: text.slice(note.frontMatter!.bodyStart),
    picture: (path) => dataUri(dirname(file), path),
  });
}

/**
 * Writes a new folder: `finding.html`, the note, its artefacts, and the files among its inputs. Returns what was missing.
 * Errors: `argument` when the folder exists; as `shareHtml`.
 */
export function shareFolder(file: string, folder: string): { readonly missing: readonly string[] } {
  const finding = requireFinding(readNote(readNoteFile(file)), file);
  const html = shareHtml(file);
  if (statSync(folder, { throwIfNoEntry: false }) !== undefined) throw new MechanistError('argument', 'The folder exists already.', { file: folder });
  mkdirSync(folder, { recursive: true });
  writeFileAtomically(join(folder, 'finding.html'), [new TextEncoder().encode(html)]);
  copyFileSync(file, join(folder, basename(file)));
  const inputs = finding.evidence.flatMap((record) => [record.artefact, ...Object.values(record.inputs).map(pathOf)]);
  const missing: string[] = [];
  for (const path of new Set(inputs)) {
    if (path === undefined) continue;
    const source = safePath(dirname(file), path);
    if (source === undefined) missing.push(path);
    else {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      copyFileSync(source, join(folder, path));
    }
  }
  return { missing };
}

function pathOf(input: unknown): string | undefined {
  const path = typeof input === 'object' && input !== null ? (input as { path?: unknown }).path : undefined;
  return typeof path === 'string' ? path : undefined;
}

function dataUri(folder: string, path: string): string | undefined {
  const type = pictureTypes[extname(path).toLowerCase()];
  const file = type === undefined ? undefined : safePath(folder, path);
  if (file === undefined || statSync(file).size > largestPicture) return undefined;
  return `data:${type};base64,${readFileSync(file).toString('base64')}`;
}

/** The real path of a file below the folder, undefined for anything else: links out of it are not followed. */
function safePath(folder: string, path: string): string | undefined {
  if (!isInside(path)) return undefined;
  const file = join(folder, path);
  if (statSync(file, { throwIfNoEntry: false })?.isFile() !== true) return undefined;
  const real = realpathSync(file);
  return relative(realpathSync(folder), real).split(sep)[0] === '..' ? undefined : real;
}
