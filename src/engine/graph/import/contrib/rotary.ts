/** Rotary position embedding (Su et al. 2021) from precomputed tables of cosines and sines. */
import { MechanistError } from '../../../errors.ts';
import { floatAttribute, int, intAttribute, ints } from '../../ir.ts';
import type { Emitter } from '../rewrite.ts';

/** Inputs: x [b,s,h·d] or [b,h,s,d], positions ([b,s], or [1] for an offset), cosines and sines [max, r/2]. */
export function rotaryEmbedding(e: Emitter): boolean {
  if (floatAttribute(e.node, 'scale', 1) !== 1 || intAttribute(e.node, 'is_packed_batching', 0) !== 0) throw new MechanistError('unsupported', 'Scaled or packed rotary embeddings are not supported.');
  const [x, positions, cosines, sines] = [e.required(0), e.required(1), e.required(2), e.required(3)];
  const half = rotaryHalf(e, cosines);
  const rank = e.rank(x);
  const isInterleaved = intAttribute(e.node, 'interleaved', 0) === 1;
  if (rank === 4) {
    const table = (name: string): string => e.op('Unsqueeze', [e.op('Gather', [name, positionMatrix(e, x, positions, 2)]), e.b.vector([1])]);
    e.finish(0, 'Identity', [rotate(e, x, table(cosines), table(sines), half, isInterleaved, width(e, x, 3))]);
    return true;
  }
  if (rank !== 3) throw new MechanistError('unsupported', 'The rank of the rotated tensor is not known.');
  const hidden = width(e, x, 2);
  const heads = intAttribute(e.node, 'num_heads', 0);
  const head = heads > 0 ? share(hidden, heads) : 2 * half;
  const split = e.op('Reshape', [x, e.b.vector([0, 0, -1, head])]);
  const table = (name: string): string => e.op('Unsqueeze', [e.op('Gather', [name, positionMatrix(e, x, positions, 1)]), e.b.vector([2])]);
  e.finish(0, 'Reshape', [rotate(e, split, table(cosines), table(sines), half, isInterleaved, head), e.b.vector([0, 0, hidden])]);
  return true;
}

/** Half the width of the rotated part: the last axis of the tables. */
export function rotaryHalf(e: Emitter, table: string): number {
  const half = e.b.typeOf(table)?.shape?.[1];
  if (typeof half !== 'number') throw new MechanistError('unsupported', 'The width of the rotary tables is not known.');
  return half;
}

/**
 * Rotates the first 2·half features of `x` [.., head]; the tables are broadcast against it. Pairs are (i, i + half),
 * or (2i, 2i + 1) when interleaved.
 */
export function rotate(e: Emitter, x: string, cosines: string, sines: string, half: number, isInterleaved: boolean, head: number): string {
  const rotated = head === 2 * half ? x : slice(e, x, 0, 2 * half);
  let turned: string;
  if (isInterleaved) {
    const pairs = e.op('Reshape', [rotated, e.b.vector([0, 0, 0, half, 2])]);
    const [even, odd] = e.ops('Split', [pairs, e.b.vector([1, 1])], 2, { axis: int(-1) }).map((part) => e.op('Squeeze', [part, e.b.vector([-1])])) as [string, string];
    const [first, second] = turnedPair(e, even, odd, cosines, sines).map((part) => e.op('Unsqueeze', [part, e.b.vector([-1])])) as [string, string];
    turned = e.op('Reshape', [e.op('Concat', [first, second], { axis: int(-1) }), e.b.vector([0, 0, 0, 2 * half])]);
  } else {
    turned = e.op('Concat', turnedPair(e, slice(e, rotated, 0, half), slice(e, rotated, half, 2 * half), cosines, sines), { axis: int(-1) });
  }
  return head === 2 * half ? turned : e.op('Concat', [turned, slice(e, x, 2 * half, head)], { axis: int(-1) });
}

function turnedPair(e: Emitter, a: string, b: string, cosines: string, sines: string): [string, string] {
  const mul = (x: string, y: string): string => e.op('Mul', [x, y]);
  return [e.op('Sub', [mul(a, cosines), mul(b, sines)]), e.op('Add', [mul(b, cosines), mul(a, sines)])];
}

function slice(e: Emitter, x: string, start: number, end: number): string {
  return e.op('Slice', [x, e.b.vector([start]), e.b.vector([end]), e.b.vector([-1])]);
}

/** Positions [b,s] as they are; a single offset becomes offset, offset + 1, … along the sequence axis of `x`. */
function positionMatrix(e: Emitter, x: string, positions: string, sequenceAxis: number): string {
  if (e.rank(positions) !== 1) return positions;
  const count = e.op('Squeeze', [e.op('Slice', [e.op('Shape', [x]), e.b.vector([sequenceAxis]), e.b.vector([sequenceAxis + 1]), e.b.vector([0])]), e.b.vector([0])]);
  const range = e.op('Range', [e.b.scalar(0, 'int64'), count, e.b.scalar(1, 'int64')]);
  return e.op('Unsqueeze', [e.op('Add', [range, positions]), e.b.vector([0])]);
}

function width(e: Emitter, x: string, axis: number): number {
  const size = e.b.typeOf(x)?.shape?.[axis];
  if (typeof size !== 'number') throw new MechanistError('unsupported', 'The width of the rotated tensor is not known.');
  return size;
}

/** `total` in `parts` equal parts. Errors: `parse` when it does not divide. */
export function share(total: number, parts: number): number {
  if (parts <= 0 || total % parts !== 0) throw new MechanistError('parse', `A width of ${total} cannot be divided among ${parts} heads.`);
  return total / parts;
}

/** Exchanges the head and sequence axes of [b,s,h,d] or [b,h,s,d]. */
export function exchangeHeads(e: Emitter, x: string): string {
  return e.op('Transpose', [x], { perm: ints([0, 2, 1, 3]) });
}
