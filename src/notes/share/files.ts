/** A finding with its evidence and figures as one HTML file, or as a folder with the note, that file and the artefacts. */
import { copyFileSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { MechanistError } from '../../engine/errors.ts';
import { makeFolder, writeFileAtomically } from '../../engine/formats/atomicFile.ts';
import { readNote, requireFinding } from '../note.ts';
import { readNoteFile } from '../noteFile.ts';
import { findingHtml } from './html.ts';
import { besideNote, pictureUri } from './pictures.ts';

/** The finding of a note file as HTML. Errors: those of `readNoteFile` and `requireFinding`. */
export function shareHtml(file: string): string {
  const text = readNoteFile(file);
  const note = readNote(text);
  return findingHtml(requireFinding(note, file), {
    body: text.slice(note.frontMatter!.bodyStart),
    picture: (link) => pictureUri(file, pathOfLink(link)),
  });
}

/**
 * Writes a new folder: `finding.html`, the note, its artefacts, the files among its inputs and those its text links to. Returns what was missing.
 * Errors: `argument` when the folder exists; as `shareHtml`.
 */
export function shareFolder(file: string, folder: string): { readonly missing: readonly string[] } {
  const text = readNoteFile(file);
  const note = readNote(text);
  const finding = requireFinding(note, file);
  const html = shareHtml(file);
  if (statSync(folder, { throwIfNoEntry: false }) !== undefined) throw new MechanistError('argument', 'The folder exists already.', { file: folder });
  makeFolder(folder);
  writeFileAtomically(join(folder, 'finding.html'), [new TextEncoder().encode(html)]);
  copyFileSync(file, join(folder, basename(file)));
  const inputs = finding.evidence.flatMap((record) => [record.artefact, ...Object.values(record.inputs).map(pathOf)]);
  const linked = linkedFiles(text.slice(note.frontMatter!.bodyStart)).filter((path) => besideNote(file, path) !== undefined);
  const missing: string[] = [];
  for (const path of new Set([...inputs, ...linked])) {
    if (path === undefined) continue;
    const source = besideNote(file, path);
    if (source === undefined) missing.push(path);
    else {
      makeFolder(dirname(join(folder, path)));
      copyFileSync(source, join(folder, path));
    }
  }
  return { missing };
}

/** Relative paths that the body's links and pictures name. */
function linkedFiles(body: string): string[] {
  return Array.from(body.matchAll(/\]\(([^()\s:#]{1,500})\)/g), ([, link]) => pathOfLink(link!));
}

/** A link in Markdown as a path; as it is written, where its percent signs mean nothing. */
function pathOfLink(link: string): string {
  try {
    return decodeURIComponent(link);
  } catch (error) {
    if (!(error instanceof URIError)) throw error;
    return link;
  }
}

function pathOf(input: unknown): string | undefined {
  const path = typeof input === 'object' && input !== null ? (input as { path?: unknown }).path : undefined;
  return typeof path === 'string' ? path : undefined;
}
