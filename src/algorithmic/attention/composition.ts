/**
 * Composition scores: how much of what one head writes another head reads (Elhage et al. 2021; TransformerLens
 * `all_composition_scores`).
 *
 *   Q: ‖W_OV W_QK‖ / (‖W_OV‖ ‖W_QK‖)    K: with W_QKᵀ    V: with the reader's W_OV        (Frobenius norms)
 *
 * Weights are taken as they are: no norm weight is folded in. Beside each score stands a null in which the writer's
 * output directions are turned by a random rotation that keeps its spectrum.
 */
import { throwIfCancelled } from '../../engine/errors.ts';
import { GraphBuilder } from '../../engine/graph/builder.ts';
import type { Graph } from '../../engine/graph/ir.ts';
import type { Model } from '../../engine/models/model.ts';
import { Random } from '../../engine/random.ts';
import type { Runtime } from '../../engine/runtime/runtime.ts';
import type { Tensor } from '../../engine/tensor.ts';
import { choleskyRows, randomFrames } from './frames.ts';
import { headWeights, knownConfig } from './weights.ts';
import type { HeadWeights } from './weights.ts';

export type Composition = 'q' | 'k' | 'v';

export interface CompositionOptions {
  readonly kind: Composition;
  /** Random rotations per pair of layers. Default 20; 0 for none. */
  readonly nulls?: number;
  readonly seed?: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (done: number, total: number) => void;
}

export interface CompositionResult {
  /** [layers, heads, layers, heads]: writer, reader; 0 where the reader is not in a later layer. */
  readonly scores: Tensor<'float32'>;
  /** Mean and 99th percentile of the null, same shape; undefined without draws. */
  readonly nullMean: Tensor<'float32'> | undefined;
  readonly nullHigh: Tensor<'float32'> | undefined;
}

/** Errors: `unsupported` (see `headWeights`); `cancelled`. */
export async function compositionScores(model: Model, runtime: Runtime, options: CompositionOptions): Promise<CompositionResult> {
  const { nLayers, nHeads, dModel } = knownConfig(model);
  const draws = options.nulls ?? 20;
  const random = new Random(options.seed ?? 0);
  const weights = Array.from({ length: nLayers }, (_, layer) => headWeights(model, layer));
  const graph = compositionGraph();
  const dims = [nLayers, nHeads, nLayers, nHeads];
  const size = nLayers * nHeads * nLayers * nHeads;
  const [scores, nullMean, nullHigh] = [new Float32Array(size), new Float32Array(size), new Float32Array(size)];
  const total = (nLayers * (nLayers - 1)) / 2 * (1 + draws);
  let done = 0;
  for (let writer = 0; writer < nLayers; writer++) {
    const { v, o } = weights[writer]!;
    const grams = choleskyRows(o);
    const outputs = [o, ...Array.from({ length: draws }, () => randomFrames(grams, dModel, random))];
    for (let reader = writer + 1; reader < nLayers; reader++) {
      const [first, second] = readingSide(weights[reader]!, options.kind);
      const values: Float32Array[] = [];
      for (const output of outputs) {
        throwIfCancelled(options.signal);
        const run = await runtime.run(graph, new Map<string, Tensor>([['a', v], ['b', output], ['c', first], ['d', second]]));
        values.push(run.get('scores')!.data as Float32Array);
        options.onProgress?.(++done, total);
      }
      for (let i = 0; i < nHeads * nHeads; i++) {
        const at = ((writer * nHeads + Math.floor(i / nHeads)) * nLayers + reader) * nHeads + (i % nHeads);
        const drawn = values.slice(1).map((draw) => draw[i]!).toSorted((a, b) => a - b);
        scores[at] = values[0]![i]!;
        nullMean[at] = drawn.reduce((sum, value) => sum + value, 0) / Math.max(1, drawn.length);
        nullHigh[at] = drawn[Math.min(drawn.length - 1, Math.floor(0.99 * drawn.length))] ?? 0;
      }
    }
  }
  const shaped = (data: Float32Array): Tensor<'float32'> => ({ dtype: 'float32', dims, data });
  return { scores: shaped(scores), nullMean: draws === 0 ? undefined : shaped(nullMean), nullHigh: draws === 0 ? undefined : shaped(nullHigh) };
}

/** The reader's matrix as a product of [heads, d, dh] and the transpose of [heads, d, dh]. */
function readingSide({ q, k, v, o }: HeadWeights, kind: Composition): [Tensor, Tensor] {
  if (kind === 'q') return [q, k];
  if (kind === 'k') return [k, q];
  return [v, transposedHeads(o)];
}

/** [heads, dh, d] → [heads, d, dh]. */
function transposedHeads({ dims, data }: Tensor<'float32'>): Tensor<'float32'> {
  const [heads, rows, columns] = dims as [number, number, number];
  const result = new Float32Array(data.length);
  for (let head = 0; head < heads; head++) {
    for (let row = 0; row < rows; row++) {
      for (let column = 0; column < columns; column++) result[(head * columns + column) * rows + row] = data[(head * rows + row) * columns + column]!;
    }
  }
  return { dtype: 'float32', dims: [heads, columns, rows], data: result };
}

/**
 * scores[w,r] = ‖A_w B_w C_r D_rᵀ‖ / (‖A_w B_w‖ ‖C_r D_rᵀ‖) for A, C, D [heads, d, dh] and B [heads, dh, d].
 * With M = B C the squared norm of A M Dᵀ is the sum of (AᵀA M) ∘ (M DᵀD): nothing of size d × d is formed.
 */
function compositionGraph(): Graph {
  const b = new GraphBuilder();
  const tall = ['heads', 'd', 'dh'];
  const [left, output, first, second] = [b.input('a', 'float32', tall), b.input('b', 'float32', ['heads', 'dh', 'd']), b.input('c', 'float32', tall), b.input('d', 'float32', tall)];
  const gram = (x: string): string => b.matmul(b.transpose(x, [0, 2, 1]), x);
  const dot = (x: string, y: string): string => b.reduceSum(b.mul(x, y), [-2, -1], false);
  const leftGram = gram(left);
  const secondGram = gram(second);
  const middle = b.matmul(b.unsqueeze(output, [1]), b.unsqueeze(first, [0]));
  const joint = dot(b.matmul(b.unsqueeze(leftGram, [1]), middle), b.matmul(middle, b.unsqueeze(secondGram, [0])));
  const outputGram = b.matmul(output, b.transpose(output, [0, 2, 1]));
  const writer = b.unsqueeze(dot(leftGram, outputGram), [1]);
  const reader = b.unsqueeze(dot(gram(first), secondGram), [0]);
  b.output(b.unary('Sqrt', b.div(joint, b.mul(writer, reader)), 'scores'));
  return b.build();
}
