/** Backward rule of resizing, which is linear and acts on each axis separately. */
import { MechanistError } from '../../../errors.ts';
import { tensor } from '../../../tensor.ts';
import { intsAttribute, stringAttribute } from '../../ir.ts';
import type { GraphBuilder } from '../../builder.ts';
import { normalAxis } from '../../shape.ts';
import { filledOf, sizeOf } from '../emit.ts';
import type { BackwardContext, BackwardRule } from '../rule.ts';

export const resizeRules: ReadonlyMap<string, BackwardRule> = new Map<string, BackwardRule>([['Resize', resize]]);

/** Errors: `unsupported` for cropping and for sizes that keep the aspect ratio. */
function resize(c: BackwardContext): readonly (string | undefined)[] {
  const { b, node } = c;
  if (stringAttribute(node, 'coordinate_transformation_mode', 'half_pixel') === 'tf_crop_and_resize' || stringAttribute(node, 'keep_aspect_ratio_policy', 'stretch') !== 'stretch') {
    throw new MechanistError('unsupported', 'No backward rule for resizing that crops or keeps the aspect ratio.');
  }
  const [from, to] = [b.shapeOf(c.inputs[0]!), b.shapeOf(c.outputs[0]!)];
  const listed = intsAttribute(node, 'axes')?.map((axis) => normalAxis(axis, from.length)) ?? from.map((_, i) => i);
  return [listed.reduce((g, axis, i) => (from[axis] === to[axis] ? g : contract(b, g, axisMatrix(c, axis, i), axis, from.length)), c.gradient(0)!)];
}

/** [size, resized size]: the operator applied to the unit vectors of one axis, which covers all its modes of rounding and interpolation. */
function axisMatrix(c: BackwardContext, axis: number, i: number): string {
  const { b, node } = c;
  const x = c.inputs[0]!;
  const size = sizeOf(b, x, axis);
  const square = filledOf(b, 0, b.dtypeOf(x), b.concat([size, size], 0), [b.shapeOf(x)[axis]!, b.shapeOf(x)[axis]!]);
  const units = b.node('EyeLike', [square]);
  const [scales, sizes] = [c.inputs[2] ?? '', c.inputs[3] ?? ''];
  const attributes = Object.fromEntries([...node.attributes].filter(([name]) => name !== 'axes'));
  if (sizes !== '') return b.node('Resize', [units, '', '', b.concat([size, b.slice(sizes, 0, i, i + 1)], 0)], { attributes });
  const unchanged = b.constant(tensor('float32', [1], Float32Array.of(1)));
  return b.node('Resize', [units, '', b.concat([unchanged, b.slice(scales, 0, i, i + 1)], 0)], { attributes });
}

/** Multiplies `g` by the matrix along one axis. */
function contract(b: GraphBuilder, g: string, matrix: string, axis: number, rank: number): string {
  if (axis === rank - 2) return b.matmul(matrix, g);
  const perm = Array.from({ length: rank }, (_, i) => i);
  [perm[axis], perm[rank - 1]] = [rank - 1, axis];
  const last = axis === rank - 1 ? g : b.transpose(g, perm);
  const product = b.matmul(last, b.transpose(matrix, [1, 0]));
  return axis === rank - 1 ? product : b.transpose(product, perm);
}
