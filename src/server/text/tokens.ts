/** A text as the model's own tokens, apart from the special ones around it. */
import type { Tokenizer } from '../../engine/models/tokenizer.ts';

export interface TokenizedText {
  /** Special tokens that the model expects in front of a text and behind it. */
  readonly before: readonly number[];
  readonly after: readonly number[];
  /** The text's tokens, and their spans in UTF-16 code units. A token that is part of a character has that character's span. */
  readonly ids: readonly number[];
  readonly offsets: readonly (readonly [start: number, end: number])[];
}

export function tokenize(tokenizer: Tokenizer, text: string): TokenizedText {
  const { ids, offsets } = tokenizer.encode(text, { addSpecialTokens: false });
  return { ...specialTokens(tokenizer), ids, offsets };
}

/** Found by what encoding adds to a probe. */
function specialTokens(tokenizer: Tokenizer): Pick<TokenizedText, 'before' | 'after'> {
  const probe = 'a';
  const bare = tokenizer.encode(probe, { addSpecialTokens: false }).ids;
  const full = tokenizer.encode(probe).ids;
  for (let at = 0; at + bare.length <= full.length; at++) {
    if (bare.every((id, i) => full[at + i] === id)) return { before: full.slice(0, at), after: full.slice(at + bare.length) };
  }
  return { before: [], after: [] };
}
