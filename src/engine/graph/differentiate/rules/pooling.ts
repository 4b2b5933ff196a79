/** Backward rules of pooling. */
import { MechanistError } from '../../../errors.ts';
import { tensor } from '../../../tensor.ts';
import { int, intAttribute, ints, intsAttribute } from '../../ir.ts';
import type { GraphBuilder } from '../../builder.ts';
import { countAlong, divideByCount, filled, filledOf, reshapeTo, scale } from '../emit.ts';
import type { BackwardContext, BackwardRule } from '../rule.ts';
import { scatterAdd } from './scatter.ts';
import { covered, uncovered, windowOf } from './window.ts';
import type { Window } from './window.ts';

export const poolingRules: ReadonlyMap<string, BackwardRule> = new Map<string, BackwardRule>([
  ['MaxPool', (c) => [maxPool(c)]],
  ['AveragePool', (c) => [averagePool(c)]],
  ['GlobalAveragePool', (c) => {
    const spatial = spatialAxes(c);
    return [divideByCount(c.b, c.gradient(0)!, countAlong(c.b, c.inputs[0]!, spatial))];
  }],
  ['GlobalMaxPool', (c) => {
    const { b } = c;
    const x = c.inputs[0]!;
    const flat = b.reshape(x, [0, 0, -1]);
    const first = b.node('ArgMax', [flat], { attributes: { axis: int(2), keepdims: int(1) } });
    const placed = b.node('ScatterElements', [filled(b, 0, flat), first, b.reshape(c.gradient(0)!, [0, 0, 1])], { attributes: { axis: int(2) } });
    return [reshapeTo(b, placed, x)];
  }],
]);

function spatialAxes(c: BackwardContext): number[] {
  return Array.from({ length: c.b.shapeOf(c.inputs[0]!).length - 2 }, (_, i) => i + 2);
}

/** The gradient goes to the element that the runtime picked: the first of equal ones in a window. */
function maxPool(c: BackwardContext): string | undefined {
  const { b, node } = c;
  const g = c.gradient(0);
  if (g === undefined) return undefined;
  const x = c.inputs[0]!;
  const rowMajor = intAttribute(node, 'storage_order', 0) === 0;
  const given = rowMajor ? (c.outputs[1] ?? '') : '';
  const indices = given !== '' ? given : picks(c);
  // Indices count through the whole input.
  const zeros = filledOf(b, 0, b.dtypeOf(x), b.reshape(b.node('Size', [x]), [1]), [b.freshDim()]);
  return reshapeTo(b, scatterAdd(b, zeros, b.reshape(indices, [-1]), b.reshape(g, [-1]), 0), x);
}

function picks({ b, node, inputs }: BackwardContext): string {
  const attributes = Object.fromEntries([...node.attributes].filter(([name]) => name !== 'storage_order'));
  return b.nodeMany('MaxPool', [inputs[0]!], { attributes, outputs: 2 })[1]!;
}

/** Every window spreads its gradient evenly: a transposed convolution with ones, one channel at a time. */
function averagePool(c: BackwardContext): string {
  const { b, node } = c;
  const x = c.inputs[0]!;
  const g = c.gradient(0)!;
  const kernel = intsAttribute(node, 'kernel_shape');
  if (kernel === undefined) throw new MechanistError('parse', 'The kernel shape is missing.');
  const w = windowOf(node, kernel);
  const size = kernel.reduce((n, k) => n * k, 1);
  const share = isUniform(w) ? scale(b, g, 1 / size) : b.mul(g, inverseCounts(c, w, g));
  const single = b.node('Reshape', [share, b.concat([b.vector([-1, 1]), b.slice(b.shape(g), 0, 2)], 0)]);
  const spread = b.node('ConvTranspose', [single, ones(b, kernel)], { attributes: { strides: ints(w.strides) } });
  const channels = b.node('Reshape', [spread, b.concat([b.slice(b.shape(g), 0, 0, 2), b.slice(b.shape(spread), 0, 2)], 0)]);
  b.setType(channels, { dtype: b.dtypeOf(x), shape: [...b.shapeOf(g).slice(0, 2), ...b.shapeOf(spread).slice(2)] });
  return uncovered(b, w, channels, x, g);
}

/** Whether every window divides by the size of the kernel. */
function isUniform({ node }: Window): boolean {
  if (intAttribute(node, 'ceil_mode', 0) !== 0) return false;
  const automatic = node.attributes.has('auto_pad') && !node.attributes.has('pads');
  const padded = automatic || (intsAttribute(node, 'pads') ?? []).some((pad) => pad !== 0);
  return !padded || intAttribute(node, 'count_include_pad', 0) === 1;
}

/**
 * 1/count of each window. The mean of ones is (elements inside the input)/count, and a convolution with ones counts
 * those elements, so the runtime's own rule for windows at the border is followed whatever it is.
 */
function inverseCounts({ b, node, inputs }: BackwardContext, w: Window, g: string): string {
  const x = inputs[0]!;
  const spatial = b.slice(b.shape(x), 0, 2);
  const blank = filledOf(b, 1, b.dtypeOf(x), b.concat([b.vector([1, 1]), spatial], 0), [1, 1, ...b.shapeOf(x).slice(2)]);
  const fraction = b.node('AveragePool', [blank], { attributes: Object.fromEntries(node.attributes) });
  const inside = b.node('Conv', [covered(b, w, blank, g), ones(b, w.kernel)], { attributes: { strides: ints(w.strides) } });
  return b.div(fraction, inside);
}

function ones(b: GraphBuilder, kernel: readonly number[]): string {
  const count = kernel.reduce((n, k) => n * k, 1);
  return b.constant(tensor('float32', [1, 1, ...kernel], new Float32Array(count).fill(1)), 'const_ones');
}
