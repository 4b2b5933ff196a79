/** A document under construction: text in pieces, every piece with its labels and the grammar's probabilities. */

import type { DocumentKind, Labels, LabelValue } from './labels.ts';

export interface Span {
  /** Offsets in UTF-16 units, end exclusive. A leading space belongs to the piece. */
  readonly start: number;
  readonly end: number;
  /** Labels of the piece itself. */
  readonly labels: Labels;
  /** Labels of its surroundings (tense of the story, inside a quotation…); `labels` wins. */
  readonly context: Labels;
  /** −log probability of the choices first visible in this piece, nats. */
  readonly surprise: number;
  /** Entropy of the choice between this piece and its alternatives, nats; undefined where it is not known exactly. */
  readonly entropy: number | undefined;
}

export interface LabelledDocument {
  readonly kind: DocumentKind;
  readonly text: string;
  readonly spans: readonly Span[];
  /** Token ids, for documents that are made of tokens rather than of text; one span per token. */
  readonly tokens?: readonly number[];
}

/** What a choice contributes: its text and labels, and, until it has been paid, its surprise and entropy. */
export interface Draw {
  readonly text: string;
  readonly labels: Labels;
  surprise: number;
  entropy: number;
}

/** A uniform draw among `count` alternatives, paid at its first mention. */
export function uniformDraw(text: string, count: number, labels: Labels): Draw {
  const nats = Math.log(count);
  return { text, labels, surprise: nats, entropy: nats };
}

export class DocumentWriter {
  private readonly pieces: Span[] = [];
  private content = '';
  private context: Labels = empty;
  private owed = 0;
  /** False where the alternatives of the next piece include other constructions, so that its entropy is not known. */
  entropyKnown = true;

  /** Appends a piece. Choices owed since the last piece are paid here, which leaves its entropy unknown. */
  emit(text: string, labels: Labels = empty, surprise = 0, entropy = 0): void {
    const start = this.content.length;
    this.content += text;
    const unknown = this.owed > 0 || !this.entropyKnown;
    this.pieces.push({
      start, end: this.content.length, labels, context: this.context,
      surprise: surprise + this.owed, entropy: unknown ? undefined : entropy,
    });
    this.owed = 0;
  }

  /** Appends a piece whose alternatives the grammar does not keep track of. */
  emitUnknown(text: string, labels: Labels = empty, surprise = 0): void {
    const known = this.entropyKnown;
    this.entropyKnown = false;
    this.emit(text, labels, surprise);
    this.entropyKnown = known;
  }

  /** Appends a drawn entity, with the space before it; its choice is paid the first time. */
  emitDraw(draw: Draw, before = ' ', labels: Labels = draw.labels): void {
    this.emit(before + draw.text, labels, draw.surprise, draw.entropy);
    draw.surprise = 0;
    draw.entropy = 0;
  }

  /** A choice that shows only later, together with others: −log probability in nats. */
  owe(nats: number): void {
    this.owed += nats;
  }

  /** Sets a label for the pieces that follow; undefined removes it. */
  set(name: string, value: LabelValue | undefined): void {
    const next = { ...this.context };
    if (value === undefined) delete next[name];
    else next[name] = value;
    this.context = next;
  }

  finish(kind: DocumentKind): LabelledDocument {
    return { kind, text: this.content, spans: this.pieces };
  }
}

const empty: Labels = Object.freeze({});
