/** Where the front matter of a note begins and ends. Only a block between two lines of exactly `---` at the very start counts. */

export interface FrontMatter {
  /** Offset of the opening line (1 after a byte order mark). */
  readonly start: number;
  /** The YAML between the lines, in UTF-16 units of the note. */
  readonly yamlStart: number;
  readonly yamlEnd: number;
  /** Offset after the closing line and its line break. */
  readonly bodyStart: number;
  readonly eol: '\n' | '\r\n';
}

const bom = '\uFEFF';

/** Undefined when the text has none. `---js` and other words after the dashes name another language and make no front matter. */
export function findFrontMatter(text: string): FrontMatter | undefined {
  const start = text.startsWith(bom) ? 1 : 0;
  const opening = /---[ \t]*(\r?\n)/y;
  opening.lastIndex = start;
  const first = opening.exec(text);
  if (first === null) return undefined;
  const yamlStart = opening.lastIndex;
  const closing = /^---[ \t]*(?:\r?\n|$(?![\s\S]))/gm;
  closing.lastIndex = yamlStart;
  const last = closing.exec(text);
  if (last === null) return undefined;
  return { start, yamlStart, yamlEnd: last.index, bodyStart: closing.lastIndex, eol: first[1] as '\n' | '\r\n' };
}
