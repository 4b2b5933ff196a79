/** Toy data in superposition: more sparse features than dimensions, each a known direction. */
import type { ActivationSource } from '../../src/engine/dictionaries/train/activationBuffer.ts';
import { Random } from '../../src/engine/random.ts';

export interface Superposition extends ActivationSource {
  /** True directions, unit rows [features, d]. */
  readonly directions: Float32Array;
  readonly d: number;
}

/** Features are active independently with probability `p` and strength uniform in [0.5, 1.5]; `map` makes a target from the features. */
export function superposition({ features = 48, d = 24, p = 0.06, rows = 256, seed = 1 } = {}): Superposition {
  const random = new Random(seed);
  const directions = unitRows(random, features, d);
  return {
    directions, d,
    xShape: [d],
    yShape: [d],
    async chunk(index) {
      const draw = new Random(seed * 1000 + index + 1);
      const data = new Float32Array(rows * d);
      for (let row = 0; row < rows; row++) {
        for (let f = 0; f < features; f++) {
          if (draw.uniform() >= p) continue;
          const strength = 0.5 + draw.uniform();
          for (let i = 0; i < d; i++) data[row * d + i]! += strength * directions[f * d + i]!;
        }
      }
      const x = { dtype: 'float32', dims: [rows, d], data } as const;
      return { x, y: x };
    },
  };
}

/** Mean over true directions of the largest cosine with a learned row. */
export function meanMaxCosine(truth: Float32Array, learned: Float32Array, d: number): number {
  let sum = 0;
  for (let a = 0; a < truth.length; a += d) {
    let best = -1;
    for (let b = 0; b < learned.length; b += d) {
      let dot = 0;
      let [aa, bb] = [0, 0];
      for (let i = 0; i < d; i++) {
        dot += truth[a + i]! * learned[b + i]!;
        aa += truth[a + i]! ** 2;
        bb += learned[b + i]! ** 2;
      }
      best = Math.max(best, dot / Math.sqrt(aa * bb + 1e-20));
    }
    sum += best;
  }
  return (sum * d) / truth.length;
}

function unitRows(random: Random, rows: number, d: number): Float32Array {
  const data = Float32Array.from({ length: rows * d }, () => random.normal());
  for (let row = 0; row < rows; row++) {
    const part = data.subarray(row * d, (row + 1) * d);
    const norm = Math.hypot(...part);
    part.forEach((v, i) => { part[i] = v / norm; });
  }
  return data;
}
