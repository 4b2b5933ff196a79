/** Exports of further architectures: their hook points are those of the models built from the same weights, with the same values and gradients. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { addCotangentInput, differentiate } from '../../../../../src/engine/graph/differentiate/differentiate.ts';
import { openHuggingFace } from '../../../../../src/engine/models/huggingface.ts';
import type { Model } from '../../../../../src/engine/models/model.ts';
import { openOnnx } from '../../../../../src/engine/models/onnx/openOnnx.ts';
import { Runtime } from '../../../../../src/engine/runtime/runtime.ts';
import { f32 } from '../../../../../src/engine/tensor.ts';
import type { Tensor } from '../../../../../src/engine/tensor.ts';
import { difference } from '../../../../support/compare.ts';
import { fixtures, inputsOf, readPack } from './reference.ts';

const folder = join(fixtures, 'exports');
const names = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory()).map((entry) => entry.name);

const runtime = new Runtime({ threads: 1, optimization: 'basic' });
afterAll(() => runtime.dispose());

/** Values and gradients of hook points, for a cotangent without pattern on the main output. */
async function measure(model: Model, pack: ReadonlyMap<string, Tensor>, hooks: readonly string[]): Promise<{ value: (hook: string) => Tensor; gradient: (hook: string) => Tensor }> {
  const { graph, cotangent } = addCotangentInput(model.graph(), model.output);
  const { graph: both, gradients } = differentiate(graph, { seeds: new Map([[model.output, cotangent]]), wrt: hooks });
  const { dims, data } = pack.get(model.output)!;
  const feeds = new Map(model.feeds(inputsOf(model, pack)));
  feeds.set(cotangent, f32(dims, Array.from({ length: data.length }, (_, i) => Math.sin(i))));
  const results = await runtime.run({ ...both, outputs: [...new Set([...hooks, ...gradients.values()])] }, feeds, model.parameters);
  return { value: (hook) => results.get(hook)!, gradient: (hook) => results.get(gradients.get(hook)!)! };
}

describe.each(names)('%s', (name) => {
  const pack = readPack(join(folder, name, 'reference.safetensors'));

  it('reproduces the outputs and attentions of the original', async () => {
    const model = await openOnnx(join(folder, name, 'model.onnx'));
    const references = [...pack.keys()].flatMap((key): [string, string][] => {
      const [, tower = '', layer] = /^(text\.|vision\.)?attentions\.(\d+)$/.exec(key) ?? [];
      if (layer !== undefined) return [[key, `${tower}blocks.${layer}.attn.hook_pattern`]];
      return model.graph().outputs.includes(key) ? [[key, key]] : [];
    });
    expect(references.length).toBeGreaterThan(2);
    const results = await runtime.run({ ...model.graph(), outputs: references.map(([, hook]) => hook) }, model.feeds(inputsOf(model, pack)), model.parameters);
    for (const [key, hook] of references) expect(difference(results.get(hook)!, pack.get(key)!).largest, key).toBeLessThanOrEqual(1e-4);
  });

  it('has the hook points of the built model, with its values and gradients', async () => {
    const [imported, built] = [await openOnnx(join(folder, name, 'model.onnx')), await openHuggingFace(join(folder, name))];
    const own = new Set(imported.hookPoints().map((point) => point.name));
    const hooks = built.hookPoints().map((point) => point.name).filter((hook) => !hook.startsWith('logits'));
    expect(hooks.filter((hook) => !own.has(hook))).toEqual([]);
    const [actual, expected] = [await measure(imported, pack, hooks), await measure(built, pack, hooks)];
    for (const hook of hooks) {
      expect(actual.value(hook).dims, hook).toEqual(expected.value(hook).dims);
      expect(gap(actual.value(hook), expected.value(hook)), hook).toBeLessThanOrEqual(1e-4);
      const { largest, scale } = difference(actual.gradient(hook), expected.gradient(hook));
      expect(largest, `gradient of ${hook}`).toBeLessThanOrEqual(1e-4 * Math.max(scale, 1e-3));
    }
  });
});

/** Largest difference; masked scores are large negative numbers whose size is a matter of taste. */
function gap(a: Tensor, b: Tensor): number {
  let largest = 0;
  b.data.forEach((value, i) => {
    const [x, y] = [Number(a.data[i]), Number(value)];
    const areMasked = x < -1e4 && y < -1e4;
    if (!areMasked) largest = Math.max(largest, Math.abs(x - y));
  });
  return largest;
}
