/** Families built from folders against Hugging Face reference packs: values, gradients, padding, greedy continuation. */
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addCotangentInput, differentiate } from '../../../../../src/engine/graph/differentiate/differentiate.ts';
import { openHuggingFace } from '../../../../../src/engine/models/huggingface.ts';
import type { Model } from '../../../../../src/engine/models/model.ts';
import { Runtime } from '../../../../../src/engine/runtime/runtime.ts';
import { i64 } from '../../../../../src/engine/tensor.ts';
import type { Tensor } from '../../../../../src/engine/tensor.ts';
import { difference } from '../../../../support/compare.ts';
import { cotangentOf, fixtures, hookOf, inputsOf, readPack } from '../onnx/reference.ts';

const runtime = new Runtime({ threads: 1 });
afterAll(() => runtime.dispose());

const run = (model: Model, inputs: ReadonlyMap<string, Tensor>, outputs: readonly string[], dtype: 'float32' | 'float64' = 'float32'): Promise<Map<string, Tensor>> => (
  runtime.run({ ...model.graph({ dtype }), outputs }, model.feeds(inputs), model.parameters)
);

describe.each(['gpt2', 'gpt_neox', 'llama', 'gemma2', 'bert', 'vit'])('%s', (name) => {
  const pack = readPack(join(fixtures, 'models', name, 'reference.safetensors'));
  const tags = pack.has('clean.logits') ? ['clean.', 'corrupted.'] : [''];
  let model: Model;
  beforeAll(async () => {
    model = await openHuggingFace(join(fixtures, 'models', name));
  });

  /** [reference key without tag, hook point] of every listed value; gradients have keys of their own. */
  const listed = (tag: string): [string, string][] => [...pack.keys()]
    .filter((key) => (tag === '' ? !key.startsWith('padded.') : key.startsWith(tag)) && !key.startsWith(`${tag}grad.`))
    .map((key) => key.slice(tag.length))
    .flatMap((key): [string, string][] => {
      const hook = hookOf(model, key);
      return hook === undefined ? [] : [[key, hook]];
    });

  it.each(tags)('reproduces every %svalue', async (tag) => {
    const values = listed(tag);
    expect(values.length).toBeGreaterThan(9);
    const results = await run(model, inputsOf(model, pack, tag === 'corrupted.'), [...new Set(values.map(([, hook]) => hook))]);
    for (const [key, hook] of values) expect(difference(results.get(hook)!, pack.get(tag + key)!).largest, key).toBeLessThanOrEqual(1e-4);
  });

  it.each(tags)('reproduces every %sgradient', async (tag) => {
    const keys = [...pack.keys()].filter((key) => key.startsWith(`${tag}grad.`)).map((key) => key.slice(tag.length + 'grad.'.length));
    expect(keys.length).toBeGreaterThan(9);
    const hooks = new Map(keys.map((key) => [key, hookOf(model, key)!]));
    const { graph, cotangent } = addCotangentInput(model.graph(), model.output);
    const { graph: both, gradients } = differentiate(graph, { seeds: new Map([[model.output, cotangent]]), wrt: [...new Set(hooks.values())] });
    const feeds = new Map(model.feeds(inputsOf(model, pack, tag === 'corrupted.'))).set(cotangent, cotangentOf(pack, pack.get(`${tag}logits`)!));
    const results = await runtime.run({ ...both, outputs: [...gradients.values()] }, feeds, model.parameters);
    for (const [key, hook] of hooks) {
      const { largest, scale } = difference(results.get(gradients.get(hook)!)!, pack.get(`${tag}grad.${key}`)!);
      expect(largest / scale, key).toBeLessThanOrEqual(1e-4);
    }
  });

  it('computes the same logits in float64', async () => {
    const tag = tags[0]!;
    const results = await run(model, inputsOf(model, pack), [model.output], 'float64');
    expect(results.get(model.output)!.dtype).toBe('float64');
    expect(difference(results.get(model.output)!, pack.get(`${tag}logits`)!).largest).toBeLessThanOrEqual(1e-4);
  });

  if (pack.has('padded.logits')) it('reproduces the logits of padded inputs', async () => {
    const mask = pack.get('padded.attention_mask')!;
    const inputs = new Map([['input_ids', pack.get('padded.input_ids') ?? pack.get('input_ids')!], ['attention_mask', mask]]);
    const logits = (await run(model, inputs, ['logits'])).get('logits')!;
    const expected = pack.get('padded.logits')!;
    const width = expected.dims[2]!;
    let largest = 0;
    expected.data.forEach((value, i) => {
      if (Number(mask.data[Math.floor(i / width)]) === 1) largest = Math.max(largest, Math.abs(Number(value) - Number(logits.data[i])));
    });
    expect(largest).toBeLessThanOrEqual(1e-4);
  });

  if (pack.has('greedy_ids')) it('continues greedily with the same tokens', async () => {
    const expected = Array.from(pack.get('greedy_ids')!.data, Number);
    const length = pack.get('input_ids')!.dims[1]!;
    const ids = Array.from(pack.get('input_ids')!.data, Number).slice(0, length);
    while (ids.length < expected.length) {
      const logits = (await run(model, new Map([['input_ids', i64([1, ids.length], ids)]]), ['logits'])).get('logits')!;
      const last = Array.from(logits.data as Float32Array).slice(-logits.dims[2]!);
      ids.push(last.indexOf(Math.max(...last)));
    }
    expect(ids).toEqual(expected);
  });
});
