/** A text as the tokens of an attribution graph: behind a special token, whose features and errors are left out. */
import { MechanistError } from '../../engine/errors.ts';
import type { Tokenizer } from '../../engine/models/tokenizer.ts';

/**
 * The text's tokens behind the model's first special token (beginning of text, else padding, else end), unless they
 * begin with one: as circuit-tracer does, because whatever stands first has activations of its own kind.
 */
export function promptTokens({ encode, bosId, padId, eosId }: Tokenizer, text: string): number[] {
  const { ids } = encode(text, { addSpecialTokens: false });
  const special = [bosId, padId, eosId].filter((id) => id !== undefined);
  const [first] = special;
  return first === undefined || special.includes(ids[0] ?? -1) ? [...ids] : [first, ...ids];
}

/** How tokens are written in a graph: their text, or their number where the vocabulary has none (padded embeddings). */
export function tokenTexts(tokenizer: Tokenizer | undefined): (id: number) => string {
  return (id) => {
    try {
      return tokenizer?.decode([id]) ?? String(id);
    } catch (error) {
      if (MechanistError.is(error, 'argument')) return String(id);
      throw error;
    }
  };
}
