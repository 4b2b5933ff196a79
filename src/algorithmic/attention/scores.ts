/** Head-type scores on given token sequences, with how much goes to the first position and how spread attention is. */
import { throwIfCancelled } from '../../engine/errors.ts';
import type { Model } from '../../engine/models/model.ts';
import type { Runtime } from '../../engine/runtime/runtime.ts';
import { i64 } from '../../engine/tensor.ts';
import type { Tensor } from '../../engine/tensor.ts';
import { patternScores } from '../headScores.ts';
import type { HeadScores } from '../headScores.ts';
import { attentionPatterns } from './patterns.ts';

export interface HeadProfile extends HeadScores {
  /** Mean attention to position 0, over later queries. */
  readonly first: number;
  /** Mean entropy of a query's attention, nats. */
  readonly entropy: number;
}

/** Means over sequences. Errors: those of `attentionPatterns`; `cancelled`. */
export async function headProfiles(model: Model, runtime: Runtime, sequences: readonly (readonly number[])[], progress: { signal?: AbortSignal; onProgress?: (done: number, total: number) => void } = {}): Promise<HeadProfile[]> {
  const sums = new Map<string, HeadProfile>();
  for (const [i, ids] of sequences.entries()) {
    throwIfCancelled(progress.signal);
    const patterns = await attentionPatterns(model, runtime, { inputs: new Map([['input_ids', i64([1, ids.length], ids)]]) });
    patterns.forEach((pattern, layer) => {
      for (const scores of patternScores(pattern, ids, layer)) {
        const profile = { ...scores, ...spread(pattern, scores.head) };
        const key = `${layer}.${scores.head}`;
        sums.set(key, added(sums.get(key), profile, 1 / sequences.length));
      }
    });
    progress.onProgress?.(i + 1, sequences.length);
  }
  return [...sums.values()];
}

function spread({ dims, data }: Tensor<'float32'>, head: number): { first: number; entropy: number } {
  const size = dims[2]!;
  let [first, entropy] = [0, 0];
  for (let q = 0; q < size; q++) {
    const row = data.subarray((head * size + q) * size, (head * size + q + 1) * size);
    if (q > 0) first += row[0]!;
    for (const weight of row) if (weight > 0) entropy -= weight * Math.log(weight);
  }
  return { first: first / Math.max(1, size - 1), entropy: entropy / size };
}

function added(sum: HeadProfile | undefined, { layer, head, ...values }: HeadProfile, share: number): HeadProfile {
  const total = Object.fromEntries(Object.entries(values).map(([name, value]) => [name, (sum?.[name as keyof typeof values] ?? 0) + share * value])) as typeof values;
  return { layer, head, ...total };
}
