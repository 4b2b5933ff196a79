/**
 * Links to subjects and findings in any Markdown: `[text](mechanist:…)`, `<mechanist:…>`, reference definitions, and bare
 * URIs. What stands in code (fenced blocks, code spans) is an example and no link.
 */
import { MechanistError } from '../engine/errors.ts';
import { parseLink } from './subjects.ts';
import type { LinkTarget } from './subjects.ts';

export interface Link {
  /** UTF-16 offsets of the URI in the text, end exclusive. */
  readonly start: number;
  readonly end: number;
  readonly uri: string;
  /** Undefined for a URI that cannot be read; `problem` then says why. */
  readonly target: LinkTarget | undefined;
  readonly problem: string | undefined;
}

const uriPattern = /mechanist:[a-z]+(?:\/(?:[^\s()<>[\]{}"'`\\|^*]*[^\s()<>[\]{}"'`\\|^*.,;:!?])?)+/g;
const mostLinks = 20_000;

/** The links of a text in order, from offset `from`; at most 20,000. */
export function findLinks(text: string, from = 0): Link[] {
  if (!text.includes('mechanist:', from)) return [];
  const code = codeSpans(text, from);
  const links: Link[] = [];
  let span = 0;
  uriPattern.lastIndex = from;
  for (let match = uriPattern.exec(text); match !== null && links.length < mostLinks; match = uriPattern.exec(text)) {
    const start = match.index;
    while (span < code.length && code[span]![1] <= start) span++;
    if (span < code.length && code[span]![0] <= start) continue;
    if (start > 0 && /[\w/]/.test(text[start - 1]!)) continue;
    links.push(linkOf(match[0], start));
  }
  return links;
}

/** The link that covers an offset. */
export function linkAt(links: readonly Link[], offset: number): Link | undefined {
  return links.find(({ start, end }) => start <= offset && offset <= end);
}

function linkOf(uri: string, start: number): Link {
  const place = { start, end: start + uri.length, uri };
  try {
    return { ...place, target: parseLink(uri), problem: undefined };
  } catch (error) {
    if (!MechanistError.is(error)) throw error;
    return { ...place, target: undefined, problem: error.statement };
  }
}

/** Fenced blocks and code spans as [start, end) in order. A fence that is not closed goes to the end of the text. */
function codeSpans(text: string, from: number): [number, number][] {
  const spans: [number, number][] = [];
  const fence = /^ {0,3}(`{3,}(?=[^`\n]*$)|~{3,})/gm;
  fence.lastIndex = from;
  let after = from;
  for (let open = fence.exec(text); open !== null; open = fence.exec(text)) {
    inlineSpans(text, after, open.index, spans);
    const mark = open[1]!;
    const close = new RegExp(`^ {0,3}\\${mark[0]!}{${Math.min(mark.length, 200)},}[ \\t]*\\r?$`, 'gm');
    close.lastIndex = open.index + open[0].length;
    const end = close.exec(text);
    after = end === null ? text.length : end.index + end[0].length;
    spans.push([open.index, after]);
    fence.lastIndex = after;
    if (end === null) return spans;
  }
  inlineSpans(text, after, text.length, spans);
  return spans;
}

/** Code spans: a run of backticks up to the next run of the same length, within one paragraph. */
function inlineSpans(text: string, from: number, to: number, spans: [number, number][]): void {
  const ticks = /`+|\n[ \t]*\r?\n/g;
  ticks.lastIndex = from;
  let open: { at: number; length: number; resume: number } | undefined;
  for (let run = ticks.exec(text); run !== null && run.index < to; run = ticks.exec(text)) {
    const paragraphEnds = run[0][0] === '\n';
    if (open === undefined) {
      if (!paragraphEnds) open = { at: run.index, length: run[0].length, resume: ticks.lastIndex };
    } else if (paragraphEnds) open = undefined;
    else if (run[0].length === open.length) {
      spans.push([open.at, ticks.lastIndex]);
      open = undefined;
    }
  }
}
