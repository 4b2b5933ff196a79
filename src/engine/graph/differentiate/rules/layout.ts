/** Backward rules of operators that move, repeat or drop elements along whole axes. Indexing is in indexing.ts. */
import { MechanistError } from '../../../errors.ts';
import { int, intAttribute, intsAttribute, stringAttribute } from '../../ir.ts';
import { normalAxis } from '../../shape.ts';
import { filled, padAlong, reshapeTo, sizeOf, sumTo } from '../emit.ts';
import type { BackwardContext, BackwardRule } from '../rule.ts';
import { when } from './elementwise.ts';
import { range, scatterAlong } from './scatter.ts';

export const layoutRules: ReadonlyMap<string, BackwardRule> = new Map<string, BackwardRule>([
  ...['Reshape', 'Flatten', 'Squeeze', 'Unsqueeze'].map((op): [string, BackwardRule] => [op, (c) => [reshapeTo(c.b, c.gradient(0)!, c.inputs[0]!)]]),
  ['Transpose', (c) => {
    const rank = c.b.shapeOf(c.inputs[0]!).length;
    const perm = intsAttribute(c.node, 'perm') ?? Array.from({ length: rank }, (_, i) => rank - 1 - i);
    const inverse = new Array<number>(rank);
    perm.forEach((axis, i) => (inverse[axis] = i));
    return [c.b.transpose(c.compactGradient(0)!, inverse)];
  }],
  ['Expand', (c) => [sumTo(c.b, c.gradient(0)!, c.inputs[0]!)]],
  ['Tile', tile],
  ['Concat', concat],
  ['Split', (c) => {
    const parts = c.outputs.map((output, i) => c.gradient(i) ?? filled(c.b, 0, output));
    return [parts.length === 1 ? parts[0] : c.b.concat(parts, intAttribute(c.node, 'axis', 0))];
  }],
  ['Slice', slice],
  ['Pad', pad],
  ['Trilu', (c) => [c.b.node('Trilu', [c.gradient(0)!, ...c.inputs.slice(1)], { attributes: { upper: int(intAttribute(c.node, 'upper', 1)) } })]],
  ['DepthToSpace', (c) => [depthToSpace(c)]],
  ['SpaceToDepth', (c) => [c.b.node('DepthToSpace', [c.gradient(0)!], { attributes: { blocksize: int(intAttribute(c.node, 'blocksize', 1)) } })]],
]);

/** Every repetition becomes an axis of its own, which is summed over. */
function tile(c: BackwardContext): readonly (string | undefined)[] {
  const { b } = c;
  const [x, repeats] = [c.inputs[0]!, c.inputs[1]!];
  const rank = b.shapeOf(x).length;
  const interleaved = b.reshape(b.concat([b.unsqueeze(repeats, [1]), b.unsqueeze(b.shape(x), [1])], 1), [-1]);
  const split = b.node('Reshape', [c.gradient(0)!, interleaved], { attributes: { allowzero: int(1) } });
  b.setType(split, { dtype: b.dtypeOf(x), shape: b.shapeOf(x).flatMap((dim) => [b.freshDim(), dim]) });
  return [b.reduceSum(split, Array.from({ length: rank }, (_, i) => 2 * i), false)];
}

function concat(c: BackwardContext): readonly (string | undefined)[] {
  const { b } = c;
  if (c.inputs.length === 1) return [c.compactGradient(0)];
  const axis = normalAxis(intAttribute(c.node, 'axis', 0), b.shapeOf(c.inputs[0]!).length);
  const sizes = c.inputs.map((x) => b.shapeOf(x)[axis]!);
  const known = sizes.every((size) => typeof size === 'number');
  const lengths = known ? b.vector(sizes) : b.concat(c.inputs.map((x) => sizeOf(b, x, axis)), 0);
  const parts = b.nodeMany('Split', [c.gradient(0)!, lengths], { attributes: { axis: int(axis) }, outputs: c.inputs.length });
  return parts.map((part, i) => when(c, i, () => part));
}

function slice(c: BackwardContext): readonly (string | undefined)[] {
  const { b } = c;
  const x = c.inputs[0]!;
  const rank = b.shapeOf(x).length;
  const axesInput = c.inputs[3] ?? '';
  const starts = c.inputs[1]!;
  const axes = axesInput === '' ? Array.from({ length: lengthOf(c, starts) }, (_, i) => i) : constantAxes(c, axesInput, rank);
  const stepsInput = c.inputs[4] ?? '';
  const steps = stepsInput === '' ? undefined : b.constantOf(stepsInput);
  const g = c.gradient(0)!;
  if (stepsInput === '' || (steps !== undefined && Array.from(steps.data as BigInt64Array, Number).every((step) => step === 1))) {
    return [padAround(c, g, axes, starts)];
  }
  // With steps, the positions read along each axis are found by slicing the axis' own coordinates.
  return [axes.reduce((gradient, axis, i) => {
    const coordinates = range(b, sizeOf(b, x, axis));
    const at = (name: string): string => b.slice(name, 0, i, i + 1);
    const positions = b.node('Slice', [coordinates, at(starts), at(c.inputs[2]!), b.vector([0]), at(stepsInput)]);
    return scatterAlong(b, gradient, positions, axis, sizeOf(b, x, axis));
  }, g)];
}

/** Zeros around the gradient: before it as many as were skipped, after it what is missing to the input's size. */
function padAround(c: BackwardContext, g: string, axes: readonly number[], starts: string): string {
  const { b } = c;
  const x = c.inputs[0]!;
  const shape = b.shapeOf(x);
  const sliced = b.shapeOf(g);
  const first = b.constantOf(starts);
  const sizes = axes.map((axis) => [shape[axis]!, sliced[axis]!] as const);
  if (first !== undefined && sizes.every(([whole, part]) => typeof whole === 'number' && typeof part === 'number')) {
    const before = Array.from(first.data as BigInt64Array, (start, i) => clamp(Number(start), Number(sizes[i]![0])));
    const after = sizes.map(([whole, part], i) => Number(whole) - Number(part) - before[i]!);
    return padAlong(b, g, b.vector([...before, ...after]), axes);
  }
  const whole = b.gather(b.shape(x), b.vector(axes));
  const part = b.gather(b.shape(g), b.vector(axes));
  const start = b.cast(starts, 'int64');
  const zero = b.scalar(0, 'int64');
  const fromEnd = b.node('Max', [b.add(start, whole), zero]);
  const before = b.where(b.node('Less', [start, zero]), fromEnd, b.node('Min', [start, whole]));
  const after = b.sub(b.sub(whole, part), before);
  return padAlong(b, g, b.concat([before, after], 0), axes);
}

function clamp(start: number, size: number): number {
  return start < 0 ? Math.max(start + size, 0) : Math.min(start, size);
}

function constantAxes(c: BackwardContext, name: string, rank: number): number[] {
  const value = c.b.constantOf(name);
  if (value === undefined) throw new MechanistError('unsupported', 'The gradient needs axes that are constant.', { field: `tensor ${name}` });
  return Array.from(value.data as BigInt64Array, (axis) => normalAxis(Number(axis), rank));
}

function lengthOf(c: BackwardContext, vector: string): number {
  const size = c.b.shapeOf(vector)[0];
  if (typeof size !== 'number') throw new MechanistError('unsupported', 'The gradient needs a known number of axes.', { field: `tensor ${vector}` });
  return size;
}

function pad(c: BackwardContext): readonly (string | undefined)[] {
  const { b } = c;
  const [x, pads, value, axesInput] = [c.inputs[0]!, c.inputs[1]!, c.inputs[2] ?? '', c.inputs[3] ?? ''];
  const g = c.gradient(0)!;
  const mode = stringAttribute(c.node, 'mode', 'constant');
  if (mode === 'constant') {
    const constant = b.constantOf(pads);
    const opposite = constant === undefined ? b.unary('Neg', pads) : b.vector(Array.from(constant.data as BigInt64Array, (p) => -Number(p)));
    const dx = axesInput === '' ? b.node('Pad', [g, opposite]) : padAlong(b, g, opposite, constantAxes(c, axesInput, b.shapeOf(g).length));
    // Whatever part of the gradient did not come from the input came from the fill value.
    const all = (name: string): string => b.node('ReduceSum', [name], { attributes: { keepdims: int(0) } });
    return [dx, undefined, value === '' ? undefined : when(c, 2, () => reshapeTo(b, b.sub(all(g), all(dx)), value))];
  }
  const rank = b.shapeOf(x).length;
  const axes = axesInput === '' ? Array.from({ length: rank }, (_, i) => i) : constantAxes(c, axesInput, rank);
  const constant = b.constantOf(pads);
  return [axes.reduce((gradient, axis, i) => {
    if (constant !== undefined && Number(constant.data[i]) === 0 && Number(constant.data[i + axes.length]) === 0) return gradient;
    const ends = b.gather(pads, b.vector([i, i + axes.length]));
    const coordinates = b.cast(b.node('Pad', [b.cast(range(b, sizeOf(b, x, axis)), 'float32'), ends], { attributes: { mode: { type: 'string', value: mode } } }), 'int64');
    return scatterAlong(b, gradient, coordinates, axis, sizeOf(b, x, axis));
  }, g)];
}

/** The inverse rearrangement. In the mode "CRD" the block coordinates come after the channel, which no single operator undoes. */
function depthToSpace(c: BackwardContext): string {
  const { b } = c;
  const blocksize = intAttribute(c.node, 'blocksize', 1);
  if (stringAttribute(c.node, 'mode', 'DCR') === 'DCR') return b.node('SpaceToDepth', [c.gradient(0)!], { attributes: { blocksize: int(blocksize) } });
  const x = c.inputs[0]!;
  const block = b.vector([blocksize]);
  const target = b.concat([sizeOf(b, x, 0), b.vector([-1]), sizeOf(b, x, 2), block, sizeOf(b, x, 3), block], 0);
  const blocks = b.node('Reshape', [c.gradient(0)!, target]);
  return reshapeTo(b, b.transpose(blocks, [0, 1, 3, 5, 2, 4]), x);
}
