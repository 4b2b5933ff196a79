/** Exported files without any known layout: every tensor is a hook point under its own name. */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { saveModel } from '../../../../../src/engine/graph/codec/save.ts';
import { differentiate } from '../../../../../src/engine/graph/differentiate/differentiate.ts';
import { GraphBuilder } from '../../../../../src/engine/graph/builder.ts';
import { openHuggingFace } from '../../../../../src/engine/models/huggingface.ts';
import type { Model } from '../../../../../src/engine/models/model.ts';
import { openOnnx } from '../../../../../src/engine/models/onnx/openOnnx.ts';
import { Runtime } from '../../../../../src/engine/runtime/runtime.ts';
import { i64, tensor } from '../../../../../src/engine/tensor.ts';
import type { Tensor } from '../../../../../src/engine/tensor.ts';
import { difference } from '../../../../support/compare.ts';
import { failureOf } from '../../../../support/failure.ts';
import { fixtures, inputsOf, readPack } from './reference.ts';

const runtime = new Runtime({ threads: 1 });
afterAll(() => runtime.dispose());

describe.each(['cnn', 'mlp_relu'])('captum/%s', (name) => {
  const file = join(fixtures, 'captum', name, 'model.onnx');
  const pack = readPack(join(fixtures, 'captum', name, 'reference.safetensors'));

  it('reproduces its output', async () => {
    const model = await openOnnx(file);
    const output = (await runtime.run({ ...model.graph(), outputs: [model.output] }, model.feeds(inputsOf(model, pack)), model.parameters)).get(model.output)!;
    const { largest, scale } = difference(output, pack.get('output')!);
    expect(largest / scale).toBeLessThanOrEqual(1e-5);
  });

  it('reproduces captum’s saliency and input times gradient', async () => {
    const model = await openOnnx(file);
    const gradient = await inputGradient(model, pack);
    const x = pack.get('x')!;
    const product = { ...gradient, data: Float32Array.from(gradient.data as Float32Array, (value, i) => value * Number(x.data[i])) };
    for (const [actual, key] of [[gradient, 'saliency.signed'], [product, 'input_x_gradient']] as const) {
      const { largest, scale } = difference(actual, pack.get(key)!);
      expect(largest / scale, key).toBeLessThanOrEqual(1e-5);
    }
  });

  it('names its tensors as the exporter did', async () => {
    const model = await openOnnx(file);
    expect(model.family).toBe('onnx');
    expect(model.config).toBeUndefined();
    expect(model.hookPoints().map((point) => point.name)).toEqual(expect.arrayContaining(['input', 'logits', '/fc1/Gemm_output_0']));
    expect(model.hookPoints().every(({ type }) => type.shape?.[0] === 'batch')).toBe(true);
  });
});

/** Gradient of the sum over the batch of each row's target output. */
async function inputGradient(model: Model, pack: ReadonlyMap<string, Tensor>): Promise<Tensor> {
  const b = new GraphBuilder(model.graph());
  const target = b.input('target', 'int64', ['batch', 1]);
  const chosen = b.node('GatherElements', [model.output, target], { attributes: { axis: { type: 'int', value: 1 } } });
  const { graph, gradients } = differentiate(b.build(), { seeds: new Map([[chosen, 'ones']]), wrt: ['input'] });
  const output = gradients.get('input')!;
  const { data } = pack.get('target')!;
  const targets = i64([data.length, 1], Array.from(data as BigInt64Array, Number));
  const feeds = new Map([...model.feeds(inputsOf(model, pack)), ['target', targets] as const]);
  return (await runtime.run({ ...graph, outputs: [output] }, feeds, model.parameters)).get(output)!;
}

describe('feeds', () => {
  const ids = (values: readonly number[], dims: readonly number[]): ReadonlyMap<string, Tensor> => new Map([['input_ids', i64(dims, values)]]);

  it('complete masks and positions, also for files with a past', async () => {
    for (const name of ['model', 'model_with_past', 'decoder_model_merged']) {
      const model = await openOnnx(join(fixtures, 'models/gpt2', `${name}.onnx`));
      expect(model.requiredInputs).toEqual(['input_ids']);
      const feeds = model.feeds(ids([1, 2, 3, 4], [2, 2]));
      expect([...feeds.keys()].sort()).toEqual([...model.graph().inputs.keys()].sort());
      expect(feeds.get('attention_mask')?.data).toEqual(BigInt64Array.of(1n, 1n, 1n, 1n));
      if (model.graph().inputs.has('position_ids')) expect(feeds.get('position_ids')?.data).toEqual(BigInt64Array.of(0n, 1n, 0n, 1n));
    }
  });

  it('are checked: missing, unknown, out of the vocabulary, longer than the positions', async () => {
    const model = await openOnnx(join(fixtures, 'models/gpt2/model.onnx'));
    expect(failureOf(() => model.feeds(new Map()))).toMatchObject({ reason: 'argument', field: 'input input_ids' });
    expect(failureOf(() => model.feeds(new Map([...ids([1], [1, 1]), ['pixels', tensor('float32', [0], new Float32Array(0))]])))).toMatchObject({ reason: 'argument', field: 'input pixels' });
    expect(failureOf(() => model.feeds(ids([-1], [1, 1])))).toMatchObject({ reason: 'argument', field: 'input input_ids' });
    expect(failureOf(() => model.feeds(ids([160], [1, 1])))).toMatchObject({ reason: 'argument', field: 'input input_ids' });
    expect(failureOf(() => model.feeds(ids(Array.from({ length: 65 }, () => 1), [1, 65])))).toMatchObject({ reason: 'argument', field: 'input position_ids' });
  });

  it('of any batch and length agree with one another', async () => {
    const model = await openOnnx(join(fixtures, 'models/gpt2/model.onnx'));
    const run = async (given: ReadonlyMap<string, Tensor>): Promise<Tensor> => (await runtime.run({ ...model.graph(), outputs: [model.output] }, model.feeds(given), model.parameters)).get(model.output)!;
    const alone = await run(ids([5, 6, 7, 8], [1, 4]));
    const together = await run(ids([9, 9, 9, 9, 5, 6, 7, 8], [2, 4]));
    expect(difference({ ...alone, data: together.data.slice(alone.data.length) }, alone).largest).toBeLessThanOrEqual(1e-5);
  });
});

it('the model hash tells weights apart and is the same in every run', async () => {
  const open = (): Promise<Model> => openOnnx(join(fixtures, 'captum/mlp_relu/model.onnx'));
  const [first, second, changed] = [await open(), await open(), await open()];
  expect(await first.hash()).toBe(await second.hash());
  const [name] = changed.parameters.names();
  const weight = changed.parameters.get(name!);
  changed.parameters.set(name!, { ...weight, data: (weight.data as Float32Array).map((value) => value + 1) });
  expect(await first.hash()).not.toBe(await changed.hash());
});

it('a graph built here, saved and opened again, keeps its hook points and values', async () => {
  const built = await openHuggingFace(join(fixtures, 'models/gpt2'));
  const file = join(mkdtempSync(join(tmpdir(), 'mechanist-')), 'model.onnx');
  saveModel(built.graph(), built.parameters, file);
  const opened = await openOnnx(file);
  const names = built.hookPoints().map((point) => point.name);
  expect(opened.hookPoints().map((point) => point.name)).toEqual(expect.arrayContaining(names));
  const inputs = new Map([['input_ids', i64([1, 4], [5, 6, 7, 8])]]);
  const run = (model: Model): Promise<Map<string, Tensor>> => runtime.run({ ...model.graph(), outputs: names }, model.feeds(inputs), model.parameters);
  const [expected, actual] = [await run(built), await run(opened)];
  for (const name of names) expect(difference(actual.get(name)!, expected.get(name)!).largest, name).toBeLessThanOrEqual(1e-5);
});
