/** Anything that predicts next tokens, asked at chosen positions: a model of the engine, or an n-gram model. */
import { readoutOf } from '../../src/algorithmic/readout.ts';
import { prune } from '../../src/engine/graph/prune.ts';
import type { Model } from '../../src/engine/models/model.ts';
import type { Runtime } from '../../src/engine/runtime/runtime.ts';
import { i64 } from '../../src/engine/tensor.ts';
import type { NGramModel } from './ngram.ts';

export interface Query {
  /** Queries of the same text share the array, so that it runs once. */
  readonly ids: readonly number[];
  /** The token after `ids[position]` is asked for. */
  readonly position: number;
}

/** Receives the natural-log probability of every token, [vocabulary]; the array is reused. */
export type Visit = (index: number, logProbabilities: Float64Array) => void;

export interface Predictor {
  /** Answers every query once, in any order. */
  predict(queries: readonly Query[], visit: Visit): Promise<void>;
}

/** Texts per forward pass. */
const rowsPerBatch = 32;

/**
 * A model as a predictor. The blocks run on batches of texts of similar length, padded on the right, which a causal
 * model cannot see; norm and unembedding run at the positions asked for only.
 */
export function modelPredictor(model: Model, runtime: Runtime, pad: number): Predictor {
  const { graph: readout, stream } = readoutOf(model);
  const blocks = prune(model.graph(), [stream]);
  return {
    async predict(queries, visit) {
      const byText = Map.groupBy(queries.map(({ ids, position }, index) => ({ ids, position, index })), ({ ids }) => ids);
      const texts = [...byText.keys()].sort((a, b) => a.length - b.length);
      for (let first = 0; first < texts.length; first += rowsPerBatch) {
        const batch = texts.slice(first, first + rowsPerBatch);
        const length = batch.at(-1)!.length;
        const ids = batch.flatMap((text) => [...text, ...Array<number>(length - text.length).fill(pad)]);
        const run = await runtime.run(blocks, model.feeds(new Map([['input_ids', i64([batch.length, length], ids)]])), model.parameters);
        const residual = run.get(stream)!;
        const width = residual.dims[2]!;
        const asked = batch.flatMap((text, row) => byText.get(text)!.map(({ position, index }) => ({ index, from: (row * length + position) * width })));
        const gathered = new Float32Array(asked.length * width);
        asked.forEach(({ from }, i) => gathered.set((residual.data as Float32Array).subarray(from, from + width), i * width));
        const read = await runtime.run(readout, new Map([[stream, { dtype: 'float32', dims: [1, asked.length, width], data: gathered }]]), model.parameters);
        visitLogSoftmax(read.get(model.output)!.data as Float32Array, asked.map(({ index }) => index), visit);
      }
    },
  };
}

/** An n-gram model as a predictor. */
export function ngramPredictor(ngram: NGramModel): Predictor {
  return {
    predict(queries, visit) {
      queries.forEach(({ ids, position }, index) => visit(index, ngram.distribution(ids, position + 1).map(Math.log)));
      return Promise.resolve();
    },
  };
}

function visitLogSoftmax(logits: Float32Array, indices: readonly number[], visit: Visit): void {
  const vocabulary = logits.length / indices.length;
  const row = new Float64Array(vocabulary);
  indices.forEach((index, i) => {
    let max = -Infinity;
    for (let v = 0; v < vocabulary; v++) max = Math.max(max, (row[v] = logits[i * vocabulary + v]!));
    let sum = 0;
    for (let v = 0; v < vocabulary; v++) sum += Math.exp(row[v]! - max);
    const normalizer = max + Math.log(sum);
    for (let v = 0; v < vocabulary; v++) row[v]! -= normalizer;
    visit(index, row);
  });
}
