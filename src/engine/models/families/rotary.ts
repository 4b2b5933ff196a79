/** Rotary position embedding in the half-split layout: feature i turns together with feature i + dims/2. */
import type { GraphBuilder } from '../../graph/builder.ts';
import { f32 } from '../../tensor.ts';

export interface Rotary {
  /** How many leading features of each head are rotated; even. */
  readonly dims: number;
  /** Angle per position of each pair of features: [dims/2]. */
  readonly frequencies: readonly number[];
  /** Makes the frequencies depend on the length of the sequence, beyond the trained one. */
  readonly dynamic?: DynamicScaling;
}

/** The base becomes base · (factor · length / trained − factor + 1)^(dims / (dims − 2)) for longer sequences than trained. */
export interface DynamicScaling {
  readonly factor: number;
  readonly trained: number;
}

/** Cosine and sine, [pos, 1, dims/2]. */
export interface RotaryTables {
  readonly cos: string;
  readonly sin: string;
}

/** `index` is int64 [pos], `length` a scalar int64. */
export function rotaryTables(b: GraphBuilder, rotary: Rotary, index: string, length: string): RotaryTables {
  const fixed = b.constant(f32([rotary.frequencies.length], rotary.frequencies), 'rotary_frequencies');
  const frequencies = rotary.dynamic === undefined ? fixed : stretched(b, fixed, rotary, rotary.dynamic, length);
  const angles = b.mul(b.unsqueeze(b.cast(index, 'float32'), [1, 2]), frequencies);
  return { cos: b.unary('Cos', angles), sin: b.unary('Sin', angles) };
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

/** base^(−2i/dims) with a base grown by g is the old frequency times g^(−2i/dims). */
function stretched(b: GraphBuilder, frequencies: string, { dims }: Rotary, { factor, trained }: DynamicScaling, length: string): string {
  const effective = b.node('Max', [b.cast(length, 'float32'), b.scalar(trained)]);
  const growth = b.sub(b.mul(effective, b.scalar(factor / trained)), b.scalar(factor - 1));
  const exponents = Array.from({ length: dims / 2 }, (_, i) => (-2 * i / dims) * (dims / (dims - 2)));
  return b.mul(frequencies, b.node('Pow', [growth, b.constant(f32([dims / 2], exponents), 'rotary_exponents')]));
}
