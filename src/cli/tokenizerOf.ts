import { MechanistError } from '../engine/errors.ts';
import type { Model } from '../engine/models/model.ts';
import { loadTokenizer } from '../engine/models/tokenizer.ts';
import type { Tokenizer } from '../engine/models/tokenizer.ts';
import { descriptionFolder } from './modelInputs.ts';

/** The tokenizer of a model, or undefined when it has none. */
export async function tokenizerOf(model: Model): Promise<Tokenizer | undefined> {
  try {
    return await loadTokenizer(await descriptionFolder(model));
  } catch (error) {
    // A corpus of token ids needs none; readCorpus says what is missing when it does.
    if (MechanistError.is(error, 'not-found')) return undefined;
    throw error;
  }
}
