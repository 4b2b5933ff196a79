/**
 * Head-type scores from attention patterns (algorithms reference §22; TransformerLens head_detector):
 * how much a head attends to the previous token, to an earlier copy of the current token, and to the token after
 * that copy (induction).
 */
import { throwIfCancelled } from '../engine/errors.ts';
import { prune } from '../engine/graph/prune.ts';
import type { Model } from '../engine/models/model.ts';
import { Random } from '../engine/random.ts';
import type { Runtime } from '../engine/runtime/runtime.ts';
import { i64 } from '../engine/tensor.ts';
import type { Tensor } from '../engine/tensor.ts';

export interface HeadScores {
  readonly layer: number;
  readonly head: number;
  /** Mean attention paid to position q−1. */
  readonly previousToken: number;
  /** Mean, over queries whose token occurred before, of the attention paid to those occurrences. */
  readonly duplicateToken: number;
  /** The same for the positions just after those occurrences. */
  readonly induction: number;
}

export interface HeadScoreOptions {
  /** Id placed first in each row, if the model expects one. */
  readonly bosId?: number;
  /** Ids that random tokens are drawn from. */
  readonly tokenIds: readonly number[];
  /** Length of the random span, which is then repeated once. Default 50. */
  readonly span?: number;
  /** Number of sequences. Default 10. */
  readonly rows?: number;
  readonly seed?: number;
  readonly signal?: AbortSignal;
}

/** Scores of every head on repeated random tokens. Errors: those of the runtime; `cancelled`. */
export async function headScores(model: Model, runtime: Runtime, options: HeadScoreOptions): Promise<HeadScores[]> {
  const rows = repeatedRandomTokens(options);
  const patterns = model.hookPoints().map((h) => h.name).filter((name) => name.endsWith('.attn.hook_pattern'));
  const graph = prune(model.graph(), patterns);
  const sums = new Map<string, HeadScores>();
  for (const ids of rows) {
    throwIfCancelled(options.signal);
    const run = await runtime.run(graph, model.feeds(new Map([['input_ids', i64([1, ids.length], ids)]])), model.parameters);
    patterns.forEach((name, layer) => {
      for (const score of patternScores(run.get(name)!, ids, layer)) {
        const key = `${score.layer}.${score.head}`;
        const sum = sums.get(key);
        sums.set(key, sum === undefined ? score : {
          ...score,
          previousToken: sum.previousToken + score.previousToken,
          duplicateToken: sum.duplicateToken + score.duplicateToken,
          induction: sum.induction + score.induction,
        });
      }
    });
  }
  const n = rows.length;
  return [...sums.values()].map((s) => ({ ...s, previousToken: s.previousToken / n, duplicateToken: s.duplicateToken / n, induction: s.induction / n }));
}

/** Scores of one layer's pattern [1,h,q,k] on the tokens it was computed from. */
export function patternScores(pattern: Tensor, ids: readonly number[], layer: number): HeadScores[] {
  const [, heads, size] = pattern.dims as [number, number, number, number];
  const data = pattern.data as Float32Array;
  const earlier = ids.map((id, q) => ids.slice(0, q).flatMap((other, k) => (other === id ? [k] : [])));
  const repeated = earlier.flatMap((ks, q) => (ks.length > 0 ? [q] : []));
  const scores: HeadScores[] = [];
  for (let head = 0; head < heads; head++) {
    const attention = (q: number, k: number): number => data[(head * size + q) * size + k]!;
    let previous = 0;
    for (let q = 1; q < size; q++) previous += attention(q, q - 1);
    let duplicate = 0;
    let induction = 0;
    for (const q of repeated) {
      for (const k of earlier[q]!) {
        duplicate += attention(q, k);
        if (k + 1 <= q) induction += attention(q, k + 1);
      }
    }
    const queries = Math.max(1, repeated.length);
    scores.push({ layer, head, previousToken: previous / Math.max(1, size - 1), duplicateToken: duplicate / queries, induction: induction / queries });
  }
  return scores;
}

/** Rows of random tokens, each a span and its repetition behind the first id. */
export function repeatedRandomTokens(options: HeadScoreOptions): number[][] {
  const random = new Random(options.seed ?? 0);
  return Array.from({ length: options.rows ?? 10 }, () => {
    const span = Array.from({ length: options.span ?? 50 }, () => options.tokenIds[random.integer(options.tokenIds.length)]!);
    return [...(options.bosId === undefined ? [] : [options.bosId]), ...span, ...span];
  });
}
