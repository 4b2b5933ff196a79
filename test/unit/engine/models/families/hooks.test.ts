/** What holds for the hook points of every family, whatever its architecture. */
import { describe, expect, it } from 'vitest';
import { addCotangentInput, differentiate } from '../../../../../src/engine/graph/differentiate/differentiate.ts';
import { createHuggingFace } from '../../../../../src/engine/models/create.ts';
import type { FamilyModel } from '../../../../../src/engine/models/families/familyModel.ts';
import { hookAxes } from '../../../../../src/engine/models/hookAxes.ts';
import type { GraphOptions } from '../../../../../src/engine/models/model.ts';
import { Runtime } from '../../../../../src/engine/runtime/runtime.ts';
import { f32, i64 } from '../../../../../src/engine/tensor.ts';
import type { Tensor } from '../../../../../src/engine/tensor.ts';
import { difference } from '../../../../support/compare.ts';
import { normal } from '../../../../support/random.ts';
import { smallConfigs } from '../../../../support/smallConfigs.ts';

const runtime = new Runtime({ threads: 1 });
const length = 6;

/** Random weights throughout, so that no gradient vanishes by accident. */
function randomModel(config: Readonly<Record<string, unknown>>): FamilyModel {
  const model = createHuggingFace('small', config);
  let seed = 1;
  for (const name of model.parameters.names()) {
    const { dims } = model.parameters.info(name);
    const count = dims.reduce((a, b) => a * b, 1);
    const centre = name.endsWith('.w') ? 1 : 0;
    model.parameters.set(name, f32(dims, normal(count, seed++).map((x) => centre + 0.3 * x)));
  }
  return model;
}

function inputsOf(model: FamilyModel): Map<string, Tensor> {
  const inputs = new Map<string, Tensor>();
  for (const name of model.requiredInputs) {
    const dims = model.graph().inputs.get(name)!.shape!.map((dim) => (dim === 'pos' ? length : typeof dim === 'string' ? 2 : dim));
    const count = dims.reduce((a, b) => a * b, 1);
    inputs.set(name, name === 'pixel_values' ? f32(dims, normal(count, 3)) : i64(dims, Array.from({ length: count }, (_, i) => (5 * i + 3) % 31)));
  }
  return inputs;
}

const run = (model: FamilyModel, outputs: readonly string[], options: GraphOptions = {}): Promise<Map<string, Tensor>> => (
  runtime.run({ ...model.graph(options), outputs }, model.feeds(inputsOf(model)), model.parameters)
);

describe.each(Object.entries(smallConfigs))('%s', (_, config) => {
  const model = randomModel(config);

  it('has every hook point on the path to its output', async () => {
    const hooks = model.hookPoints().map(({ name }) => name).filter((name) => !model.graph().outputs.includes(name));
    const { graph, cotangent } = addCotangentInput(model.graph(), model.output);
    const { graph: both, gradients } = differentiate(graph, { seeds: new Map([[model.output, cotangent]]), wrt: hooks });
    const output = (await run(model, [model.output])).get(model.output)!;
    const feeds = new Map(model.feeds(inputsOf(model))).set(cotangent, f32(output.dims, normal(output.data.length, 9)));
    const results = await runtime.run({ ...both, outputs: [...gradients.values()] }, feeds, model.parameters);
    for (const hook of hooks) expect((results.get(gradients.get(hook)!)!.data as Float32Array).some((value) => value !== 0), hook).toBe(true);
  });

  it('declares the shape that each hook point has', async () => {
    const points = model.hookPoints();
    const results = await run(model, points.map(({ name }) => name));
    for (const { name, type } of points) {
      const { dims } = results.get(name)!;
      expect(type.shape, name).toHaveLength(dims.length);
      type.shape!.forEach((dim, i) => expect(dims[i], name).toBe(dim === 'pos' ? length : typeof dim === 'string' ? 2 : dim));
      if (/\.hook_\w+$/.test(name) && name.includes('blocks.')) expect(hookAxes(name, type.shape!), name).not.toContain(undefined);
    }
  });

  it('gives the same output with hook points on request', async () => {
    const plain = (await run(model, [model.output])).get(model.output)!;
    for (const options of [{ splitQkvInput: true }, { attnResult: true }, { ungroupKeyValue: true }, { splitQkvInput: true, attnResult: true, ungroupKeyValue: true }]) {
      expect(difference((await run(model, [model.output], options)).get(model.output)!, plain).largest, JSON.stringify(options)).toBeLessThan(1e-4);
    }
  });

  if (model.config !== undefined) it('has a stream that is the sum of what was written to it', async () => {
    const { nLayers, parallelAttnMlp } = model.config!;
    // With norms on the stream, the MLP's part is added to the normed sum.
    const isPost = model.hookPoints().some(({ name }) => name.endsWith('hook_normalized_resid_post'));
    for (let l = 0; l < nLayers; l++) {
      const block = (hook: string): string => `blocks.${l}.${hook}`;
      const sums: [sum: string, terms: string[]][] = parallelAttnMlp
        ? [[block('hook_resid_post'), [block('hook_resid_pre'), block('hook_attn_out'), block('hook_mlp_out')]]]
        : [
          [block('hook_resid_mid'), [block('hook_resid_pre'), block('hook_attn_out')]],
          [block('hook_resid_post'), [block(isPost ? 'ln1.hook_normalized' : 'hook_resid_mid'), block('hook_mlp_out')]],
        ];
      const results = await run(model, [...new Set(sums.flat(2))]);
      for (const [sum, terms] of sums) {
        const total = Array.from(results.get(sum)!.data as Float32Array, (__, i) => terms.reduce((x, term) => x + (results.get(term)!.data as Float32Array)[i]!, 0));
        expect(difference(f32([total.length], total), results.get(sum)!).largest, sum).toBeLessThan(1e-4);
      }
    }
  });
});

describe('ungrouped keys and values', () => {
  it('have a head for each query head; split inputs are one per key-value head, or per query head when ungrouped too', () => {
    const model = randomModel(smallConfigs['llama']!);
    const shapeOf = (name: string, options: GraphOptions): unknown => model.hookPoints(options).find((point) => point.name === name)?.type.shape;
    expect(shapeOf('blocks.0.attn.hook_k', {})).toEqual(['batch', 'pos', 2, 6]);
    expect(shapeOf('blocks.0.attn.hook_k', { ungroupKeyValue: true })).toEqual(['batch', 'pos', 4, 6]);
    expect(shapeOf('blocks.0.hook_q_input', { splitQkvInput: true })).toEqual(['batch', 'pos', 4, 24]);
    expect(shapeOf('blocks.0.hook_k_input', { splitQkvInput: true })).toEqual(['batch', 'pos', 2, 24]);
    expect(shapeOf('blocks.0.hook_k_input', { splitQkvInput: true, ungroupKeyValue: true })).toEqual(['batch', 'pos', 4, 24]);
    expect(shapeOf('blocks.0.attn.hook_v', { splitQkvInput: true, ungroupKeyValue: true })).toEqual(['batch', 'pos', 4, 6]);
    expect(shapeOf('blocks.0.attn.hook_result', { attnResult: true })).toEqual(['batch', 'pos', 4, 24]);
  });
});
