/**
 * Who imports whom, read from source texts. A scan of lines, not a parser: statements are found where they start a line,
 * dynamic imports anywhere, which is how this repository writes them.
 */
import { posix } from 'node:path';
import type { SourceFile } from './sources.ts';

export interface ImportEdge {
  from: string;
  /** As written. */
  specifier: string;
  /** Path from the root for a relative import; `undefined` for a package or a built-in module. */
  target: string | undefined;
}

const importForms: readonly RegExp[] = [
  /^[ \t]*(?:import|export)\b[^'"`;]*?\bfrom\s*(['"])([^'"\n]+)\1/gm,
  /^[ \t]*import\s*(['"])([^'"\n]+)\1/gm,
  /\b(?:import|require|vi\.mock)\s*\(\s*(['"`])([^'"`\n$]+)\1/g,
];

export function importsOf({ path, text }: SourceFile): ImportEdge[] {
  return importForms.flatMap((form) =>
    Array.from(text.matchAll(form), ([, , specifier]) => ({ from: path, specifier: specifier!, target: resolveRelative(path, specifier!) })),
  );
}

/** Name of the package that a bare specifier belongs to: `@scope/name` or `name`. */
export function packageOf(specifier: string): string {
  return specifier.split('/').slice(0, specifier.startsWith('@') ? 2 : 1).join('/');
}

function resolveRelative(from: string, specifier: string): string | undefined {
  return specifier.startsWith('.') ? posix.join(posix.dirname(from), specifier) : undefined;
}
