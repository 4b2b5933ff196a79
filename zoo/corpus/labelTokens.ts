/** From labelled pieces of text to labelled tokens. */

import type { FableTokenizer } from '../tokenizer/encode.ts';
import { derivedLabels } from './derivedLabels.ts';
import type { LabelledDocument, Span } from './document.ts';
import { labelDefinitions } from './labels.ts';
import type { Labels, LabelValue } from './labels.ts';

export interface LabelledTokens {
  readonly ids: readonly number[];
  /** For every label of `labelDefinitions`, one value per token; undefined where it does not apply. */
  readonly labels: Readonly<Record<string, readonly (LabelValue | undefined)[]>>;
}

/** Ids of a document, without `<bos>`. */
export function tokenIds(document: LabelledDocument, tokenizer: FableTokenizer): readonly number[] {
  return document.tokens ?? tokenizer.encode(document.text);
}

/**
 * Ids and labels of a document, without `<bos>`. A token has the labels of the piece in which its pre-token
 * begins; surprise and entropy belong to the first token of a piece, later ones are determined by it.
 */
export function labelTokens(document: LabelledDocument, tokenizer: FableTokenizer): LabelledTokens {
  const { ids, offsets } = document.tokens === undefined
    ? tokenizer.encodeWithOffsets(document.text)
    : { ids: document.tokens, offsets: document.spans.map(({ start }) => start) };
  const owners = ownersOf(document, offsets);
  const derived = derivedLabels(document);
  const rows = owners.map((owner, i) => tokenLabels(document.spans[owner]!, derived[owner]!, i === 0 || owners[i - 1] !== owner));
  const inScope = labelDefinitions.map((definition) => definition.scope.includes(document.kind));
  const labels: Record<string, (LabelValue | undefined)[]> = {};
  labelDefinitions.forEach((definition, d) => {
    labels[definition.name] = rows.map((row) => {
      if (!inScope[d]) return undefined;
      return definition.name === 'kind' ? document.kind : (row[definition.name] ?? definition.absent);
    });
  });
  return { ids, labels };
}

/** Index of the piece of each token. Pieces of token documents may be empty in text, but are one per token. */
function ownersOf(document: LabelledDocument, offsets: readonly number[]): number[] {
  if (document.tokens !== undefined) return offsets.map((_, i) => i);
  let owner = 0;
  return offsets.map((offset) => {
    while (document.spans[owner]!.end <= offset) owner++;
    return owner;
  });
}

function tokenLabels(span: Span, derived: Labels, first: boolean): Readonly<Record<string, LabelValue | undefined>> {
  return {
    ...span.context, ...derived, ...span.labels,
    surprise: first ? span.surprise : 0,
    entropy: first ? span.entropy : 0,
  };
}
