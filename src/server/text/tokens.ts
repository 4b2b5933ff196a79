/** A text as the model's own tokens, apart from the special ones around it. */
import type { Tokenizer } from '../../engine/models/tokenizer.ts';
import { specialTokens } from '../../engine/models/tokenizer/specialTokens.ts';
import type { SpecialTokens } from '../../engine/models/tokenizer/specialTokens.ts';

export interface TokenizedText extends SpecialTokens {
  /** The text's tokens, and their spans in UTF-16 code units. A token that is part of a character has that character's span. */
  readonly ids: readonly number[];
  readonly offsets: readonly (readonly [start: number, end: number])[];
}

export function tokenize(tokenizer: Tokenizer, text: string): TokenizedText {
  const { ids, offsets } = tokenizer.encode(text, { addSpecialTokens: false });
  return { ...specialTokens(tokenizer), ids, offsets };
}
