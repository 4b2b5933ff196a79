/** Contexts of the corpus for whatever is trained or measured on a finished model: the mix of the end of its training. */
import { i64 } from '../src/engine/tensor.ts';
import type { Tensor } from '../src/engine/tensor.ts';
import { defaultSchedule, mixBatch } from './corpus/mix.ts';
import type { MixSchedule } from './corpus/mix.ts';
import type { Split } from './corpus/split.ts';
import type { FableTokenizer } from './tokenizer/encode.ts';

/** Tokens per context, as in training. */
export const contextLength = 128;

/** What dictionaries are measured on: the split whose templates and combinations no training saw. */
export const evaluation = { split: 'test', seed: 9, contexts: 192 } as const;

const finalMix: MixSchedule = [{ ...defaultSchedule.at(-1)!, from: 0 }];

/** int64 [count, 128], each beginning with `<bos>`; a pure function of split, seed and count. */
export function fableContexts(tokenizer: FableTokenizer, split: Split, seed: number, count: number): Tensor<'int64'> {
  return i64([count, contextLength], mixBatch({ tokenizer, schedule: finalMix, seed, split, batch: count, context: contextLength }, 0, 1));
}
