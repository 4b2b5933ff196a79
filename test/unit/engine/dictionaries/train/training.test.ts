/** Training on toy data whose features are known, and the promises of the trainer. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { encodeRows } from '../../../../../src/engine/dictionaries/encodeRows.ts';
import { readCheckpoint, writeCheckpoint } from '../../../../../src/engine/dictionaries/train/checkpointFile.ts';
import { trainingOptions } from '../../../../../src/engine/dictionaries/train/options.ts';
import type { TrainingOptions, TrainingRequest } from '../../../../../src/engine/dictionaries/train/options.ts';
import { trainedDictionary } from '../../../../../src/engine/dictionaries/train/result.ts';
import { DictionaryTrainer } from '../../../../../src/engine/dictionaries/train/trainer.ts';
import type { TrainerOptions, TrainingProgress } from '../../../../../src/engine/dictionaries/train/trainer.ts';
import { Runtime } from '../../../../../src/engine/runtime/runtime.ts';
import { meanMaxCosine, superposition } from '../../../../support/superposition.ts';
import type { Superposition } from '../../../../support/superposition.ts';

const source = superposition();
const folder = mkdtempSync(join(tmpdir(), 'mechanist-training-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('toy superposition is recovered', () => {
  test.each<[string, Partial<TrainingRequest> & Pick<TrainingRequest, 'architecture' | 'steps'>]>([
    ['standard', { architecture: 'standard', steps: 800, learningRate: 3e-3, sparsity: 0.2 }],
    ['topk', { architecture: 'topk', steps: 800, learningRate: 2e-3 }],
    ['batchtopk', { architecture: 'batchtopk', steps: 1500, learningRate: 3e-3, deadAfter: 5000 }],
    ['jumprelu', { architecture: 'jumprelu', steps: 1200, learningRate: 3e-3, bandwidth: 0.05, initialThreshold: 0.05 }],
    ['gated', { architecture: 'gated', steps: 1000, learningRate: 3e-3, sparsity: 0.5 }],
    ['matryoshka', { architecture: 'matryoshka', steps: 2500, learningRate: 3e-3, deadAfter: 5000, widths: [32, 64] }],
  ])('%s', async (_, request) => {
    const trainer = await create(optionsFor(request));
    for await (const progress of trainer.run()) expect(progress.loss).toBeGreaterThan(0);
    expect(meanMaxCosine(source.directions, trainer.parameters().get('W_dec')!.data, source.d)).toBeGreaterThan(0.9);
    await trainer.release();
  }, 60_000);
});

describe('the sparse step equals the dense graph', () => {
  const transcoder = { kind: 'transcoder', dOut: 10 } as const;
  test.each<[string, Partial<TrainingRequest> & Pick<TrainingRequest, 'architecture'>, Superposition]>([
    ['topk', { architecture: 'topk' }, source],
    ['batchtopk', { architecture: 'batchtopk' }, source],
    ['matryoshka', { architecture: 'matryoshka', widths: [8, 24, 64] }, source],
    ['topk transcoder', { architecture: 'topk', ...transcoder }, mapped(10)],
    ['topk transcoder with a skip path', { architecture: 'topk', ...transcoder, skip: true }, mapped(10)],
  ])('%s, dead latents included', async (_, request, from) => {
    // So short a memory for firing that the auxiliary loss is at work: one batch without firing is death.
    const options = optionsFor({ steps: 30, deadAfter: 256, auxiliaryK: 6, learningRate: 1e-3, ...request });
    const runs = await Promise.all((['sparse', 'dense'] as const).map(async (formulation) => {
      const trainer = await create(options, { formulation, source: from });
      const progress = await collect(trainer);
      const parameters = trainer.parameters();
      await trainer.release();
      return { progress, parameters };
    }));
    const [sparse, dense] = runs as [typeof runs[0], typeof runs[0]];
    expect(sparse.progress.some(({ penalty }) => penalty > 0)).toBe(true);
    sparse.progress.forEach((p, i) => {
      const q = dense.progress[i]!;
      for (const key of ['loss', 'reconstruction', 'penalty', 'gradientNorm'] as const) expect(p[key] / (q[key] || 1)).toBeCloseTo(q[key] === 0 ? 0 : 1, 3);
      expect(p.dead).toBe(q.dead);
    });
    for (const [name, value] of sparse.parameters) {
      const other = dense.parameters.get(name)!;
      const worst = value.data.reduce((most, v, i) => Math.max(most, Math.abs(v - other.data[i]!)), 0);
      expect(worst, name).toBeLessThan(1e-4);
    }
  });
});

test.each(['topk', 'batchtopk', 'jumprelu'] as const)('%s: a resumed run gives the numbers of an uninterrupted one', async (architecture) => {
  const options = optionsFor({ architecture, steps: 30, deadAfter: 1000, learningRate: 2e-3, thresholdStart: 5 });
  // A buffer of few batches, so that the run is resumed in the middle of a fill.
  const small = { bufferBytes: 7 * options.batchSize * 8 * source.d };
  const whole = await create(options, small);
  const expected = await collect(whole);
  const first = await create(options, small);
  const before: TrainingProgress[] = [];
  for await (const progress of first.run()) {
    before.push(progress);
    if (progress.step === 17) break;
  }
  const file = join(folder, `${architecture}.safetensors`);
  writeCheckpoint(file, first.checkpoint(), options);
  const second = await create(options, { ...small, checkpoint: readCheckpoint(file, options) });
  expect([...before, ...(await collect(second))]).toEqual(expected);
  expect(second.parameters()).toEqual(whole.parameters());
  expect(() => readCheckpoint(file, { ...options, k: 4 })).toThrow(/made with k 3, not 4/);
  await Promise.all([whole, first, second].map((trainer) => trainer.release()));
});

test('training stops between steps when asked to', async () => {
  const controller = new AbortController();
  const trainer = await create(optionsFor({ architecture: 'topk', steps: 100 }));
  let last = 0;
  await expect((async () => {
    for await (const { step } of trainer.run(controller.signal)) {
      last = step;
      if (step === 3) controller.abort();
    }
  })()).rejects.toMatchObject({ reason: 'cancelled' });
  expect(last).toBe(3);
  await trainer.release();
});

test.each(['topk', 'standard', 'gated', 'jumprelu'] as const)('%s: the finished dictionary reconstructs in the units of the model', async (architecture) => {
  const options = optionsFor({ architecture, steps: 40, learningRate: 2e-3, sparsity: 0.1, decay: 0 });
  const big = scaledBy(7.5);
  const trainer = await create(options, { source: big });
  const progress = await collect(trainer);
  const dictionary = trainedDictionary(options, trainer.parameters(), { id: 'toy', metadata: {}, hooks: { input: 'x', output: 'x' } });
  const runtime = new Runtime({ threads: 1 });
  const { x } = await big.chunk(500);
  const { reconstruction } = await encodeRows(dictionary, x, runtime);
  let [error, total] = [0, 0];
  x.data.forEach((v, i) => {
    error += (v - reconstruction.data[i]!) ** 2;
    total += v * v;
  });
  expect(Math.abs(error / total - progress.at(-1)!.reconstruction)).toBeLessThan(0.1 * progress.at(-1)!.reconstruction);
  // The unexplained share of the variance, which is what is left of the total without the mean.
  const means = Float64Array.from({ length: x.dims[1]! }, (_, j) => x.data.reduce((sum, v, i) => (i % x.dims[1]! === j ? sum + v : sum), 0) / x.dims[0]!);
  const variance = x.data.reduce((sum, v, i) => sum + (v - means[i % x.dims[1]!]!) ** 2, 0);
  expect(Math.abs(error / variance - progress.at(-1)!.fvu)).toBeLessThan(0.1 * progress.at(-1)!.fvu);
  await runtime.dispose();
  await trainer.release();
});

test('a cross-layer transcoder learns to write the outputs of all layers', async () => {
  const options = optionsFor({ kind: 'clt', architecture: 'batchtopk', nLayers: 2, steps: 300, learningRate: 4e-3, nLatents: 64, k: 3, deadAfter: 1000 });
  const trainer = await create(options, { source: twoLayers() });
  const progress = await collect(trainer);
  expect(progress.at(-1)!.reconstruction).toBeLessThan(0.4 * progress[0]!.reconstruction);
  expect(progress.some(({ penalty, dead }) => penalty > 0 && dead > 0)).toBe(true);
  expect([...trainer.parameters().keys()].toSorted()).toEqual(['W_dec_0', 'W_dec_1', 'W_enc_0', 'W_enc_1', 'b_dec_0', 'b_dec_1', 'b_enc_0', 'b_enc_1', 'threshold_0', 'threshold_1']);
  await trainer.release();
});

test.each<[string, Partial<TrainingRequest>, string]>([
  ['an autoencoder with another output width', { dOut: 3 }, 'dOut'],
  ['a skip path around an autoencoder', { skip: true }, 'skip'],
  ['a fractional k for topk', { k: 2.5 }, 'k'],
  ['widths that do not end at the number of latents', { architecture: 'matryoshka', widths: [8, 16] }, 'widths'],
])('%s is refused', (_, request, field) => {
  expect(() => optionsFor({ architecture: 'topk', steps: 1, ...request })).toThrow(expect.objectContaining({ reason: 'argument', field }));
});

function optionsFor(request: Partial<TrainingRequest> & Pick<TrainingRequest, 'architecture' | 'steps'>): TrainingOptions {
  return trainingOptions({ dIn: source.d, nLatents: 64, k: 3, batchSize: 256, deadAfter: 20_000, ...request });
}

async function create(training: TrainingOptions, rest: Partial<TrainerOptions> = {}): Promise<DictionaryTrainer> {
  return DictionaryTrainer.create({ training, source, bufferBytes: 2 ** 20, compile: { threads: 1 }, ...rest });
}

async function collect(trainer: DictionaryTrainer): Promise<TrainingProgress[]> {
  const all: TrainingProgress[] = [];
  for await (const progress of trainer.run()) all.push(progress);
  return all;
}

/** The toy data with its first `dOut` coordinates, squared, as the target. */
function mapped(dOut: number): Superposition {
  return {
    ...source,
    yShape: [dOut],
    async chunk(index) {
      const { x } = await source.chunk(index);
      const rows = x.dims[0]!;
      const data = Float32Array.from({ length: rows * dOut }, (_, i) => x.data[Math.floor(i / dOut) * source.d + (i % dOut)]! ** 2);
      return { x, y: { dtype: 'float32', dims: [rows, dOut], data } };
    },
  };
}

function scaledBy(factor: number): Superposition {
  return {
    ...source,
    async chunk(index) {
      const { x } = await source.chunk(index);
      const larger = { ...x, data: x.data.map((v) => v * factor) };
      return { x: larger, y: larger };
    },
  };
}

/** Two layers whose inputs are two draws; the second output needs both. */
function twoLayers(): Superposition {
  const { d } = source;
  return {
    ...source,
    xShape: [2, d],
    yShape: [2, d],
    async chunk(index) {
      const [a, b] = [(await source.chunk(2 * index)).x, (await source.chunk(2 * index + 1)).x];
      const rows = a.dims[0]!;
      const x = new Float32Array(rows * 2 * d);
      const y = new Float32Array(rows * 2 * d);
      for (let row = 0; row < rows; row++) {
        for (let i = 0; i < d; i++) {
          const [u, v] = [a.data[row * d + i]!, b.data[row * d + i]!];
          x[2 * row * d + i] = u;
          x[(2 * row + 1) * d + i] = v;
          y[2 * row * d + i] = u;
          y[(2 * row + 1) * d + i] = u + v;
        }
      }
      return { x: { dtype: 'float32', dims: [rows, 2, d], data: x }, y: { dtype: 'float32', dims: [rows, 2, d], data: y } };
    },
  };
}
