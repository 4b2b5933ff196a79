/** Hook points against TransformerLens 2.15: names, shapes, values and gradients. */
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { addCotangentInput, differentiate } from '../../../../../src/engine/graph/differentiate/differentiate.ts';
import { openHuggingFace } from '../../../../../src/engine/models/huggingface.ts';
import { Runtime } from '../../../../../src/engine/runtime/runtime.ts';
import type { Tensor } from '../../../../../src/engine/tensor.ts';
import { difference } from '../../../../support/compare.ts';
import { cotangentOf, fixtures, inputsOf, readPack } from '../onnx/reference.ts';

const runtime = new Runtime({ threads: 1 });
afterAll(() => runtime.dispose());

/** Masked scores are −∞ there and a large negative number here; both are none of a hook's meaning. */
function comparable(actual: Tensor, expected: Tensor): [Tensor, Tensor] {
  const visible = (value: number): boolean => value > -1e8;
  const keep = (t: Tensor): Tensor => ({ ...t, data: (t.data as Float32Array).map((value) => (visible(value) ? value : 0)) });
  return [keep(actual), keep(expected)];
}

describe.each(['gpt2', 'gpt_neox', 'llama', 'gemma2'])('%s', (name) => {
  const oracle = readPack(join(fixtures, 'transformer_lens', `${name}.safetensors`));
  const pack = readPack(join(fixtures, 'models', name, 'reference.safetensors'));
  const opened = openHuggingFace(join(fixtures, 'models', name));
  const listed = (prefix: string): string[] => [...oracle.keys()].filter((key) => key.startsWith(prefix)).map((key) => key.slice(prefix.length));
  const options = { splitQkvInput: oracle.has('cache.blocks.0.hook_q_input'), attnResult: oracle.has('cache.blocks.0.attn.hook_result') };

  const runs = ['cache.', 'cache_corrupted.'].filter((prefix) => listed(prefix).length > 0);

  it.each(runs)('has every hook of %s', async (prefix) => {
    const model = await opened;
    const hooks = listed(prefix);
    const results = await runtime.run({ ...model.graph(options), outputs: hooks }, model.feeds(inputsOf(model, pack, prefix === 'cache_corrupted.')), model.parameters);
    for (const hook of hooks) {
      const expected = oracle.get(prefix + hook)!;
      expect(results.get(hook)!.dims, hook).toEqual(expected.dims);
      expect(difference(...comparable(results.get(hook)!, expected)).largest, hook).toBeLessThanOrEqual(1e-4);
    }
  });

  it('has the gradient of every hook', async () => {
    const model = await opened;
    const hooks = listed('grad_corrupted.');
    expect(hooks.length).toBeGreaterThan(8);
    const { graph, cotangent } = addCotangentInput(model.graph(options), 'logits');
    const { graph: both, gradients } = differentiate(graph, { seeds: new Map([['logits', cotangent]]), wrt: hooks });
    const feeds = new Map(model.feeds(inputsOf(model, pack, true))).set(cotangent, cotangentOf(pack, pack.get('corrupted.logits')!));
    const results = await runtime.run({ ...both, outputs: [...gradients.values()] }, feeds, model.parameters);
    for (const hook of hooks) {
      const { largest, scale } = difference(results.get(gradients.get(hook)!)!, oracle.get(`grad_corrupted.${hook}`)!);
      expect(largest / scale, hook).toBeLessThanOrEqual(1e-4);
    }
  });
});
