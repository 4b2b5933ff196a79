/** Rotary position embedding in the half-split layout: feature i turns together with feature i + dims/2. */
import type { GraphBuilder } from '../../graph/builder.ts';
import { f32 } from '../../tensor.ts';

export interface Rotary {
  /** How many leading features of each head are rotated; even. */
  readonly dims: number;
  /** Angle per position of each pair of features: [dims/2]. */
  readonly frequencies: readonly number[];
  /** Multiplies cosine and sine. Default 1. */
  readonly amplitude?: number;
}

/** Cosine and sine, [pos, 1, dims/2]. */
export interface RotaryTables {
  readonly cos: string;
  readonly sin: string;
}

/** `positions` is float [pos]. */
export function rotaryTables(b: GraphBuilder, { frequencies, amplitude = 1 }: Rotary, positions: string): RotaryTables {
  const angles = b.mul(b.unsqueeze(positions, [1, 2]), b.constant(f32([frequencies.length], frequencies), 'rotary_frequencies'));
  const scaled = (x: string): string => (amplitude === 1 ? x : b.mul(x, b.scalar(amplitude, b.dtypeOf(x))));
  return { cos: scaled(b.unary('Cos', angles)), sin: scaled(b.unary('Sin', angles)) };
}

/** Rotates x [b, p, h, dh]. */
export function rotate(b: GraphBuilder, { dims }: Rotary, { cos, sin }: RotaryTables, x: string, name: string): string {
  const first = b.slice(x, 3, 0, dims / 2);
  const second = b.slice(x, 3, dims / 2, dims);
  const parts = [
    b.sub(b.mul(first, cos), b.mul(second, sin)),
    b.add(b.mul(second, cos), b.mul(first, sin)),
  ];
  if (b.shapeOf(x)[3] !== dims) parts.push(b.slice(x, 3, dims));
  return b.concat(parts, 3, name);
}
