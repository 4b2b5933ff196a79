/**
 * Where each token stands in the text: UTF-16 character spans, which transformers.js does not report.
 *
 * Text and tokens are both spelled as bytes (surface.ts) and walked together. The text is normalised cluster by
 * cluster, so a byte that normalisation produced still knows the characters it came from. A token that holds only
 * part of a character's bytes gets that character's span, hence neighbouring spans may overlap but never go back.
 */
import { utf8 } from './surface.ts';
import type { UnknownUnit } from './surface.ts';

/** [start, end) in UTF-16 code units. */
export type Span = readonly [start: number, end: number];

export interface AlignedText {
  readonly text: string;
  /** Bytes of the normalised text, and for each the span of the characters it came from. */
  readonly bytes: readonly number[];
  readonly starts: readonly number[];
  readonly ends: readonly number[];
}

/** One token as alignment sees it. */
export type TokenSurface =
  /** An entry that spells these bytes. */
  | { readonly kind: 'bytes'; readonly bytes: readonly number[] }
  /** An added token, cut out of the raw text before normalisation. */
  | { readonly kind: 'literal'; readonly text: string; readonly bytes: readonly number[] }
  /** The entry for text outside the vocabulary, or `text` itself where it is written out. */
  | { readonly kind: 'unknown'; readonly unit: UnknownUnit; readonly text: string };

/** Spells a text as bytes with spans. `normalize` is applied to one cluster (base character with its marks) at a time. */
export function alignable(text: string, normalize: ((cluster: string) => string) | undefined): AlignedText {
  const bytes: number[] = [];
  const starts: number[] = [];
  const ends: number[] = [];
  const push = (spelled: string, start: number, end: number): void => {
    for (const byte of utf8(spelled)) {
      bytes.push(byte);
      starts.push(start);
      ends.push(end);
    }
  };
  const pushCharacters = (cluster: string, start: number): void => {
    let at = start;
    for (const character of cluster) push(character, at, (at += character.length));
  };
  if (normalize === undefined) {
    pushCharacters(text, 0);
  } else {
    for (const { 0: cluster, index } of text.matchAll(clusters)) {
      const normalized = normalize(cluster);
      if (normalized === cluster) pushCharacters(cluster, index);
      else push(normalized, index, index + cluster.length);
    }
  }
  return { text, bytes, starts, ends };
}

/**
 * Spans of the tokens of one text, in order. Spaces that the tokenizer added get an empty span; an entry whose
 * spelling cannot be found (the normaliser looked beyond a cluster) gets what lies between its neighbours.
 */
export function alignTokens(source: AlignedText, tokens: readonly TokenSurface[]): Span[] {
  const walk = new Walk(source);
  const spans: (Span | undefined)[] = [];
  let inSpaces = false;
  for (const [i, token] of tokens.entries()) {
    if (token.kind === 'unknown') {
      spans.push(walk.takeUnknown(token.unit, token.text));
      inSpaces = false;
      continue;
    }
    const literal = token.kind === 'literal' ? walk.takeLiteral(token.text) : undefined;
    if (literal !== undefined) {
      spans.push(literal);
      inSpaces = false;
      continue;
    }
    if (token.bytes[0] === space && !inSpaces && !walk.lost) walk.meetSpaces(spacesFrom(tokens, i));
    spans.push(walk.takeBytes(token.bytes));
    inSpaces = token.bytes.at(-1) === space;
  }
  return fillGaps(spans, source.text.length);
}

const space = 0x20;

/** A base character with its combining marks; a Hangul syllable written in jamo counts as one. */
const clusters = /[\u1100-\u115f\ua960-\ua97c\uac00-\ud7a3][\u1160-\u11ff\ud7b0-\ud7fb]*\p{M}*|\P{M}\p{M}*|\p{M}+/gu;

/** A word as WordPiece sees it: one ideograph, one punctuation mark, or a run of other characters. */
const ideographs = String.raw`\u4e00-\u9fff\u3400-\u4dbf\uf900-\ufaff\u{20000}-\u{2fa1f}`;
const punctuation = String.raw`\p{P}\u0021-\u002f\u003a-\u0040\u005b-\u0060\u007b-\u007e`;
const word = new RegExp(`[${ideographs}${punctuation}]|[^\\s${ideographs}${punctuation}]+`, 'gu');

/** How many bytes of dropped text (control characters, collapsed spaces) may stand before a token. */
const furthestSkip = 256;

class Walk {
  private readonly source: AlignedText;
  private next = 0;
  private addedSpaces = 0;
  /** True after a run of unknown text of unknown length: the next known token says where it ended. */
  lost = false;

  constructor(source: AlignedText) {
    this.source = source;
  }

  /** Compares a run of spaces in the tokens with the run in the text: surplus ones were added, missing ones dropped. */
  meetSpaces(count: number): void {
    const { bytes } = this.source;
    let present = 0;
    while (bytes[this.next + present] === space) present++;
    this.addedSpaces = Math.max(0, count - present);
    this.next += Math.max(0, present - count);
  }

  takeBytes(bytes: readonly number[]): Span | undefined {
    let added = 0;
    while (this.addedSpaces > 0 && bytes[added] === space) {
      added++;
      this.addedSpaces--;
    }
    const spelled = bytes.slice(added);
    if (spelled.length === 0) return [this.character(), this.character()];
    const at = this.find(spelled);
    if (at === undefined) return undefined;
    this.next = at + spelled.length;
    return [this.source.starts[at]!, this.source.ends[this.next - 1]!];
  }

  takeLiteral(text: string): Span | undefined {
    const start = this.source.text.indexOf(text, this.character());
    return start < 0 ? undefined : this.takeThrough(start, start + text.length);
  }

  takeUnknown(unit: UnknownUnit, writtenOut: string): Span | undefined {
    const start = this.character();
    const literal = this.source.text.slice(start).search(/\S/) + start;
    if (this.source.text.startsWith(writtenOut, literal)) return this.takeThrough(literal, literal + writtenOut.length);
    if (unit === 'run') {
      this.lost = true;
      return undefined;
    }
    if (unit === 'word') {
      word.lastIndex = start;
      const match = word.exec(this.source.text);
      return match === null ? undefined : this.takeThrough(match.index, match.index + match[0].length);
    }
    while (this.source.bytes[this.next] === space) this.next++;
    return this.next < this.source.bytes.length ? this.takeThrough(this.character(), this.source.ends[this.next]!) : undefined;
  }

  private character(): number {
    return this.source.starts[this.next] ?? this.source.text.length;
  }

  private takeThrough(start: number, end: number): Span {
    while (this.next < this.source.bytes.length && this.source.starts[this.next]! < end) this.next++;
    return [start, end];
  }

  private find(spelled: readonly number[]): number | undefined {
    const last = this.source.bytes.length - spelled.length;
    const furthest = this.lost ? last : Math.min(last, this.next + furthestSkip);
    this.lost = false;
    for (let at = this.next; at <= furthest; at++) {
      if (spelled.every((byte, k) => this.source.bytes[at + k] === byte)) return at;
    }
    return undefined;
  }
}

/** Length of the run of spaces that starts with token `first` and may go on through the following ones. */
function spacesFrom(tokens: readonly TokenSurface[], first: number): number {
  let count = 0;
  for (let i = first; i < tokens.length; i++) {
    const token = tokens[i]!;
    if (token.kind !== 'bytes') return count;
    for (const byte of token.bytes) {
      if (byte !== space) return count;
      count++;
    }
  }
  return count;
}

function fillGaps(spans: readonly (Span | undefined)[], length: number): Span[] {
  const nextStart: number[] = [];
  let start = length;
  for (let i = spans.length - 1; i >= 0; i--) {
    nextStart[i] = start;
    start = spans[i]?.[0] ?? start;
  }
  let end = 0;
  return spans.map((span, i) => {
    const filled: Span = span ?? [end, Math.max(end, nextStart[i]!)];
    end = filled[1];
    return filled;
  });
}
