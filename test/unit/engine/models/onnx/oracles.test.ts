/** Exported files against reference packs: values, gradients, padding, and TransformerLens' caches. */
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addCotangentInput, differentiate } from '../../../../../src/engine/graph/differentiate/differentiate.ts';
import { openHuggingFace } from '../../../../../src/engine/models/huggingface.ts';
import type { Model } from '../../../../../src/engine/models/model.ts';
import { openOnnx } from '../../../../../src/engine/models/onnx/openOnnx.ts';
import { Runtime } from '../../../../../src/engine/runtime/runtime.ts';
import type { Tensor } from '../../../../../src/engine/tensor.ts';
import { difference } from '../../../../support/compare.ts';
import { cotangentOf, fixtures, hookOf, inputsOf, readPack } from './reference.ts';

const files = [
  'gpt2/model.onnx', 'gpt2/model_with_past.onnx', 'gpt2/decoder_model_merged.onnx', 'llama/model.onnx', 'llama/model_with_past.onnx',
  'gpt_neox/model.onnx', 'gemma2/model.onnx', 'bert/model.onnx', 'vit/model.onnx',
];

const runtime = new Runtime({ threads: 1, optimization: 'basic' });
afterAll(() => runtime.dispose());

/** Runs the model for some tensors, and for the gradients of the pack's target with respect to others. */
async function measure(model: Model, pack: ReadonlyMap<string, Tensor>, tag: string, values: readonly string[], wrt: readonly string[]): Promise<{ values: Map<string, Tensor>; gradients: Map<string, Tensor> }> {
  const { graph, cotangent } = addCotangentInput(model.graph(), model.output);
  const { graph: both, gradients } = differentiate(graph, { seeds: new Map([[model.output, cotangent]]), wrt });
  const feeds = new Map(model.feeds(inputsOf(model, pack, tag === 'corrupted.')));
  feeds.set(cotangent, cotangentOf(pack, pack.get(`${tag}logits`)!));
  const outputs = [...new Set([...values, ...gradients.values()])];
  const results = await runtime.run({ ...both, outputs }, feeds, model.parameters);
  return { values: new Map(values.map((name) => [name, results.get(name)!])), gradients: new Map(wrt.map((name) => [name, results.get(gradients.get(name)!)!])) };
}

describe.each(files)('%s', (file) => {
  const path = join(fixtures, 'models', file);
  const pack = readPack(join(dirname(path), 'reference.safetensors'));
  const tags = pack.has('clean.logits') ? ['clean.', 'corrupted.'] : [''];
  let model: Model;
  beforeAll(async () => {
    model = await openOnnx(path);
  });

  it.each(tags)('reproduces every %svalue and gradient', async (tag) => {
    const keys = [...pack.keys()].filter((key) => (tag === '' ? !key.startsWith('padded.') : key.startsWith(tag))).map((key) => key.slice(tag.length));
    const known = (list: readonly string[]): [string, string][] => list.flatMap((key): [string, string][] => {
      const hook = hookOf(model, key);
      return hook === undefined ? [] : [[key, hook]];
    });
    const values = known(keys);
    const gradients = known(keys.filter((key) => key.startsWith('grad.')).map((key) => key.slice('grad.'.length)));
    expect(values.length).toBeGreaterThan(9);
    expect(gradients.length).toBeGreaterThan(9);
    const measured = await measure(model, pack, tag, values.map(([, hook]) => hook), gradients.map(([, hook]) => hook));
    for (const [key, hook] of values) expect(difference(measured.values.get(hook)!, pack.get(tag + key)!).largest, key).toBeLessThanOrEqual(1e-4);
    for (const [key, hook] of gradients) {
      const { largest, scale } = difference(measured.gradients.get(hook)!, pack.get(`${tag}grad.${key}`)!);
      expect(largest / scale, `grad.${key}`).toBeLessThanOrEqual(1e-4);
    }
  });

  it.runIf(pack.has('padded.logits'))('reproduces the logits of padded inputs', async () => {
    const mask = pack.get('padded.attention_mask')!;
    const inputs = new Map([['input_ids', pack.get('padded.input_ids') ?? pack.get('input_ids')!], ['attention_mask', mask]]);
    const logits = (await runtime.run({ ...model.graph(), outputs: [model.output] }, model.feeds(inputs), model.parameters)).get(model.output)!;
    const expected = pack.get('padded.logits')!;
    const width = expected.dims[2]!;
    let largest = 0;
    expected.data.forEach((value, i) => {
      if (Number(mask.data[Math.floor(i / width)]) === 1) largest = Math.max(largest, Math.abs(Number(value) - Number(logits.data[i])));
    });
    expect(largest).toBeLessThanOrEqual(1e-4);
  });

  it('has the sizes of the model built from its folder', async () => {
    const built = await openHuggingFace(dirname(path));
    const { nLayers, dModel, nHeads, nKeyValueHeads, dHead, dMlp, dOut, normalization, parallelAttnMlp, causal } = built.config!;
    expect(model.config).toMatchObject({ nLayers, dModel, nHeads, nKeyValueHeads, dHead, dMlp, dOut, normalization, parallelAttnMlp, causal });
    expect(model.config!.normEps).toBeCloseTo(built.config!.normEps, 12);
  });

  it('has the hook points of the model built from its folder, with its gradients', async () => {
    const built = await openHuggingFace(dirname(path));
    const own = new Set(model.hookPoints().map((point) => point.name));
    const common = built.hookPoints().map((point) => point.name).filter((name) => name !== built.output);
    expect(common.filter((name) => !own.has(name))).toEqual([]);
    const [imported, reference] = [await measure(model, pack, tags[0]!, [], common), await measure(built, pack, tags[0]!, [], common)];
    for (const name of common) {
      const { largest, scale } = difference(imported.gradients.get(name)!, reference.gradients.get(name)!);
      expect(largest, name).toBeLessThanOrEqual(1e-4 * Math.max(scale, 1e-3));
    }
  });
});

describe.each([
  ['gpt2/model.onnx', 'gpt2'], ['gpt2/decoder_model_merged.onnx', 'gpt2'], ['llama/model.onnx', 'llama'], ['gpt_neox/model.onnx', 'gpt_neox'], ['gemma2/model.onnx', 'gemma2'],
] as const)('%s', (file, cache) => {
  /** Copies of the stream per head exist only in graphs that are built for them. */
  const onRequest = /hook_(result|[qkv]_input)$/;

  it('has TransformerLens’ hook points with its values', async () => {
    const model = await openOnnx(join(fixtures, 'models', file));
    const pack = readPack(join(fixtures, 'models', dirname(file), 'reference.safetensors'));
    const caches = readPack(join(fixtures, 'transformer_lens', `${cache}.safetensors`));
    const names = [...caches.keys()].filter((key) => key.startsWith('cache.') && !onRequest.test(key)).map((key) => key.slice('cache.'.length));
    const results = await runtime.run({ ...model.graph(), outputs: names }, model.feeds(inputsOf(model, pack)), model.parameters);
    for (const name of names) expect(gap(results.get(name)!, caches.get(`cache.${name}`)!), name).toBeLessThanOrEqual(1e-4);
  });
});

/**
 * Largest difference. Masked scores are the least number in one and −∞ in the other. The GPT-2 cache was made with a
 * norm per head, all alike: there only one copy is compared.
 */
function gap(actual: Tensor, expected: Tensor): number {
  const repeats = expected.data.length / actual.data.length;
  const width = actual.dims.at(-1)!;
  const isPerHead = expected.dims.length === 4 && actual.dims.length === 3;
  let largest = 0;
  actual.data.forEach((value, i) => {
    const at = isPerHead ? Math.floor(i / width) * width * repeats + (i % width) : i;
    const other = Number(expected.data[at]);
    if (other > -1e30) largest = Math.max(largest, Math.abs(Number(value) - other));
    else if (Number(value) > -1e30) largest = Infinity;
  });
  return largest;
}
