/** Inference for convolution, pooling, normalisation over channels and resizing. */
import { MechanistError } from '../../errors.ts';
import { intAttribute, intsAttribute, stringAttribute } from '../ir.ts';
import type { Dim, Node, Shape, ValueType } from '../ir.ts';
import type { InferContext, InferRule } from './rule.ts';

const keepShape = ['BatchNormalization', 'InstanceNormalization', 'GroupNormalization', 'LpNormalization'];
const globalPools = ['GlobalAveragePool', 'GlobalMaxPool', 'GlobalLpPool'];

export const spatialRules: ReadonlyMap<string, InferRule> = new Map<string, InferRule>([
  ...keepShape.map((op): [string, InferRule] => [op, (c) => [c.type(0)]]),
  ...globalPools.map((op): [string, InferRule] => [op, (c) => typed(c, (shape) => shape.map((dim, i) => (i < 2 ? dim : 1)))]),
  ['Conv', (c) => typed(c, (shape) => {
    const kernel = kernelOf(c, 1);
    return kernel && [shape[0]!, c.shape(1)![0]!, ...shape.slice(2).map((dim, i) => windows(c, dim, kernel[i]!, i))];
  })],
  ['ConvTranspose', (c) => typed(c, (shape) => {
    const kernel = kernelOf(c, 1);
    const perGroup = c.shape(1)?.[1];
    if (kernel === undefined || perGroup === undefined) return undefined;
    const groups = intAttribute(c.node, 'group', 1);
    const channels = groups === 1 ? perGroup : typeof perGroup === 'number' ? perGroup * groups : c.fresh();
    return [shape[0]!, channels, ...shape.slice(2).map((dim, i) => transposedSize(c, dim, kernel[i]!, i))];
  })],
  ...['MaxPool', 'AveragePool', 'LpPool'].map((op): [string, InferRule] => [op, (c) => {
    const kernel = intsAttribute(c.node, 'kernel_shape');
    const [pooled] = typed(c, (shape) => kernel && [...shape.slice(0, 2), ...shape.slice(2).map((dim, i) => windows(c, dim, kernel[i]!, i))]);
    return op === 'MaxPool' && c.node.outputs.length > 1 ? [pooled, pooled && { dtype: 'int64', shape: pooled.shape }] : [pooled];
  }]),
  ['Resize', (c) => typed(c, (shape) => resized(c, shape))],
  ['DepthToSpace', (c) => typed(c, (shape) => {
    const block = intAttribute(c.node, 'blocksize', 1);
    return shape.map((dim, i) => (i === 0 ? dim : i === 1 ? divided(c, dim, block * block) : scaled(c, dim, block)));
  })],
  ['SpaceToDepth', (c) => typed(c, (shape) => {
    const block = intAttribute(c.node, 'blocksize', 1);
    return shape.map((dim, i) => (i === 0 ? dim : i === 1 ? scaled(c, dim, block * block) : divided(c, dim, block)));
  })],
]);

/** Padding of one spatial axis. `undefined` when it depends on a size that is not known. */
export function paddingOf(node: Node, axis: number, spatialRank: number, size: Dim, kernel: number): readonly [number, number] | undefined {
  const mode = stringAttribute(node, 'auto_pad', 'NOTSET');
  if (mode === 'VALID') return [0, 0];
  if (mode === 'NOTSET' || mode === '') {
    const pads = intsAttribute(node, 'pads');
    return [pads?.[axis] ?? 0, pads?.[axis + spatialRank] ?? 0];
  }
  const stride = intsAttribute(node, 'strides')?.[axis] ?? 1;
  if (typeof size !== 'number' && stride !== 1) return undefined;
  const total = typeof size === 'number'
    ? Math.max(0, (Math.ceil(size / stride) - 1) * stride + extent(node, axis, kernel) - size)
    : extent(node, axis, kernel) - 1;
  const less = Math.floor(total / 2);
  return mode === 'SAME_LOWER' ? [total - less, less] : [less, total - less];
}

/** How many elements a dilated kernel spans. */
export function extent(node: Node, axis: number, kernel: number): number {
  return (kernel - 1) * (intsAttribute(node, 'dilations')?.[axis] ?? 1) + 1;
}

function typed(c: InferContext, shapeOf: (shape: Shape) => Shape | undefined): [ValueType | undefined] {
  const type = c.type(0);
  return [type && { dtype: type.dtype, shape: type.shape && shapeOf(type.shape) }];
}

function kernelOf(c: InferContext, weight: number): Shape | undefined {
  return intsAttribute(c.node, 'kernel_shape') ?? c.shape(weight)?.slice(2);
}

/** Number of positions of the kernel along one axis. */
function windows(c: InferContext, size: Dim, kernel: Dim, axis: number): Dim {
  const stride = intsAttribute(c.node, 'strides')?.[axis] ?? 1;
  const mode = stringAttribute(c.node, 'auto_pad', 'NOTSET');
  if (mode === 'SAME_UPPER' || mode === 'SAME_LOWER') return stride === 1 ? size : typeof size === 'number' ? Math.ceil(size / stride) : c.fresh();
  if (typeof kernel !== 'number') return c.fresh();
  const spatialRank = (c.shape(0)?.length ?? 2) - 2;
  const [before, after] = paddingOf(c.node, axis, spatialRank, size, kernel)!;
  const span = extent(c.node, axis, kernel);
  if (stride === 1 && before + after === span - 1) return size;
  if (typeof size !== 'number') return c.fresh();
  const room = size + before + after - span;
  if (room < 0) throw new MechanistError('argument', `A kernel spanning ${span} does not fit into ${size + before + after}.`);
  if (intAttribute(c.node, 'ceil_mode', 0) === 0) return Math.floor(room / stride) + 1;
  // A last window that would start in the padding behind the input is left out.
  const count = Math.ceil(room / stride) + 1;
  return (count - 1) * stride >= size + before ? count - 1 : count;
}

function transposedSize(c: InferContext, size: Dim, kernel: Dim, axis: number): Dim {
  const given = intsAttribute(c.node, 'output_shape');
  const spatialRank = (c.shape(0)?.length ?? 2) - 2;
  if (given !== undefined) return given[given.length - spatialRank + axis]!;
  if (typeof size !== 'number' || typeof kernel !== 'number') return c.fresh();
  const stride = intsAttribute(c.node, 'strides')?.[axis] ?? 1;
  const mode = stringAttribute(c.node, 'auto_pad', 'NOTSET');
  if (mode === 'SAME_UPPER' || mode === 'SAME_LOWER') return size * stride;
  const [before, after] = paddingOf(c.node, axis, spatialRank, size, kernel)!;
  return stride * (size - 1) + extent(c.node, axis, kernel) + (intsAttribute(c.node, 'output_padding')?.[axis] ?? 0) - before - after;
}

function resized(c: InferContext, shape: Shape): Shape {
  const axes = intsAttribute(c.node, 'axes') ?? shape.map((_, i) => i);
  const sizes = (c.node.inputs[3] ?? '') === '' ? undefined : c.vector(3);
  const scales = (c.node.inputs[2] ?? '') === '' ? undefined : c.constant(2);
  const keepsRatio = stringAttribute(c.node, 'keep_aspect_ratio_policy', 'stretch') !== 'stretch';
  const out = [...shape];
  axes.forEach((axis, i) => {
    const at = axis < 0 ? axis + shape.length : axis;
    const factor = scales === undefined ? undefined : Number(scales.data[i]);
    if (sizes !== undefined && !keepsRatio) out[at] = sizes[i] ?? c.fresh();
    else out[at] = factor === undefined ? c.fresh() : scaled(c, shape[at]!, factor);
  });
  return out;
}

function scaled(c: InferContext, size: Dim, factor: number): Dim {
  if (factor === 1) return size;
  return typeof size === 'number' ? Math.floor(size * factor) : c.fresh();
}

function divided(c: InferContext, size: Dim, by: number): Dim {
  return typeof size === 'number' ? Math.floor(size / by) : c.fresh();
}
