/** The special tokens that a model expects around a text. */
import type { Tokenizer } from '../tokenizer.ts';

export interface SpecialTokens {
  readonly before: readonly number[];
  readonly after: readonly number[];
}

/** Found by what encoding adds to a text of one letter. */
export function specialTokens(tokenizer: Tokenizer): SpecialTokens {
  const letter = 'a';
  const bare = tokenizer.encode(letter, { addSpecialTokens: false }).ids;
  const full = tokenizer.encode(letter).ids;
  for (let at = 0; at + bare.length <= full.length; at++) {
    if (bare.every((id, i) => full[at + i] === id)) return { before: full.slice(0, at), after: full.slice(at + bare.length) };
  }
  return { before: [], after: [] };
}
