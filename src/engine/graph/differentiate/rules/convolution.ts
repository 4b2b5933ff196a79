/** Backward rules of convolution and transposed convolution, in any number of spatial axes. */
import { MechanistError } from '../../../errors.ts';
import { int, intAttribute, ints, intsAttribute, stringAttribute } from '../../ir.ts';
import type { Attribute } from '../../ir.ts';
import type { GraphBuilder } from '../../builder.ts';
import { reshapeTo } from '../emit.ts';
import type { BackwardContext, BackwardRule } from '../rule.ts';
import { when } from './elementwise.ts';
import { covered, uncovered, windowOf } from './window.ts';
import type { Window } from './window.ts';

export const convolutionRules: ReadonlyMap<string, BackwardRule> = new Map<string, BackwardRule>([
  ['Conv', (c) => {
    const { b } = c;
    const [x, weight] = [c.inputs[0]!, c.inputs[1]!];
    const w = windowOf(c.node, b.shapeOf(weight).slice(2));
    const g = c.gradient(0)!;
    return [
      when(c, 0, () => uncovered(b, w, spread(b, w, g, weight), x, g)),
      when(c, 1, () => weightGradient(c, w, covered(b, w, x, g), g)),
      when(c, 2, () => overChannels(b, g)),
    ];
  }],
  ['ConvTranspose', (c) => {
    const { b } = c;
    const [x, weight] = [c.inputs[0]!, c.inputs[1]!];
    const w = withExplicitPadding(c, windowOf(c.node, b.shapeOf(weight).slice(2)));
    const g = c.gradient(0)!;
    // Its output is the image that the windows of the backward convolution slide over.
    const image = covered(b, w, g, x);
    return [
      when(c, 0, () => reshapeTo(b, b.node('Conv', [image, weight], { attributes: geometry(w) }), x)),
      when(c, 1, () => weightGradient(c, w, image, x)),
      when(c, 2, () => overChannels(b, g)),
    ];
  }],
]);

function geometry(w: Window): Record<string, Attribute> {
  return { strides: ints(w.strides), dilations: ints(w.dilations), group: int(intAttribute(w.node, 'group', 1)) };
}

/** The adjoint of an unpadded convolution with respect to its input: the region that the windows cover. */
function spread(b: GraphBuilder, w: Window, g: string, weight: string): string {
  return b.node('ConvTranspose', [g, weight], { attributes: geometry(w) });
}

/**
 * Gradient of the weight of an unpadded convolution, given its input and the gradient of its output: a convolution in
 * which batch and channel have changed places, and stride and dilation too. Groups become channel groups of it.
 */
function weightGradient(c: BackwardContext, w: Window, image: string, g: string): string {
  const { b } = c;
  const groups = intAttribute(w.node, 'group', 1);
  const rank = w.kernel.length + 2;
  const swap = [1, 0, ...Array.from({ length: rank - 2 }, (_, i) => i + 2)];
  const exchanged = b.node('Conv', [groups === 1 ? b.transpose(image, swap) : byGroup(b, image, groups, rank), b.transpose(g, swap)], {
    attributes: { strides: ints(w.dilations), dilations: ints(w.strides), group: int(groups) },
  });
  return b.transpose(exchanged, swap);
}

/** [n, group·c, …] as [c, group·n, …]. */
function byGroup(b: GraphBuilder, image: string, groups: number, rank: number): string {
  const spatial = b.slice(b.shape(image), 0, 2);
  const batch = b.slice(b.shape(image), 0, 0, 1);
  const split = b.node('Reshape', [image, b.concat([batch, b.vector([groups, -1]), spatial], 0)]);
  const trailing = Array.from({ length: rank - 2 }, (_, i) => i + 3);
  const moved = b.transpose(split, [2, 1, 0, ...trailing]);
  const channels = b.slice(b.shape(moved), 0, 0, 1);
  return b.node('Reshape', [moved, b.concat([channels, b.vector([-1]), spatial], 0)]);
}

function overChannels(b: GraphBuilder, g: string): string {
  return b.reduceSum(g, b.shapeOf(g).map((_, i) => i).filter((i) => i !== 1), false);
}

/**
 * Transposed convolution derives its padding from the wanted output size or from `auto_pad`; here it is written out.
 * Errors: `unsupported` when that needs a size that is not known.
 */
function withExplicitPadding({ b, node, inputs }: BackwardContext, w: Window): Window {
  const mode = stringAttribute(node, 'auto_pad', 'NOTSET');
  const wanted = intsAttribute(node, 'output_shape');
  if (wanted === undefined && mode !== 'SAME_UPPER' && mode !== 'SAME_LOWER') return w;
  const sizes = b.shapeOf(inputs[0]!).slice(2);
  const totals = w.strides.map((stride, axis) => {
    const reach = w.extents[axis]! + (intsAttribute(node, 'output_padding')?.[axis] ?? 0);
    if (wanted === undefined) return Math.max(0, reach - stride);
    const size = sizes[axis]!;
    if (typeof size !== 'number') throw new MechanistError('unsupported', 'The gradient of a transposed convolution with a fixed output size needs an input of known size.');
    return Math.max(0, stride * (size - 1) + reach - wanted[wanted.length - sizes.length + axis]!);
  });
  const less = totals.map((total) => Math.floor(total / 2));
  const more = totals.map((total, axis) => total - less[axis]!);
  const attributes = new Map(node.attributes);
  attributes.delete('auto_pad');
  attributes.set('pads', ints(mode === 'SAME_UPPER' ? [...less, ...more] : [...more, ...less]));
  return { ...w, node: { ...node, attributes } };
}
