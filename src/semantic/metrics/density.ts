/** How often latents fire, and how similar their directions are. Algorithms reference §16. */
import { throwIfCancelled } from '../../engine/errors.ts';
import type { Runtime } from '../../engine/runtime/runtime.ts';
import { runtimeProducts } from './products.ts';
import type { Interval } from './bootstrap.ts';

export interface Density {
  /** Positions over which firing was counted: "dead" means nothing without it. */
  readonly positions: number;
  /** Share of latents that never fired. */
  readonly dead: number;
  /** Share of latents that fired on more than 10 % of positions. */
  readonly dense: number;
  /** Counts of log10(frequency + 1e-10) in equal-width bins between `edges`. */
  readonly histogram: { readonly edges: readonly number[]; readonly counts: readonly number[] };
}

const denseAbove = 0.1;
const floor = 1e-10;

/** `fired[i]`: number of positions at which latent i was active. */
export function densityOf(fired: Float64Array, positions: number, bins = 20): Density {
  const width = -Math.log10(floor) / bins;
  const edges = Array.from({ length: bins + 1 }, (_, i) => Math.log10(floor) + i * width);
  const counts = new Array<number>(bins).fill(0);
  let dead = 0;
  let dense = 0;
  for (const count of fired) {
    const frequency = count / positions;
    if (count === 0) dead++;
    if (frequency > denseAbove) dense++;
    const bin = Math.floor((Math.log10(frequency + floor) - edges[0]!) / width);
    counts[Math.min(bins - 1, Math.max(0, bin))]!++;
  }
  return { positions, dead: dead / fired.length, dense: dense / fired.length, histogram: { edges, counts } };
}

export interface DecoderGeometry {
  /** Largest |cosine| of a decoder row with any other: mean over rows, and its 95th percentile. */
  readonly meanMaxCosine: number;
  readonly p95MaxCosine: number;
}

/** Rows that are compared with all others in one run. */
const rowsPerRun = 256;

/** Pairwise similarity of decoder rows [rows, d], block by block. Errors: `cancelled`. */
export async function decoderGeometry(runtime: Runtime, decoder: Float32Array, d: number, signal?: AbortSignal): Promise<DecoderGeometry> {
  const rows = decoder.length / d;
  const unit = new Float32Array(decoder.length);
  for (let row = 0; row < rows; row++) {
    let square = 0;
    for (let i = row * d; i < (row + 1) * d; i++) square += decoder[i]! ** 2;
    const scale = square === 0 ? 0 : 1 / Math.sqrt(square);
    for (let i = row * d; i < (row + 1) * d; i++) unit[i] = decoder[i]! * scale;
  }
  const products = runtimeProducts(runtime);
  const best = new Float64Array(rows);
  for (let start = 0; start < rows; start += rowsPerRun) {
    throwIfCancelled(signal);
    const found = await products(unit.subarray(start * d, (start + rowsPerRun) * d), unit, d);
    for (let i = 0; i < found.length; i++) {
      const [row, other] = [start + Math.floor(i / rows), i % rows];
      const similarity = Math.abs(found[i]!);
      if (other !== row && similarity > best[row]!) best[row] = similarity;
    }
  }
  const sorted = best.toSorted();
  return { meanMaxCosine: best.reduce((sum, v) => sum + v, 0) / rows, p95MaxCosine: sorted[Math.floor(0.95 * (rows - 1))]! };
}

/** All scores with their intervals. */
export type Intervals<S> = { readonly [K in keyof S]: Interval };
