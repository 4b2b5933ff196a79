/** Which lines of a text findings were measured on. Pure. */
import type { FindingEntry } from '../../notes/noteIndex.ts';

export interface QuotedLine {
  /** From 0. */
  readonly line: number;
  readonly entry: FindingEntry;
}

/** `isFile` tells whether an input path of a note is this text. A finding on the whole file stands at its first line. */
export function quotedLines(text: string, entries: readonly FindingEntry[], isFile: (notePath: string, inputPath: string) => boolean): QuotedLine[] {
  const lineOf = new Map<string, number>();
  text.split(/\r?\n/).forEach((line, i) => {
    const trimmed = line.trim();
    if (trimmed !== '' && !lineOf.has(trimmed)) lineOf.set(trimmed, i);
  });
  const found = new Map<string, QuotedLine>();
  for (const entry of entries) {
    for (const { inputs } of entry.finding.evidence) {
      for (const input of Object.values(inputs)) {
        const path = typeof input === 'object' && input !== null ? (input as { path?: unknown }).path : undefined;
        const line = typeof path === 'string' ? (isFile(entry.path, path) ? 0 : undefined) : typeof input === 'string' ? input.split(/\r?\n/).map((quoted) => lineOf.get(quoted.trim())).find((at) => at !== undefined) : undefined;
        if (line !== undefined) found.set(`${line} ${entry.path}`, { line, entry });
      }
    }
  }
  return [...found.values()].toSorted((a, b) => a.line - b.line);
}
