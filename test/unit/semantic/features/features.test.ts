/** Directions of features against what the model itself does with them. */
import { join } from 'node:path';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { afterAll, describe, expect, test } from 'vitest';
import { intervene } from '../../../../src/engine/interventions/intervene.ts';
import type { Intervention } from '../../../../src/engine/interventions/intervention.ts';
import { openHuggingFace } from '../../../../src/engine/models/huggingface.ts';
import type { Model } from '../../../../src/engine/models/model.ts';
import { Random } from '../../../../src/engine/random.ts';
import { Runtime } from '../../../../src/engine/runtime/runtime.ts';
import { f32, i64 } from '../../../../src/engine/tensor.ts';
import type { Tensor } from '../../../../src/engine/tensor.ts';
import { readers, writers } from '../../../../src/semantic/features/connections.ts';
import { decoderDirection, encoderDirection, residualDirection } from '../../../../src/semantic/features/directions.ts';
import { directLogits } from '../../../../src/semantic/features/logits.ts';
import { project, randomUnit } from '../../../../src/semantic/features/map.ts';
import type { Projection } from '../../../../src/semantic/features/map.ts';
import { largest } from '../../../../src/semantic/features/neighbours.ts';
import { runtimeProducts } from '../../../../src/semantic/metrics/products.ts';
import { differences } from '../../../../src/semantic/features/textSearch.ts';
import type { TextFeatures } from '../../../../src/semantic/features/textSearch.ts';
import { featureSource } from '../../../../src/semantic/store/source.ts';
import { tinyCrossLayer, tinyDictionary, tinyLanguageModel, tinySize } from '../../../support/tinyFeatures.ts';

const root = mkdtempSync(join(tmpdir(), 'mechanist-features-'));
const runtime = new Runtime({ threads: 1 });
afterAll(async () => {
  await runtime.dispose();
  rmSync(root, { recursive: true });
});

const models: [string, () => Promise<Model>][] = [
  ['RMS norm', async () => tinyLanguageModel()],
  ['layer norm', () => openHuggingFace(join(import.meta.dirname, '../../../fixtures/models/gpt2'))],
];

describe.each(models)('%s', (_name, open) => {
  /** Value of a hook at the last position, with a direction added to a stream and the scale of a norm frozen, minus that without, times the scale. */
  async function change(model: Model, stream: string, direction: ArrayLike<number>, scaleHook: string, hook: string): Promise<Float64Array> {
    const ids = [5, 9, 2, 7];
    const inputs = model.feeds(new Map([['input_ids', i64([1, 4], ids)]]));
    const run = async (interventions: readonly Intervention[], outputs: string[]): Promise<Map<string, Tensor>> => {
      const { graph, feeds } = intervene(model.graph(), interventions, inputs);
      return runtime.run({ ...graph, outputs }, feeds, model.parameters);
    };
    const clean = await run([], [hook, scaleHook]);
    const scale = clean.get(scaleHook)!;
    const changed = await run([{ hook: stream, kind: 'add', value: f32([direction.length], direction) }, { hook: scaleHook, kind: 'patch', value: scale }], [hook]);
    const [before, after] = [clean.get(hook)!.data as Float32Array, changed.get(hook)!.data as Float32Array];
    const width = before.length / 4;
    const sigma = (scale.data as Float32Array).at(-1)!;
    return Float64Array.from({ length: width }, (_, i) => (after[3 * width + i]! - before[3 * width + i]!) * sigma);
  }

  test('promoted logits are what adding the direction does, with the final norm’s scale frozen', async () => {
    const model = await open();
    const { nLayers, dModel } = model.config!;
    const direction = Float32Array.from({ length: dModel }, (_, i) => Math.sin(i * 1.7));
    const expected = await change(model, `blocks.${nLayers - 1}.hook_resid_post`, direction, 'ln_final.hook_scale', model.output);
    const { values } = directLogits(model, direction);
    expected.forEach((value, i) => expect(Math.abs(values[i]! - value)).toBeLessThan(2e-4 * Math.max(1, Math.abs(value))));
  });

  test('what a head reads is what adding the direction does to its query, with the norm’s scale frozen', async () => {
    const model = await open();
    const { dModel, nHeads } = model.config!;
    const rows = Float32Array.from({ length: dModel }, (_, i) => Math.cos(i * 0.9));
    const source = { ...featureSource(tinyCrossLayer(), 0), weights: sae(model, 'blocks.0.hook_resid_post', rows), layer: undefined };
    const read = readers(model, source, 0);
    const expected = await change(model, 'blocks.0.hook_resid_post', rows, 'blocks.1.ln1.hook_scale', 'blocks.1.attn.hook_q');
    const size = expected.length / nHeads;
    for (let head = 0; head < nHeads; head++) {
      const { weight } = read.find(({ component }) => component === `blocks.1.attn.hook_q[${head}]`)!;
      expect(weight / Math.hypot(...expected.subarray(head * size, (head + 1) * size))).toBeCloseTo(1, 3);
    }
    expect(read.some(({ layer }) => layer === 0)).toBe(false);
  });

  test('the control of a connection is the root mean square over random directions', async () => {
    const model = await open();
    const random = new Random(1);
    const squares: number[] = [];
    let control = 0;
    for (let draw = 0; draw < 300; draw++) {
      const direction = Float32Array.from({ length: model.config!.dModel }, () => random.normal());
      const scale = 1 / Math.hypot(...direction);
      const found = readers(model, { ...featureSource(tinyCrossLayer(), 0), weights: sae(model, 'blocks.0.hook_resid_post', direction.map((value) => value * scale)), layer: undefined }, 0).find(({ component }) => component === 'blocks.1.mlp.hook_pre')!;
      squares.push(found.weight ** 2);
      control = found.random;
    }
    expect(Math.sqrt(squares.reduce((a, b) => a + b, 0) / squares.length) / control).toBeCloseTo(1, 1);
  });
});

test('earlier components write what an encoder reads; the features of a cross-layer transcoder reach later layers more and more', async () => {
  const model = tinyLanguageModel();
  const source = featureSource(await tinyDictionary(join(root, 'writers'), 'topk'));
  const written = writers(model, source, 3);
  expect(new Set(written.map(({ layer }) => layer))).toEqual(new Set([0, 1]));
  const mlp = written.find(({ component }) => component === 'blocks.0.mlp.hook_post')!;
  const out = model.parameters.get('blocks.0.mlp.W_out').data as Float32Array;
  const encoder = encoderDirection(source, 3);
  const products = Array.from({ length: out.length / tinySize.width }, (_, row) => encoder.reduce((sum, value, i) => sum + value * out[row * tinySize.width + i]!, 0));
  expect(mlp.weight).toBeCloseTo(Math.hypot(...products), 4);
  const clt = featureSource(tinyCrossLayer(), 0);
  expect(residualDirection(model, clt, 1, 0)).toBeUndefined();
  const rows = clt.weights.parameters.get('W_dec_0').data as Float32Array;
  expect(Array.from(residualDirection(model, clt, 1, 1)!)).toEqual(Array.from(rows.subarray(3 * tinySize.width, 4 * tinySize.width)));
  expect(residualDirection(model, clt, 1)![0]).toBeCloseTo(rows[3 * tinySize.width]! + rows[4 * tinySize.width]! + rows[5 * tinySize.width]!, 5);
});

test('a direction of the stream as decoder rows see it: the same product as what the feature adds to the stream', async () => {
  const model = tinyLanguageModel();
  const dictionary = await tinyDictionary(join(root, 'pulled'), 'topk');
  const { dModel } = model.config!;
  const direction = Float32Array.from({ length: dModel }, (_, i) => Math.cos(1.3 * i));
  const dot = (a: ArrayLike<number>, b: ArrayLike<number>): number => Array.from(a).reduce((sum, value, i) => sum + value * b[i]!, 0);
  const heads = { ...dictionary, hooks: { input: 'blocks.1.attn.hook_z', output: 'blocks.1.attn.hook_z' } };
  for (const source of [featureSource(dictionary), featureSource(heads), featureSource(tinyCrossLayer(), 0), featureSource(tinyCrossLayer(), 2)]) {
    const pulled = decoderDirection(model, source, direction)!;
    const rows = source.weights.parameters.get(source.weights.kind === 'clt' ? `W_dec_${source.layer}` : 'W_dec').data as Float32Array;
    for (const feature of [0, 3]) expect(dot(rows.subarray(feature * pulled.length, (feature + 1) * pulled.length), pulled)).toBeCloseTo(dot(residualDirection(model, source, feature)!, direction), 4);
  }
  const aside = { ...dictionary, hooks: { input: 'blocks.1.mlp.hook_post', output: 'blocks.1.mlp.hook_post' } };
  expect(decoderDirection(model, featureSource(aside), direction)).toBeUndefined();
});

describe('the map', () => {
  const run = async (unit: Float32Array, width: number): Promise<Projection> => {
    const steps = project(unit, width, 3, runtimeProducts(runtime));
    for (;;) {
      const step = await steps.next();
      if (step.done === true) return step.value;
    }
  };

  test('keeps clusters together, which random directions do not have', async () => {
    const random = new Random(7);
    const [clusters, each, width] = [8, 25, 24];
    const centres = randomUnit(clusters, width, 5);
    const unit = new Float32Array(clusters * each * width);
    for (let f = 0; f < clusters * each; f++) {
      const cluster = f % clusters;
      const row = Float64Array.from({ length: width }, (_, i) => centres[cluster * width + i]! + 0.08 * random.normal());
      const norm = Math.hypot(...row);
      row.forEach((value, i) => { unit[f * width + i] = value / norm; });
    }
    const own = await run(unit, width);
    const control = await run(randomUnit(clusters * each, width, 6), width);
    expect(own.preserved).toBeGreaterThan(control.preserved + 0.1);
    expect(await run(unit, width)).toEqual(own);
  });

  test.each([1, 2, 5])('of %d directions is finite', async (count) => {
    for (const value of (await run(randomUnit(count, 8, 1), 8)).points) expect(Number.isFinite(value)).toBe(true);
  });
});

test('the largest values, largest first, among those wanted', () => {
  const random = new Random(3);
  const values = Float32Array.from({ length: 500 }, () => random.normal());
  const wanted = (i: number): boolean => i % 3 !== 0;
  expect(largest(values, 20, wanted)).toEqual(Array.from(values.keys()).filter(wanted).toSorted((a, b) => values[b]! - values[a]!).slice(0, 20));
});

test('a difference between texts has a small p only where it is not chance', () => {
  const text = (entries: [number, number[]][], tokens: number): TextFeatures => ({ tokens, entries: new Map(entries.map(([feature, at]) => [feature, at.map((token) => ({ token, value: 1 }))])) });
  const here = text([[1, [0, 1, 2, 3, 4, 5, 6, 7]], [2, [0, 5]]], 10);
  const there = text([[2, [3, 8]]], 10);
  const [first, second] = differences(here, there, () => 0, 5);
  expect(first).toMatchObject({ feature: 1, here: 0.8, there: 0 });
  expect(first!.p).toBeLessThan(0.02);
  expect(second!.p).toBeGreaterThan(0.3);
});

/** A dictionary with one feature that writes `row` at a hook point. */
function sae(model: Model, hook: string, row: Float32Array): ReturnType<typeof tinyCrossLayer> {
  const dModel = model.config!.dModel;
  const value = { dtype: 'float32', dims: [1, dModel], data: row } as const;
  return { kind: 'sae', hooks: { input: hook, output: hook }, dIn: dModel, dOut: dModel, nLatents: 1, parameters: { get: () => value, has: () => true } } as unknown as ReturnType<typeof tinyCrossLayer>;
}
