/** Imported graphs can be sliced at any hook point of a block and run with another number of rows, as sweeps do. */
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { typeOf } from '../../../../../src/engine/graph/ir.ts';
import { sliceDownstream } from '../../../../../src/engine/graph/slice.ts';
import { openOnnx } from '../../../../../src/engine/models/onnx/openOnnx.ts';
import { Runtime } from '../../../../../src/engine/runtime/runtime.ts';
import type { Tensor } from '../../../../../src/engine/tensor.ts';
import { difference } from '../../../../support/compare.ts';
import { fixtures, inputsOf, readPack } from './reference.ts';

const runtime = new Runtime({ threads: 1, optimization: 'basic' });
afterAll(() => runtime.dispose());

const times = 3;

/** The rows of a tensor, several times over. */
function tiled(value: Tensor): Tensor {
  const data = new (value.data.constructor as Float32ArrayConstructor)(value.data.length * times);
  for (let i = 0; i < times; i++) data.set(value.data as Float32Array, i * value.data.length);
  return { ...value, dims: [value.dims[0]! * times, ...value.dims.slice(1)], data };
}

describe.each(['models/gpt2', 'models/gpt_neox', 'models/llama', 'exports/opt', 'exports/phi', 'exports/distilbert'])('%s', (name) => {
  it('gives the same rows for each copy of the rows, wherever it is cut', async () => {
    const model = await openOnnx(join(fixtures, name, 'model.onnx'));
    const pack = readPack(join(fixtures, name, 'reference.safetensors'));
    const graph = model.graph();
    const cuts = model.hookPoints().map((point) => point.name).filter((hook) => /^blocks\.1\..*hook_(resid_\w+|q|k|v|z|rot_q|rot_k|pattern|attn_scores|attn_out|mlp_out|pre|post|normalized)$/.test(hook));
    expect(cuts.length).toBeGreaterThan(12);
    const slices = cuts.map((cut) => ({ cut, ...sliceDownstream(graph, [cut], [model.output]) }));
    const needed = [...new Set([model.output, ...slices.flatMap(({ cut, boundary }) => [cut, ...boundary])])].filter((tensor) => !graph.inputs.has(tensor));
    const feeds = model.feeds(inputsOf(model, pack));
    const whole = await runtime.run({ ...graph, outputs: needed }, feeds, model.parameters);
    const expected = tiled(whole.get(model.output)!);
    for (const { cut, graph: slice, boundary } of slices) {
      const tiledFeeds = new Map([cut, ...boundary].map((tensor): [string, Tensor] => {
        const value = whole.get(tensor) ?? feeds.get(tensor)!;
        return [tensor, typeOf(graph, tensor)!.shape?.[0] === 'batch' ? tiled(value) : value];
      }));
      const output = (await runtime.run(slice, tiledFeeds, model.parameters)).get(model.output)!;
      expect(output.dims, cut).toEqual(expected.dims);
      expect(difference(output, expected).largest, cut).toBeLessThanOrEqual(1e-5);
    }
  });
});
