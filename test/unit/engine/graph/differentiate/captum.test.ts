/** Gradients of small classifiers read from ONNX files, against captum 0.7 on PyTorch: convolution, pooling, flattening. */
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { integratedGradients } from '../../../../../src/behavioral/integratedGradients.ts';
import type { QuadratureRule } from '../../../../../src/behavioral/quadrature.ts';
import { openSafetensors } from '../../../../../src/engine/formats/safetensors.ts';
import { GraphBuilder } from '../../../../../src/engine/graph/builder.ts';
import { differentiate } from '../../../../../src/engine/graph/differentiate/differentiate.ts';
import { int } from '../../../../../src/engine/graph/ir.ts';
import type { Model } from '../../../../../src/engine/models/model.ts';
import { openOnnx } from '../../../../../src/engine/models/onnx/openOnnx.ts';
import { Runtime } from '../../../../../src/engine/runtime/runtime.ts';
import { numbersOf } from '../../../../../src/engine/tensor.ts';
import type { Tensor } from '../../../../../src/engine/tensor.ts';
import { relativeError } from './gradientCheck.ts';

const packs = join(import.meta.dirname, '../../../../fixtures/captum');
const rules: readonly (readonly [string, QuadratureRule, number, boolean])[] = [
  ['gausslegendre.50', 'gauss_legendre', 50, true],
  ['gausslegendre.16.no_multiply', 'gauss_legendre', 16, false],
  ...(['left', 'middle', 'right', 'trapezoid'] as const).map((kind) => [`riemann_${kind}.50`, `riemann_${kind}`, 50, true] as const),
];

describe.each(['cnn', 'mlp_relu'])('%s', (pack) => {
  const reference = new Map<string, Tensor>();
  const runtime = new Runtime({ threads: 1 });
  let model: Model;
  const expected = (name: string): number[] => Array.from(numbersOf(reference.get(name)!));
  const input = (): string => model.requiredInputs[0]!;

  beforeAll(async () => {
    const file = openSafetensors(join(packs, pack, 'reference.safetensors'));
    for (const name of file.names()) reference.set(name, file.read(name));
    file.close();
    model = await openOnnx(join(packs, pack, 'model.onnx'));
  });
  afterAll(() => runtime.dispose());

  it('gives the same output', async () => {
    const outputs = await runtime.run({ ...model.graph(), outputs: [model.output] }, new Map([[input(), reference.get('x')!]]), model.parameters);
    expect(relativeError(numbersOf(outputs.get(model.output)!), expected('output'))).toBeLessThan(1e-5);
  });

  it('gives the same gradient and gradient times input', async () => {
    const b = new GraphBuilder(model.graph());
    const target = b.unsqueeze(b.input('target', 'int64', [b.shapeOf(model.output)[0]!]), [1]);
    const picked = b.reduceSum(b.node('GatherElements', [model.output, target], { attributes: { axis: int(1) } }), [0, 1], false);
    const { graph, gradients } = differentiate(b.build([]), { seeds: new Map([[picked, 'ones']]), wrt: [input()] });
    const gradient = gradients.get(input())!;
    const feeds = new Map([[input(), reference.get('x')!], ['target', reference.get('target')!]]);
    const values = Array.from(numbersOf((await runtime.run({ ...graph, outputs: [gradient] }, feeds, model.parameters)).get(gradient)!));
    expect(relativeError(values, expected('saliency.signed'))).toBeLessThan(1e-5);
    expect(relativeError(values.map((g, i) => g * expected('x')[i]!), expected('input_x_gradient'))).toBeLessThan(1e-5);
  });

  describe.each(['zero', 'base'])('integrated gradients from baseline %s', (baseline) => {
    it.each(rules)('%s', async (name, rule, steps, multiplyByInputs) => {
      const result = await integratedGradients(model, runtime, {
        inputs: new Map([[input(), reference.get('x')!]]),
        target: { kind: 'classes', classes: expected('target') },
        rule, steps, multiplyByInputs,
        ...(baseline === 'base' ? { baseline: reference.get('baseline')! } : {}),
      });
      const key = `integrated_gradients.${baseline}.${name}`;
      expect(relativeError(numbersOf(result.attributions), expected(key))).toBeLessThan(1e-5);
      if (!multiplyByInputs) return;
      // The deltas are small differences of sums of size f: compared on the scale of f.
      const scale = Math.max(...expected('output').map(Math.abs));
      expected(`${key}.delta`).forEach((delta, row) => expect(Math.abs(result.delta[row]! - delta) / scale).toBeLessThan(1e-5));
    });
  });
});
