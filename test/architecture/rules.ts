/** The rules of `docs/architecture.md`. Each takes sources and returns one line for each violation. */
import { posix } from 'node:path';
import { importsOf, packageOf } from './importGraph.ts';
import { confinedPackages, layers, longestElsewhere, longestFile, networkFolders } from './layers.ts';
import type { SourceFile } from './sources.ts';

/** Imports against the direction of the layers, and files that no layer holds. */
export function wrongDirection(sources: readonly SourceFile[]): string[] {
  const found: string[] = [];
  for (const source of sources) {
    const layer = layerOf(source.path);
    if (layer === undefined) {
      found.push(`${source.path} belongs to no layer`);
      continue;
    }
    const allowed = [layer, ...layers[layer]!];
    for (const { target } of importsOf(source)) {
      if (target !== undefined && !allowed.some((folder) => isWithin(target, folder))) found.push(`${source.path} imports ${target}`);
    }
  }
  return found;
}

/** Packages imported outside the folders that may know them. */
export function escapedPackages(sources: readonly SourceFile[]): string[] {
  return sources.flatMap((source) =>
    importsOf(source)
      .filter(({ target, specifier }) => {
        const folders = target === undefined ? confinedPackages[packageOf(specifier)] : undefined;
        return folders !== undefined && !folders.some((folder) => isWithin(source.path, folder));
      })
      .map(({ from, specifier }) => `${from} imports ${specifier}`),
  );
}

/** Calls of the global `fetch` outside the folders that may speak to a network. A file that has a `fetch` of its own means that one. */
export function networkCalls(sources: readonly SourceFile[]): string[] {
  return sources
    .filter(({ path, text }) => !networkFolders.some((folder) => isWithin(path, folder)) && /(?<![.\w])(?:globalThis\.)?fetch\(|\bnew (?:WebSocket|XMLHttpRequest|EventSource)\b/.test(text))
    .filter(({ text }) => !/\b(?:const|function) fetch\b/.test(text))
    .map(({ path }) => path);
}

/** Relative imports that do not name the file with its extension. */
export function missingExtensions(sources: readonly SourceFile[]): string[] {
  return sources
    .flatMap(importsOf)
    .filter(({ target }) => target !== undefined && !/\.(?:ts|mjs|json|css)$/.test(target))
    .map(({ from, specifier }) => `${from} imports ${specifier}`);
}

/** Files that only pass on what other files export. */
export function barrels(sources: readonly SourceFile[]): string[] {
  return sources.filter(({ text }) => isBarrel(text)).map(({ path }) => path);
}

export function defaultExports(sources: readonly SourceFile[]): string[] {
  return sources.filter(({ text }) => /^export\s+default\b|^export\s*\{[^}]*\bas\s+default\b/m.test(text)).map(({ path }) => path);
}

export function tooLong(sources: readonly SourceFile[]): string[] {
  return sources
    .map(({ path, text }) => ({ path, lines: text.replace(/\n$/, '').split('\n').length }))
    .filter(({ path, lines }) => lines > (longestFile[path.split('/')[0]!] ?? longestElsewhere))
    .map(({ path, lines }) => `${path} has ${lines} lines`);
}

/** Folders that import each other, directly or in a circle. A folder and its own sub-folders count as one. */
export function folderCycles(sources: readonly SourceFile[]): string[] {
  const graph = new Map<string, Set<string>>();
  for (const { from, target } of sources.flatMap(importsOf)) {
    if (target === undefined) continue;
    const [a, b] = [posix.dirname(from), posix.dirname(target)];
    if (isWithin(a, b) || isWithin(b, a)) continue;
    graph.set(a, (graph.get(a) ?? new Set()).add(b));
  }
  const cycles = new Set<string>();
  for (const start of [...graph.keys()].sort()) {
    const circle = pathBack(graph, start);
    if (circle && [...circle].sort()[0] === start) cycles.add([...circle, start].join(' → '));
  }
  return [...cycles];
}

/** The shortest way from `start` through the graph back to it, by breadth-first search. */
function pathBack(graph: ReadonlyMap<string, ReadonlySet<string>>, start: string): string[] | undefined {
  const reached = new Set<string>();
  let frontier = [[start]];
  while (frontier.length > 0) {
    const next: string[][] = [];
    for (const path of frontier) {
      for (const folder of graph.get(path.at(-1)!) ?? []) {
        if (folder === start) return path;
        if (reached.has(folder)) continue;
        reached.add(folder);
        next.push([...path, folder]);
      }
    }
    frontier = next;
  }
  return undefined;
}

function isBarrel(text: string): boolean {
  const code = text.replace(/^\s*(?:\/\/.*|\/\*[\s\S]*?\*\/)/gm, '');
  const rest = code
    .replace(/^\s*export\s+(?:type\s+)?(?:\*(?:\s+as\s+\w+)?|\{[^}]*\})(?:\s*from\s*['"][^'"]+['"])?;?/gm, '')
    .replace(/^\s*import\s[^;]*?from\s*['"][^'"]+['"];?/gm, '');
  return rest.trim() === '' && /^\s*export\b/m.test(code);
}

function layerOf(path: string): string | undefined {
  const holding = Object.keys(layers).filter((folder) => isWithin(path, folder));
  return holding.sort((a, b) => b.length - a.length)[0];
}

function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(`${folder}/`);
}
