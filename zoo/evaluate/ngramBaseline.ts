/** The n-gram model beside which the zoo's models are scored, trained on the same stream of text. */
import type { ZooModel } from '../plans.ts';
import { trainingBatch } from '../stream.ts';
import type { FableTokenizer } from '../tokenizer/encode.ts';
import { NGramModel } from './ngram.ts';

export interface NGramBaseline {
  readonly ngram: NGramModel;
  readonly order: number;
  /** Tokens it was trained on. */
  readonly tokens: number;
}

/** Trains on `batches` of the plan's batches, evenly spaced over its training so that every mix is seen. */
export function trainNGram(plan: ZooModel, tokenizer: FableTokenizer, order = 5, batches = 300): NGramBaseline {
  const ngram = new NGramModel(order, tokenizer.size);
  const { batch, context, steps } = plan;
  for (let i = 0; i < batches; i++) {
    const ids = trainingBatch(plan, tokenizer, 1 + Math.floor((i * steps) / batches));
    for (let row = 0; row < batch; row++) ngram.observe(ids.subarray(row * context, (row + 1) * context));
  }
  return { ngram, order, tokens: batches * batch * context };
}
