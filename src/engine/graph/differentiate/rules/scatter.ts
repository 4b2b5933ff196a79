/** Adding gradients back to the places that indices point to. */
import type { GraphBuilder } from '../../builder.ts';
import { int, string } from '../../ir.ts';
import { filledOf } from '../emit.ts';

/**
 * The adjoint of `Gather(x, positions, axis)` for a vector of positions: a tensor like `g` but with `size` entries
 * along `axis` (an int64 vector of length 1), into which the entries of `g` are added. Positions may repeat.
 */
export function scatterAlong(b: GraphBuilder, g: string, positions: string, axis: number, size: string): string {
  const shape = b.shapeOf(g);
  const rank = shape.length;
  const column = b.unsqueeze(positions, Array.from({ length: rank }, (_, i) => i).filter((i) => i !== axis));
  const indices = b.node('Expand', [column, b.shape(g)]);
  const parts = [b.slice(b.shape(g), 0, 0, axis), size, b.slice(b.shape(g), 0, axis + 1)];
  const zeros = filledOf(b, 0, b.dtypeOf(g), b.concat(parts, 0), shape.map((dim, i) => (i === axis ? b.freshDim() : dim)));
  return scatterAdd(b, zeros, indices, g, axis);
}

/** `ScatterElements` that adds; indices may repeat. */
export function scatterAdd(b: GraphBuilder, zeros: string, indices: string, updates: string, axis: number): string {
  return b.node('ScatterElements', [zeros, indices, updates], { attributes: { axis: int(axis), reduction: string('add') } });
}

/** 0, 1, … up to a size given as a vector of length 1. */
export function range(b: GraphBuilder, size: string): string {
  return b.node('Range', [b.scalar(0, 'int64'), b.squeeze(size, [0]), b.scalar(1, 'int64')]);
}
