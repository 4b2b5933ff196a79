/** Dictionary metrics: golden values, traps, and agreement with a plain computation on a whole model. */
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { openDictionary } from '../../../src/engine/dictionaries/open.ts';
import { spliceDictionary } from '../../../src/engine/dictionaries/splice.ts';
import { withDictionaries } from '../../../src/engine/dictionaries/dictionary.ts';
import type { Graph } from '../../../src/engine/graph/ir.ts';
import { openHuggingFace } from '../../../src/engine/models/huggingface.ts';
import { Random } from '../../../src/engine/random.ts';
import { Runtime } from '../../../src/engine/runtime/runtime.ts';
import { i64 } from '../../../src/engine/tensor.ts';
import type { Tensor } from '../../../src/engine/tensor.ts';
import { dictionaryMetrics } from '../../../src/semantic/dictionaryMetrics.ts';
import { bootstrap } from '../../../src/semantic/metrics/bootstrap.ts';
import { decoderGeometry, densityOf } from '../../../src/semantic/metrics/density.ts';
import { scoresOf } from '../../../src/semantic/metrics/documentSums.ts';
import type { DocumentSums } from '../../../src/semantic/metrics/documentSums.ts';
import { normal } from '../../support/random.ts';

const fixtures = join(import.meta.dirname, '../../fixtures');
const runtime = new Runtime({ threads: 1 });
afterAll(() => runtime.dispose());

describe('scores', () => {
  test('CE recovered of the reference example', () => {
    const doc = { ...sumsOf([[1, 2]], [[1, 2]]), crossEntropy: { clean: 3.2, dictionary: 3.5, zero: 10, mean: 10 } };
    expect(scoresOf([doc]).ceRecoveredZero).toBeCloseTo(0.955882, 6);
    expect(scoresOf([doc]).ceIncrease).toBeCloseTo(0.3, 12);
  });

  test.each([0.1, 1, 3])('the mean predictor explains nothing, at scale %d', (scale) => {
    const x = Array.from({ length: 20 }, (_, i) => normal(4, i + 1).map((v) => (v + 2) * scale));
    const mean = [0, 1, 2, 3].map((j) => x.reduce((sum, row) => sum + row[j]!, 0) / x.length);
    const docs = [sumsOf(x.slice(0, 7), x.slice(0, 7).map(() => mean)), sumsOf(x.slice(7), x.slice(7).map(() => mean))];
    expect(scoresOf(docs).explainedVariance).toBeCloseTo(0, 12);
  });

  test('shrinkage shows in the norm ratio and the bias', () => {
    const x = Array.from({ length: 10 }, (_, i) => normal(4, i + 1));
    const { normRatio, reconstructionBias, cosine } = scoresOf([sumsOf(x, x.map((row) => row.map((v) => 0.8 * v)))]);
    expect([normRatio, reconstructionBias, cosine]).toEqual([expect.closeTo(0.8, 12), expect.closeTo(0.8, 12), expect.closeTo(1, 12)]);
  });

  test('a quotient without a denominator is not a number', () => {
    expect(scoresOf([sumsOf([[1, 2], [1, 2]], [[1, 2], [1, 2]])]).fvu).toBeNaN();
  });
});

test('bootstrap intervals hold the value and shrink with the number of documents', () => {
  const docs = (n: number): DocumentSums[] => Array.from({ length: n }, (_, i) => sumsOf([normal(3, i + 1)], [normal(3, i + 1).map((v, j) => v + 0.3 * normal(3, i + 900)[j]!)]));
  const [small, large] = [bootstrap(docs(20), scoresOf, 300, 1).fvu, bootstrap(docs(400), scoresOf, 300, 1).fvu];
  for (const { low, value, high } of [small, large]) expect(low <= value && value <= high).toBe(true);
  expect(large.high - large.low).toBeLessThan((small.high - small.low) / 2);
  expect(bootstrap(docs(20), scoresOf, 300, 1).fvu).toEqual(small);
});

test('density counts dead and dense latents and puts each into one bin', () => {
  const density = densityOf(Float64Array.of(0, 1, 10, 200, 1000), 1000);
  expect(density).toMatchObject({ positions: 1000, dead: 0.2, dense: 0.4 });
  expect(density.histogram.counts.reduce((a, b) => a + b, 0)).toBe(5);
  expect(density.histogram.counts[0]).toBe(1);
  expect(density.histogram.counts.at(-1)).toBe(1);
});

test('decoder geometry finds the nearest other row, whatever its sign or norm', async () => {
  const { meanMaxCosine } = await decoderGeometry(runtime, Float32Array.of(1, 0, 0, 2, -3, 3), 2);
  expect(meanMaxCosine).toBeCloseTo(Math.SQRT1_2, 6);
});

test('decoder geometry is that of all pairs, over several runs, and can be stopped', async () => {
  const [rows, width] = [300, 6];
  const random = new Random(4);
  const decoder = Float32Array.from({ length: rows * width }, () => random.normal());
  const row = (i: number): Float32Array => decoder.subarray(i * width, (i + 1) * width);
  const cosine = (i: number, j: number): number => row(i).reduce((sum, v, k) => sum + v * row(j)[k]!, 0) / Math.hypot(...row(i)) / Math.hypot(...row(j));
  const best = Array.from({ length: rows }, (_, i) => Math.max(...Array.from({ length: rows }, (__, j) => (i === j ? 0 : Math.abs(cosine(i, j))))));
  expect((await decoderGeometry(runtime, decoder, width)).meanMaxCosine).toBeCloseTo(best.reduce((a, b) => a + b, 0) / rows, 5);
  await expect(decoderGeometry(runtime, decoder, width, AbortSignal.abort())).rejects.toMatchObject({ reason: 'cancelled' });
});

describe('in a model', async () => {
  const model = await openHuggingFace(join(fixtures, 'models/gpt2'));
  const hook = 'blocks.1.hook_resid_post';
  const dictionary = await openDictionary(join(fixtures, 'sae/saelens_08_topk'), { hooks: { input: hook } });
  const [rows, length] = [3, 9];
  const ids = i64([rows, length], Array.from({ length: rows * length }, (_, i) => (i * 37) % 150));

  test('agree with a plain computation over the outputs', async () => {
    const report = await dictionaryMetrics({ model, dictionary, runtime, batches: [{ inputIds: ids }], excludeFirst: false, resamples: 10 });
    const [x, logits] = await outputs(model.graph(), [hook, model.output]);
    const [recons, acts, spliced] = await outputs(spliceDictionary(model.graph(), dictionary, { errorTerm: false }), [`${hook}.hook_sae_output`, `${hook}.hook_sae_acts_post`, model.output]);
    const d = dictionary.dIn;
    const n = rows * length;
    const mean = Array.from({ length: d }, (_, j) => Array.from({ length: n }, (__, i) => x![i * d + j]!).reduce((a, b) => a + b, 0) / n);
    const total = x!.reduce((sum, v, i) => sum + (v - mean[i % d]!) ** 2, 0);
    const error = x!.reduce((sum, v, i) => sum + (v - recons![i]!) ** 2, 0);
    expect(report.scores.fvu.value / (error / total)).toBeCloseTo(1, 4);
    expect(report.scores.l0.value).toBeCloseTo(acts!.filter((v) => v > 0).length / n, 6);
    expect(report.scores.ceClean.value).toBeCloseTo(crossEntropy(logits!), 4);
    expect(report.scores.ceDictionary.value).toBeCloseTo(crossEntropy(spliced!), 4);
    expect(report.density.positions).toBe(n);
  });

  test('a perfect dictionary recovers everything and changes nothing', async () => {
    const identity = await openDictionary(join(fixtures, 'sae/saelens_12_skip_transcoder'), { hooks: { input: hook, output: hook } });
    const zero = (name: string): Tensor<'float32'> => { const { dims, data } = identity.parameters.get(name) as Tensor<'float32'>; return { dtype: 'float32', dims, data: new Float32Array(data.length) }; };
    for (const name of ['W_dec', 'b_dec']) identity.parameters.set(name, zero(name));
    const unit = zero('W_skip');
    for (let i = 0; i < 48; i++) unit.data[i * 49] = 1;
    identity.parameters.set('W_skip', unit);
    const { scores, positions, excludedFirst } = await dictionaryMetrics({ model, dictionary: identity, runtime, batches: [{ inputIds: ids }], resamples: 5 });
    expect([scores.fvu.value, scores.ceRecoveredZero.value, scores.ceRecoveredMean.value, scores.kl.value]).toEqual([0, 1, 1, 0].map((v) => expect.closeTo(v, 4)));
    expect({ positions, excludedFirst }).toEqual({ positions: rows * (length - 1), excludedFirst: true });
  });

  test('padding does not count', async () => {
    const padded = i64([1, length + 2], [...Array.from(ids.data.subarray(0, length), Number), 5, 5]);
    const mask = i64([1, length + 2], [...new Array<number>(length).fill(1), 0, 0]);
    const plain = await dictionaryMetrics({ model, dictionary, runtime, batches: [{ inputIds: i64([1, length], Array.from(ids.data.subarray(0, length), Number)) }], resamples: 2 });
    const masked = await dictionaryMetrics({ model, dictionary, runtime, batches: [{ inputIds: padded, attentionMask: mask }], resamples: 2 });
    expect(masked.positions).toBe(plain.positions);
    for (const key of ['fvu', 'l0', 'ceDictionary', 'kl'] as const) expect(masked.scores[key].value).toBeCloseTo(plain.scores[key].value, 5);
  });

  async function outputs(graph: Graph, names: string[]): Promise<Float32Array[]> {
    const results = await runtime.run({ ...graph, outputs: names }, model.feeds(new Map([['input_ids', ids]])), withDictionaries(model.parameters, [dictionary]));
    return names.map((name) => results.get(name)!.data as Float32Array);
  }

  function crossEntropy(logits: Float32Array): number {
    const v = logits.length / (rows * length);
    let sum = 0;
    for (let row = 0; row < rows; row++) {
      for (let p = 0; p + 1 < length; p++) {
        const at = logits.subarray((row * length + p) * v, (row * length + p + 1) * v);
        const top = Math.max(...at);
        sum += top + Math.log(at.reduce((total, l) => total + Math.exp(l - top), 0)) - at[Number(ids.data[row * length + p + 1])]!;
      }
    }
    return sum / (rows * (length - 1));
  }
});

/** The sums of a document with vectors `x` and reconstructions `r`. */
function sumsOf(x: readonly (readonly number[])[], r: readonly (readonly number[])[]): DocumentSums {
  const dot = (a: readonly number[], b: readonly number[]): number => a.reduce((sum, v, i) => sum + v * b[i]!, 0);
  const over = (f: (a: readonly number[], b: readonly number[]) => number): number => x.reduce((sum, row, i) => sum + f(row, r[i]!), 0);
  return {
    n: x.length,
    x: Float64Array.from(x[0]!, (_, j) => x.reduce((sum, row) => sum + row[j]!, 0)),
    xx: over((a) => dot(a, a)), rr: over((_, b) => dot(b, b)), xr: over(dot),
    ee: over((a, b) => a.reduce((sum, v, i) => sum + (v - b[i]!) ** 2, 0)),
    cosine: over((a, b) => dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b))),
    normRatio: over((a, b) => Math.sqrt(dot(b, b) / dot(a, a))),
    active: 0, predictions: 1,
    crossEntropy: { clean: 1, dictionary: 1, zero: 2, mean: 2 },
    divergence: { dictionary: 0, zero: 1 },
  };
}
