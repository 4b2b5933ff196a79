/** Backward rules of operators that read or write elements by index. */
import { MechanistError } from '../../../errors.ts';
import type { GraphBuilder } from '../../builder.ts';
import { int, intAttribute, stringAttribute } from '../../ir.ts';
import type { Attribute } from '../../ir.ts';
import { normalAxis } from '../../shape.ts';
import { filled, padAlong, reshapeTo, sizeOf } from '../emit.ts';
import type { BackwardContext, BackwardRule } from '../rule.ts';
import { when } from './elementwise.ts';
import { range, scatterAdd, scatterAlong } from './scatter.ts';

export const indexingRules: ReadonlyMap<string, BackwardRule> = new Map<string, BackwardRule>([
  ['Gather', gather],
  ['GatherElements', (c) => [scatterAdd(c.b, filled(c.b, 0, c.inputs[0]!), c.inputs[1]!, c.gradient(0)!, intAttribute(c.node, 'axis', 0))]],
  ['GatherND', (c) => [scatterNd(c)]],
  ['ScatterElements', (c) => {
    const axis = { axis: int(intAttribute(c.node, 'axis', 0)) };
    return scatter(c, 'ScatterElements', 'GatherElements', axis);
  }],
  ['ScatterND', (c) => scatter(c, 'ScatterND', 'GatherND', {})],
  ['TopK', (c) => {
    const g = c.gradient(0);
    if (g === undefined) return [];
    return [c.b.node('ScatterElements', [filled(c.b, 0, c.inputs[0]!), c.outputs[1]!, g], { attributes: { axis: int(intAttribute(c.node, 'axis', -1)) } })];
  }],
]);

function gather(c: BackwardContext): readonly (string | undefined)[] {
  const { b } = c;
  const [x, indices] = [c.inputs[0]!, c.inputs[1]!];
  const axis = normalAxis(intAttribute(c.node, 'axis', 0), b.shapeOf(x).length);
  const indexShape = b.shapeOf(indices);
  const g = c.gradient(0)!;
  if (indexShape.every((dim) => dim === 1)) {
    const slice = indexShape.length === 0 ? b.unsqueeze(g, [axis]) : withoutAxes(b, g, axis, indexShape.length - 1);
    return [padAlong(b, slice, padsFor(c, axis), [axis])];
  }
  return [reshapeTo(b, scatterAlong(b, mergedAxes(c, g, axis, indexShape.length), b.reshape(indices, [-1]), axis, sizeOf(b, x, axis)), x)];
}

/** Drops `count` axes of size 1 behind `axis`. */
function withoutAxes(b: GraphBuilder, g: string, axis: number, count: number): string {
  return count === 0 ? g : b.squeeze(g, Array.from({ length: count }, (_, i) => axis + 1 + i));
}

/** Zeros before and after the one index that was read. */
function padsFor(c: BackwardContext, axis: number): string {
  const { b } = c;
  const size = sizeOf(b, c.inputs[0]!, axis);
  const index = b.reshape(b.cast(c.inputs[1]!, 'int64'), [-1]);
  const before = nonNegative(b, index, size);
  return b.concat([before, b.sub(b.sub(size, before), b.vector([1]))], 0);
}

function nonNegative(b: GraphBuilder, index: string, size: string): string {
  return b.where(b.node('Less', [index, b.scalar(0, 'int64')]), b.add(index, size), index);
}

/** The axes that came from the indices, as one. */
function mergedAxes(c: BackwardContext, g: string, axis: number, indexRank: number): string {
  if (indexRank === 1) return g;
  const { b } = c;
  const shape = b.shapeOf(c.inputs[0]!);
  const others = shape.filter((_, i) => i !== axis);
  if (others.every((dim) => typeof dim === 'number' && dim > 0)) return b.reshape(g, shape.map((dim, i) => (i === axis ? -1 : Number(dim))));
  const parts = [b.slice(b.shape(c.inputs[0]!), 0, 0, axis), b.vector([-1]), b.slice(b.shape(c.inputs[0]!), 0, axis + 1)];
  const merged = b.node('Reshape', [g, b.concat(parts, 0)]);
  b.setType(merged, { dtype: b.dtypeOf(g), shape: shape.map((dim, i) => (i === axis ? b.freshDim() : dim)) });
  return merged;
}

/**
 * The adjoint of GatherND. Index tuples may repeat, and ScatterND with several threads has been seen to lose repeated
 * additions (onnxruntime issue 23396), so the tuples are turned into single indices of a flattened tensor.
 */
function scatterNd(c: BackwardContext): string {
  const { b } = c;
  const [x, indices] = [c.inputs[0]!, c.inputs[1]!];
  const batchDims = intAttribute(c.node, 'batch_dims', 0);
  const depth = b.shapeOf(indices).at(-1);
  if (typeof depth !== 'number') throw new MechanistError('unsupported', 'The gradient needs a known length of the index tuples.', { field: `tensor ${indices}` });
  const indexed = batchDims + depth;
  const flat = linearIndices(c, batchDims, depth);
  const product = (sizes: string): string => b.node('ReduceProd', [sizes], { attributes: { keepdims: int(1) } });
  const count = product(b.slice(b.shape(x), 0, 0, indexed));
  const width = product(b.slice(b.shape(x), 0, indexed));
  const updates = b.node('Reshape', [c.gradient(0)!, b.concat([b.vector([-1]), width], 0)]);
  b.setType(updates, { dtype: b.dtypeOf(x), shape: [b.freshDim(), b.freshDim()] });
  return reshapeTo(b, scatterAlong(b, updates, flat, 0, count), x);
}

/** Position in the flattened leading axes for every index tuple, as a vector. */
function linearIndices(c: BackwardContext, batchDims: number, depth: number): string {
  const { b } = c;
  const [x, indices] = [c.inputs[0]!, c.inputs[1]!];
  const rank = b.shapeOf(indices).length;
  const size = (axis: number): string => sizeOf(b, x, axis);
  const coordinates: string[] = [];
  for (let axis = 0; axis < batchDims; axis++) {
    // Along a batch axis the coordinate is the position in the index tensor itself.
    coordinates.push(b.reshape(range(b, size(axis)), Array.from({ length: rank - 1 }, (_, i) => (i === axis ? -1 : 1))));
  }
  for (let k = 0; k < depth; k++) {
    coordinates.push(nonNegative(b, b.gather(indices, b.scalar(k, 'int64'), rank - 1), size(batchDims + k)));
  }
  const linear = coordinates.reduce((sum, coordinate, axis) => b.add(b.mul(sum, size(axis)), coordinate));
  return b.reshape(linear, [-1]);
}

/** Written places take their gradient from the output; without a reduction the data under them gets none. */
function scatter(c: BackwardContext, scatterOp: string, gatherOp: string, attributes: Readonly<Record<string, Attribute>>): readonly (string | undefined)[] {
  const { b } = c;
  const reduction = stringAttribute(c.node, 'reduction', 'none');
  if (reduction !== 'none' && reduction !== 'add') throw new MechanistError('unsupported', `No backward rule for the reduction "${reduction}".`);
  const [indices, updates] = [c.inputs[1]!, c.inputs[2]!];
  const g = c.gradient(0)!;
  return [
    when(c, 0, () => (reduction === 'add' ? g : b.node(scatterOp, [g, indices, filled(b, 0, updates)], { attributes }))),
    undefined,
    when(c, 2, () => b.node(gatherOp, [g, indices], { attributes })),
  ];
}
