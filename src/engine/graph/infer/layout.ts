/** Inference for operators that move elements: reshape, transpose, slice, gather, concatenate… */
import { MechanistError } from '../../errors.ts';
import { intAttribute, intsAttribute } from '../ir.ts';
import type { Dim, Shape, ValueType } from '../ir.ts';
import { broadcastShapes, normalAxis, productDim, reshapedShape } from '../shape.ts';
import type { InferContext, InferRule } from './rule.ts';

export const layoutRules: ReadonlyMap<string, InferRule> = new Map<string, InferRule>([
  ['Constant', (c) => {
    const value = c.node.attributes.get('value');
    return [value?.type === 'tensor' ? { dtype: value.value.dtype, shape: value.value.dims } : undefined];
  }],
  ['Shape', (c) => {
    const rank = c.shape(0)?.length;
    const start = intAttribute(c.node, 'start', 0);
    const end = intAttribute(c.node, 'end', Number.MAX_SAFE_INTEGER);
    const clamp = (i: number, r: number): number => Math.max(0, Math.min(r, i < 0 ? i + r : i));
    return [{ dtype: 'int64', shape: [rank === undefined ? c.fresh() : Math.max(0, clamp(end, rank) - clamp(start, rank))] }];
  }],
  ['Size', () => [{ dtype: 'int64', shape: [] }]],
  ['Reshape', (c) => sameType(c, (shape) => {
    const target = c.vector(1);
    if (target !== undefined) return reshapedShape(shape, target, c.fresh);
    return unknownOfRank(c, c.shape(1)?.[0]);
  })],
  ['Flatten', (c) => sameType(c, (shape) => {
    const axis = intAttribute(c.node, 'axis', 1);
    const at = axis < 0 ? axis + shape.length : axis;
    return [productDim(shape.slice(0, at)), productDim(shape.slice(at))];
  })],
  ['Transpose', (c) => sameType(c, (shape) => {
    const perm = intsAttribute(c.node, 'perm') ?? shape.map((_, i) => shape.length - 1 - i);
    return perm.map((axis) => shape[normalAxis(axis, shape.length)]!);
  })],
  ['Unsqueeze', (c) => sameType(c, (shape) => {
    const axes = c.vector(1);
    if (axes === undefined) return undefined;
    const rank = shape.length + axes.length;
    const inserted = new Set(axes.map((a) => normalAxis(Number(a), rank)));
    const rest = [...shape];
    return Array.from({ length: rank }, (_, i) => (inserted.has(i) ? 1 : rest.shift()!));
  })],
  ['Squeeze', (c) => sameType(c, (shape) => {
    const axes = c.vector(1);
    if (axes === undefined) return (c.node.inputs[1] ?? '') === '' && shape.every((d) => typeof d === 'number') ? shape.filter((d) => d !== 1) : undefined;
    const dropped = new Set(axes.map((a) => normalAxis(Number(a), shape.length)));
    return shape.filter((_, i) => !dropped.has(i));
  })],
  ['Expand', (c) => sameType(c, (shape) => {
    const target = c.vector(1);
    return target === undefined ? unknownOfRank(c, c.shape(1)?.[0]) : broadcastShapes(shape, target, c.fresh);
  })],
  ['Tile', (c) => sameType(c, (shape) => {
    const repeats = c.vector(1);
    return shape.map((d, i) => {
      const r = repeats?.[i];
      if (r === 1) return d;
      return typeof r === 'number' && typeof d === 'number' ? d * r : c.fresh();
    });
  })],
  ['Concat', (c) => sameType(c, (first) => {
    const axis = normalAxis(intAttribute(c.node, 'axis', 0), first.length);
    const out: Dim[] = [...first];
    for (let i = 1; i < c.node.inputs.length; i++) {
      const next = c.shape(i)?.[axis];
      const sum = out[axis]!;
      out[axis] = typeof next === 'number' && typeof sum === 'number' ? sum + next : c.fresh();
    }
    return out;
  })],
  ['Split', split],
  ['Slice', (c) => sameType(c, (shape) => slicedShape(c, shape))],
  ['Pad', (c) => sameType(c, (shape) => {
    const pads = c.vector(1);
    if (pads === undefined || (c.node.inputs[3] ?? '') !== '') return shape.map(() => c.fresh());
    return shape.map((d, i) => {
      const extra = Number(pads[i]) + Number(pads[i + shape.length]);
      if (extra === 0) return d;
      return typeof d === 'number' && Number.isFinite(extra) ? d + extra : c.fresh();
    });
  })],
  ['Gather', (c) => sameType(c, (shape) => {
    const indices = c.shape(1);
    if (indices === undefined) return undefined;
    const axis = normalAxis(intAttribute(c.node, 'axis', 0), shape.length);
    return [...shape.slice(0, axis), ...indices, ...shape.slice(axis + 1)];
  })],
  ['GatherElements', (c) => sameType(c, () => c.shape(1))],
  ['GatherND', (c) => sameType(c, (shape) => {
    const indices = c.shape(1);
    const depth = indices?.at(-1);
    if (indices === undefined || typeof depth !== 'number') return undefined;
    return [...indices.slice(0, -1), ...shape.slice(intAttribute(c.node, 'batch_dims', 0) + depth)];
  })],
  ['ScatterElements', (c) => [c.type(0)]],
  ['ScatterND', (c) => [c.type(0)]],
  ['Range', (c) => [c.type(0) === undefined ? undefined : { dtype: c.type(0)!.dtype, shape: [rangeLength(c)] }]],
  ['ConstantOfShape', (c) => {
    const value = c.node.attributes.get('value');
    return [{ dtype: value?.type === 'tensor' ? value.value.dtype : 'float32', shape: c.vector(0) ?? unknownOfRank(c, c.shape(0)?.[0]) }];
  }],
  ['OneHot', (c) => {
    const indices = c.shape(0);
    const dtype = c.type(2)?.dtype;
    if (dtype === undefined) return [undefined];
    const depth = c.vector(1)?.[0] ?? c.fresh();
    const axis = intAttribute(c.node, 'axis', -1);
    const shape = indices === undefined ? undefined : [...indices];
    shape?.splice(normalAxis(axis, shape.length + 1), 0, depth);
    return [{ dtype, shape }];
  }],
  ['NonZero', (c) => [{ dtype: 'int64', shape: [c.shape(0)?.length ?? c.fresh(), c.fresh()] }]],
  ['EyeLike', (c) => [c.type(0)]],
]);

function sameType(c: InferContext, shapeOf: (shape: Shape) => Shape | undefined): [ValueType | undefined] {
  const type = c.type(0);
  if (type === undefined) return [undefined];
  return [{ dtype: type.dtype, shape: type.shape === undefined ? undefined : shapeOf(type.shape) }];
}

/** No runtime knows more axes; a foreign file may claim any number. */
const largestRank = 64;

function unknownOfRank(c: InferContext, rank: Dim | undefined): Shape | undefined {
  return typeof rank === 'number' && rank <= largestRank ? Array.from({ length: rank }, () => c.fresh()) : undefined;
}

function split(c: InferContext): readonly (ValueType | undefined)[] {
  const type = c.type(0);
  const count = c.node.outputs.length;
  if (type?.shape === undefined) return c.node.outputs.map(() => type);
  const axis = normalAxis(intAttribute(c.node, 'axis', 0), type.shape.length);
  const whole = type.shape[axis]!;
  const sizes = c.vector(1);
  return c.node.outputs.map((_, i) => {
    let size: Dim = c.fresh();
    if (sizes !== undefined) size = sizes[i] ?? size;
    else if (typeof whole === 'number') {
      const chunk = Math.ceil(whole / count);
      size = Math.max(0, Math.min(chunk, whole - i * chunk));
    }
    return { dtype: type.dtype, shape: type.shape!.map((d, k) => (k === axis ? size : d)) };
  });
}

function slicedShape(c: InferContext, shape: Shape): Shape {
  const starts = c.vector(1);
  const ends = c.vector(2);
  const axes = (c.node.inputs[3] ?? '') === '' ? starts?.map((_, i) => i) : c.vector(3);
  const steps = (c.node.inputs[4] ?? '') === '' ? starts?.map(() => 1) : c.vector(4);
  if (axes === undefined) return shape.map(() => c.fresh());
  const out = [...shape];
  axes.forEach((a, i) => {
    const axis = normalAxis(Number(a), shape.length);
    out[axis] = slicedDim(c, shape[axis]!, starts?.[i], ends?.[i], steps?.[i]);
  });
  return out;
}

function slicedDim(c: InferContext, size: Dim, start: Dim | undefined, end: Dim | undefined, step: Dim | undefined): Dim {
  const unbounded = typeof end === 'number' && end >= 0x7fffffff;
  if (start === 0 && step === 1 && (unbounded || end === size)) return size;
  // A fixed axis cut at the length of the input is a table of positions; longer inputs are outside the model's domain.
  if (start === 0 && step === 1 && typeof size === 'number' && typeof end === 'string' && !end.startsWith('?')) return end;
  if (typeof start !== 'number' || typeof end !== 'number' || typeof step !== 'number' || step === 0) return c.fresh();
  if (typeof size === 'string') {
    // Counting from one known end gives a known length as long as the axis is long enough to hold it.
    if (step === 1 && start < 0 && unbounded) return -start === 1 ? 1 : c.fresh();
    return c.fresh();
  }
  const clamp = (i: number, low: number, high: number): number => Math.max(low, Math.min(high, i < 0 ? i + size : i));
  const from = step > 0 ? clamp(start, 0, size) : clamp(start, 0, size - 1);
  const to = step > 0 ? clamp(end, 0, size) : clamp(end, -1, size - 1);
  return Math.max(0, Math.ceil((to - from) / step));
}

function rangeLength(c: InferContext): Dim {
  const [start, limit, delta] = [c.vector(0)?.[0], c.vector(1)?.[0], c.vector(2)?.[0]];
  if (start === 0 && delta === 1 && limit !== undefined) return limit;
  if (typeof start !== 'number' || typeof limit !== 'number' || typeof delta !== 'number') return c.fresh();
  if (delta === 0) throw new MechanistError('argument', 'Range with a step of 0.');
  return Math.max(0, Math.ceil((limit - start) / delta));
}
