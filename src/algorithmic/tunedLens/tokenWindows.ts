/** Windows of a token sequence for training a tuned lens: random ones of the first nine tenths, the last tenth held out. */
import { MechanistError } from '../../engine/errors.ts';
import { Random } from '../../engine/random.ts';
import { i64 } from '../../engine/tensor.ts';
import type { Batch } from './train.ts';

export interface TokenWindows {
  readonly batch: () => Batch;
  readonly heldOut: readonly Batch[];
  /** Tokens of one batch, and of the held-out windows, special ones left out. */
  readonly batchTokens: number;
  readonly heldOutTokens: number;
}

const rows = 8;
const mostHeldOut = 64;

/** `before`: ids put in front of each window. `context`: longest window with them; at most 64 are used. Errors: `argument` for too few tokens. */
export function tokenWindows(ids: readonly number[], before: readonly number[], context: number, seed: number): TokenWindows {
  const length = Math.min(64, context) - before.length;
  const split = Math.floor(0.9 * ids.length);
  if (ids.length - split < length || split < rows * length) {
    throw new MechanistError('argument', `The text has ${ids.length} tokens; a tuned lens needs at least ${10 * length}.`, { hint: 'Give more text.' });
  }
  const random = new Random(seed);
  const windows = (starts: readonly number[]): Batch => new Map([['input_ids', i64([starts.length, length + before.length], starts.flatMap((start) => [...before, ...ids.slice(start, start + length)]))]]);
  const held = Array.from({ length: Math.min(mostHeldOut, Math.floor((ids.length - split) / length)) }, (_, i) => split + i * length);
  return {
    batch: () => windows(Array.from({ length: rows }, () => random.integer(split - length + 1))),
    heldOut: held.map((start) => windows([start])), batchTokens: rows * length, heldOutTokens: held.length * length,
  };
}
