/**
 * Geometry of sliding windows (convolution and pooling): where windows lie over the input, and the two operations that
 * align the input with the region the windows cover and back.
 */
import { MechanistError } from '../../../errors.ts';
import { padAlong } from '../emit.ts';
import type { GraphBuilder } from '../../builder.ts';
import { extent, paddingOf } from '../../infer/spatial.ts';
import { intsAttribute, stringAttribute } from '../../ir.ts';
import type { Dim, Node, Shape } from '../../ir.ts';

export interface Window {
  readonly node: Node;
  /** Sizes of the kernel along the spatial axes. */
  readonly kernel: readonly number[];
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  /** How far a dilated kernel reaches along each axis. */
  readonly extents: readonly number[];
}

/** Errors: `unsupported` when the kernel's size is not known. */
export function windowOf(node: Node, kernelShape: Shape): Window {
  if (!kernelShape.every((size) => typeof size === 'number')) {
    throw new MechanistError('unsupported', 'The gradient needs a kernel of known size.');
  }
  const ones = kernelShape.map(() => 1);
  return {
    node,
    kernel: kernelShape,
    strides: intsAttribute(node, 'strides') ?? ones,
    dilations: intsAttribute(node, 'dilations') ?? ones,
    extents: kernelShape.map((size, axis) => extent(node, axis, size)),
  };
}

/**
 * The input with its padding, cut to what the windows cover, so that windows need no padding of their own.
 * `image` is the input of the windows, `positions` a tensor with one entry per window along the spatial axes.
 */
export function covered(b: GraphBuilder, w: Window, image: string, positions: string): string {
  const { before, after } = margins(b, w, image, positions);
  return padSpatial(b, image, before, after, w.kernel.length);
}

/** The adjoint of `covered`: what lies on padding is dropped, what no window covers is zero. */
export function uncovered(b: GraphBuilder, w: Window, region: string, image: string, positions: string): string {
  const { before, after } = margins(b, w, image, positions);
  return padSpatial(b, region, negated(b, before), negated(b, after), w.kernel.length);
}

type Margin = readonly number[] | string;

/** How far the covered region reaches beyond the image at either end (negative: falls short of it). */
function margins(b: GraphBuilder, w: Window, image: string, positions: string): { before: Margin; after: Margin } {
  const sizes = b.shapeOf(image).slice(2);
  const counts = b.shapeOf(positions).slice(2);
  const padding = sizes.map((size, axis) => paddingOf(w.node, axis, sizes.length, size, w.kernel[axis]!));
  const known = padding.every((pair) => pair !== undefined);
  if (known && isFixed(sizes) && isFixed(counts)) {
    const before = padding.map((pair) => pair[0]);
    const after = counts.map((count: number, axis) => w.strides[axis]! * (count - 1) + w.extents[axis]! - sizes[axis]! - before[axis]!);
    return { before, after };
  }
  const size = b.slice(b.shape(image), 0, 2);
  const reach = b.add(b.mul(b.sub(b.slice(b.shape(positions), 0, 2), b.vector([1])), b.vector(w.strides)), b.vector(w.extents));
  const before = known ? b.vector(padding.map((pair) => pair[0])) : automaticPadding(b, w, size);
  return { before, after: b.sub(b.sub(reach, size), before) };
}

/** Padding before the input under `auto_pad`, which keeps ⌈size/stride⌉ positions. */
function automaticPadding(b: GraphBuilder, w: Window, size: string): string {
  const strides = b.vector(w.strides);
  const counts = b.div(b.add(size, b.vector(w.strides.map((stride) => stride - 1))), strides);
  const reach = b.add(b.mul(b.sub(counts, b.vector([1])), strides), b.vector(w.extents));
  const total = b.node('Max', [b.sub(reach, size), b.scalar(0, 'int64')]);
  const less = b.div(total, b.scalar(2, 'int64'));
  return stringAttribute(w.node, 'auto_pad', '') === 'SAME_LOWER' ? b.sub(total, less) : less;
}

function padSpatial(b: GraphBuilder, x: string, before: Margin, after: Margin, spatialRank: number): string {
  if (typeof before !== 'string' && typeof after !== 'string' && [...before, ...after].every((margin) => margin === 0)) return x;
  const vector = (margin: Margin): string => (typeof margin === 'string' ? margin : b.vector(margin));
  const pads = typeof before !== 'string' && typeof after !== 'string' ? b.vector([...before, ...after]) : b.concat([vector(before), vector(after)], 0);
  return padAlong(b, x, pads, Array.from({ length: spatialRank }, (_, i) => i + 2));
}

function negated(b: GraphBuilder, margin: Margin): Margin {
  return typeof margin === 'string' ? b.unary('Neg', margin) : margin.map((value) => -value);
}

function isFixed(dims: readonly Dim[]): dims is readonly number[] {
  return dims.every((dim) => typeof dim === 'number');
}
