/**
 * Slow, obvious float64 arithmetic on one sequence (an array of rows), for references that are written from a model's
 * published definition and share nothing with the engine.
 */

/** [position][feature] */
export type Rows = readonly (readonly number[])[];
/** Row-major weights with a shape, as stored in a checkpoint. */
export interface Weight {
  readonly dims: readonly number[];
  readonly data: ArrayLike<number>;
}

export function row({ dims, data }: Weight, index: number): number[] {
  const width = dims[1]!;
  return Array.from({ length: width }, (_, i) => data[index * width + i]!);
}

/** y = x Wᵀ + b with W [out, in]. */
export function linear(x: Rows, weight: Weight, bias?: Weight): number[][] {
  const [out, input] = weight.dims as [number, number];
  return x.map((features) => Array.from({ length: out }, (_, o) => {
    let sum = bias?.data[o] ?? 0;
    for (let i = 0; i < input; i++) sum += features[i]! * weight.data[o * input + i]!;
    return sum;
  }));
}

export function layerNorm(x: Rows, weight: Weight, bias: Weight, eps: number): number[][] {
  return x.map((features) => {
    const mean = features.reduce((a, b) => a + b, 0) / features.length;
    const variance = features.reduce((a, b) => a + (b - mean) ** 2, 0) / features.length;
    return features.map((value, i) => (value - mean) / Math.sqrt(variance + eps) * weight.data[i]! + bias.data[i]!);
  });
}

/** `offset` is added to the weight. */
export function rmsNorm(x: Rows, weight: Weight, eps: number, offset = 0): number[][] {
  return x.map((features) => {
    const square = features.reduce((a, b) => a + b * b, 0) / features.length;
    return features.map((value, i) => value / Math.sqrt(square + eps) * (weight.data[i]! + offset));
  });
}

export function add(...terms: readonly Rows[]): number[][] {
  return terms[0]!.map((features, p) => features.map((_, i) => terms.reduce((sum, term) => sum + term[p]![i]!, 0)));
}

export function multiply(a: Rows, b: Rows): number[][] {
  return a.map((features, p) => features.map((value, i) => value * b[p]![i]!));
}

export function map(x: Rows, f: (value: number) => number): number[][] {
  return x.map((features) => features.map(f));
}

function softmax(scores: readonly number[]): number[] {
  const largest = Math.max(...scores);
  const powers = scores.map((score) => Math.exp(score - largest));
  const sum = powers.reduce((a, b) => a + b, 0);
  return powers.map((power) => power / sum);
}

export const silu = (x: number): number => x / (1 + Math.exp(-x));
export const quickGelu = (x: number): number => x / (1 + Math.exp(-1.702 * x));
export const relu = (x: number): number => Math.max(0, x);
export const geluTanh = (x: number): number => 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)));
export const gelu = (x: number): number => 0.5 * x * (1 + erf(x / Math.SQRT2));

/** Maclaurin series; exact enough for |x| < 6. */
function erf(x: number): number {
  if (Math.abs(x) > 5) return Math.sign(x);
  let term = x;
  let sum = x;
  for (let n = 1; n < 200; n++) {
    term *= -x * x / n;
    sum += term / (2 * n + 1);
  }
  return 2 / Math.sqrt(Math.PI) * sum;
}

export interface AttentionOptions {
  readonly heads: number;
  /** Key-value heads. Default `heads`. */
  readonly groups?: number;
  readonly scale: number;
  /** Whether query position i may look at key position j. */
  readonly visible: (i: number, j: number) => boolean;
  /** Applied to each head's query or key at its position. */
  readonly rotate?: (features: number[], position: number) => number[];
  /** Applied to each head's query or key before rotation. */
  readonly headNorm?: (features: number[], which: 'q' | 'k') => number[];
}

/** Heads concatenated, [p][heads · dh]. */
export function attention(q: Rows, k: Rows, v: Rows, options: AttentionOptions): number[][] {
  const { heads, groups = heads, scale, visible } = options;
  const width = q[0]!.length / heads;
  const head = (x: Rows, p: number, h: number): number[] => x[p]!.slice(h * width, (h + 1) * width);
  const prepared = (x: Rows, p: number, h: number, which: 'q' | 'k'): number[] => {
    const normed = options.headNorm?.(head(x, p, h), which) ?? head(x, p, h);
    return options.rotate?.(normed, p) ?? normed;
  };
  return q.map((_, i) => Array.from({ length: heads }, (__, h) => {
    const g = Math.floor(h / (heads / groups));
    const query = prepared(q, i, h, 'q');
    const seen = k.map((___, j) => j).filter((j) => visible(i, j));
    const pattern = softmax(seen.map((j) => scale * prepared(k, j, g, 'k').reduce((sum, value, f) => sum + value * query[f]!, 0)));
    const out = new Array<number>(width).fill(0);
    seen.forEach((j, n) => head(v, j, g).forEach((value, f) => (out[f]! += pattern[n]! * value)));
    return out;
  }).flat());
}

/** x cos + rotate_half(x) sin on the first `dims` features; angle of feature i is position · frequency(i mod dims/2). */
export function rotation(dims: number, frequency: (i: number) => number): (features: number[], position: number) => number[] {
  return (features, position) => features.map((value, i) => {
    if (i >= dims) return value;
    const angle = position * frequency(i % (dims / 2));
    const partner = i < dims / 2 ? -features[i + dims / 2]! : features[i - dims / 2]!;
    return value * Math.cos(angle) + partner * Math.sin(angle);
  });
}
