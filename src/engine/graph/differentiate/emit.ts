/** Small pieces of backward computation that most rules share: constants of the right type, summing and expanding to a shape. */
import { MechanistError } from '../../errors.ts';
import { tensor, zeros } from '../../tensor.ts';
import type { DType } from '../../tensor.ts';
import type { GraphBuilder } from '../builder.ts';
import { int } from '../ir.ts';
import type { Dim, Shape } from '../ir.ts';

/** A scalar constant of the type of `like`. Half-precision ones are cast in the graph. */
export function number(b: GraphBuilder, value: number, like: string): string {
  const dtype = b.dtypeOf(like);
  return dtype === 'float16' || dtype === 'bfloat16' ? b.cast(b.scalar(value), dtype) : b.scalar(value, dtype);
}

export function scale(b: GraphBuilder, x: string, factor: number): string {
  return factor === 1 ? x : b.mul(x, number(b, factor, x));
}

/** A tensor of the shape and type of `like`, filled with 0 or 1. */
export function filled(b: GraphBuilder, value: 0 | 1, like: string): string {
  return filledOf(b, value, b.dtypeOf(like), b.shape(like), b.typeOf(like)?.shape);
}

export function filledOf(b: GraphBuilder, value: 0 | 1, dtype: DType, shape: string, known?: Shape): string {
  const half = dtype === 'float16' || dtype === 'bfloat16';
  const stored: DType = half ? 'float32' : dtype;
  const element = value === 0 ? zeros(stored, [1]) : tensor(stored, [1], oneOf(stored));
  const out = b.node('ConstantOfShape', [shape], { attributes: { value: { type: 'tensor', value: element } } });
  if (known !== undefined) b.setType(out, { dtype: stored, shape: known });
  return half ? b.cast(out, dtype) : out;
}

function oneOf(dtype: DType): ReturnType<typeof zeros>['data'] {
  const { data } = zeros(dtype, [1]);
  if (data instanceof BigInt64Array || data instanceof BigUint64Array) data[0] = 1n;
  else data[0] = 1;
  return data;
}

/**
 * Zero padding along some axes; `pads` holds the margins before, then after, in the order of `axes`.
 * All axes are written out: onnxruntime 1.30 moves a Transpose through a Pad without regard to the operator's own
 * `axes` input, and the program then fails at run time.
 */
export function padAlong(b: GraphBuilder, x: string, pads: string, axes: readonly number[]): string {
  const rank = b.shapeOf(x).length;
  const places = [...axes, ...axes.map((axis) => axis + rank)];
  const constant = b.constantOf(pads);
  if (constant === undefined) {
    const none = b.vector(Array<number>(2 * rank).fill(0));
    return b.node('Pad', [x, b.node('ScatterElements', [none, b.vector(places), pads], { attributes: { axis: int(0) } })]);
  }
  const all = Array<number>(2 * rank).fill(0);
  places.forEach((place, i) => (all[place] = Number(constant.data[i])));
  return b.node('Pad', [x, b.vector(all)]);
}

/** `g` under the shape of `like`, which has as many elements. */
export function reshapeTo(b: GraphBuilder, g: string, like: string): string {
  const to = b.typeOf(like)?.shape;
  if (to === undefined) return b.node('Reshape', [g, b.shape(like)], { attributes: { allowzero: int(1) } });
  const from = b.typeOf(g)?.shape;
  if (from !== undefined && sameShape(from, to)) return g;
  const target = constantTarget(from ?? [], to);
  const out = target === undefined
    ? b.node('Reshape', [g, b.shape(like)], { attributes: { allowzero: int(1) } })
    : b.reshape(g, target);
  b.setType(out, { dtype: b.dtypeOf(g), shape: to });
  return out;
}

function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((dim, i) => dim === b[i]);
}

/** A Reshape target without run-time computation: sizes, 0 where the axis is copied, at most one −1. */
function constantTarget(from: Shape, to: Shape): number[] | undefined {
  const target: number[] = [];
  for (const [i, dim] of to.entries()) {
    if (dim === 0) return undefined;
    if (typeof dim === 'number') target.push(dim);
    else if (from[i] === dim) target.push(0);
    else if (!target.includes(-1)) target.push(-1);
    else return undefined;
  }
  return target;
}

/** `g`, which broadcasts to the shape of `like`, in full size. */
export function expandTo(b: GraphBuilder, g: string, like: string): string {
  const [from, to] = [b.typeOf(g)?.shape, b.typeOf(like)?.shape];
  if (from === undefined || to === undefined || !isCompact(from, to)) return g;
  const out = b.node('Expand', [g, b.shape(like)]);
  b.setType(out, { dtype: b.dtypeOf(g), shape: to });
  return out;
}

/** Whether `from` has size 1 somewhere where `to` does not, or fewer axes. */
export function isCompact(from: Shape, to: Shape): boolean {
  return from.length < to.length || from.some((dim, i) => dim === 1 && to[i] !== 1);
}

/**
 * Undoes broadcasting: sums `g` over the axes along which `like` was repeated. Decided now where the symbolic shapes
 * allow it (equal symbols are equal sizes), otherwise at run time. Errors: `argument` when a rank is not known.
 */
export function sumTo(b: GraphBuilder, g: string, like: string): string {
  const [from, to] = [b.shapeOf(g), b.shapeOf(like)];
  if (from.length < to.length) return sumTo(b, expandTo(b, g, like), like);
  const leading = from.length - to.length;
  const axes: number[] = [];
  let undecided = false;
  from.forEach((dim, i) => {
    const wanted = to[i - leading];
    if (wanted === undefined || (wanted === 1 && dim !== 1)) axes.push(i);
    else if (wanted !== dim && dim !== 1 && typeof wanted !== 'number') undecided = true;
  });
  if (undecided) return sumToAtRunTime(b, g, like, leading);
  if (axes.length === 0) return g;
  if (axes.length === leading) return b.reduceSum(g, axes, false);
  const summed = b.reduceSum(g, axes, true);
  return leading === 0 ? summed : b.squeeze(summed, axes.slice(0, leading));
}

function sumToAtRunTime(b: GraphBuilder, g: string, like: string, leading: number): string {
  const shape = b.shape(like);
  const padded = leading === 0 ? shape : b.concat([b.vector(new Array<number>(leading).fill(1)), shape], 0);
  const repeated = b.unary('Not', b.node('Equal', [padded, b.shape(g)]));
  const axes = b.reshape(b.node('NonZero', [repeated]), [-1]);
  const summed = b.node('ReduceSum', [g, axes], { attributes: { keepdims: int(1), noop_with_empty_axes: int(1) } });
  const out = b.node('Reshape', [summed, shape], { attributes: { allowzero: int(1) } });
  b.setType(out, { dtype: b.dtypeOf(g), shape: b.shapeOf(like) });
  return out;
}

/** The number of elements along `axes`: a number, or the name of a scalar of the type of `x`. */
export function countAlong(b: GraphBuilder, x: string, axes: readonly number[]): number | string {
  const shape = b.shapeOf(x);
  const sizes = axes.map((axis) => shape[axis]!);
  if (sizes.every((size) => typeof size === 'number')) return sizes.reduce((n, size) => n * size, 1);
  const picked = b.gather(b.shape(x), b.vector(axes));
  return b.cast(b.node('ReduceProd', [picked], { attributes: { keepdims: int(0) } }), b.dtypeOf(x));
}

/** `x` divided by `countAlong`. */
export function divideByCount(b: GraphBuilder, x: string, count: number | string): string {
  return typeof count === 'number' ? scale(b, x, 1 / count) : b.div(x, count);
}

/** The size of one axis as an int64 vector of length 1. */
export function sizeOf(b: GraphBuilder, x: string, axis: number): string {
  const size: Dim | undefined = b.typeOf(x)?.shape?.[axis];
  return typeof size === 'number' ? b.vector([size]) : b.slice(b.shape(x), 0, axis, axis + 1);
}

/** The integers of a constant input. Errors: `unsupported` when it is computed. */
export function constantIntegers(b: GraphBuilder, name: string, what: string): number[] {
  const value = b.constantOf(name);
  if (value === undefined) throw new MechanistError('unsupported', `The gradient needs ${what} that are constant.`, { field: `tensor ${name}` });
  return Array.from(value.data as BigInt64Array, Number);
}
