/** The files of this repository, as the architecture tests see them: paths from the root with `/`, and texts. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export interface SourceFile {
  /** Path from the root of the repository, with `/`. */
  path: string;
  text: string;
}

/** Folders that hold nothing of the repository's own: what `.gitignore` lists, and git itself. */
const foreignFolders: ReadonlySet<string> = new Set(['.git', 'node_modules', '.toolchain', 'dist', 'coverage']);

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Paths of all files below `folder`, sorted. The disk is read, not git's index: a copy without git is checked as well. */
export function listFiles(folder = ''): string[] {
  const found: string[] = [];
  for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
    if (foreignFolders.has(entry.name)) continue;
    const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
    if (entry.isDirectory()) found.push(...listFiles(path));
    else if (entry.isFile()) found.push(path);
  }
  return found.sort();
}

/** In bytes. */
export function sizeOf(path: string): number {
  return statSync(join(root, path)).size;
}

export function readBytes(path: string): Buffer {
  return readFileSync(join(root, path));
}

/** The TypeScript files below `folders`, those of them that exist. */
export function readSources(folders: readonly string[]): SourceFile[] {
  return listFiles()
    .filter((path) => /\.[cm]?ts$/.test(path) && folders.some((folder) => path.startsWith(`${folder}/`)))
    .map((path) => ({ path, text: readBytes(path).toString('utf8') }));
}
