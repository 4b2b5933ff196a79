/**
 * Decoding and its gradients over active latents only: plain loops over rows of [nLatents, d] weights, each a few
 * kilobytes, so that a token costs k rows instead of nLatents. Matryoshka levels are nested prefixes of the latents;
 * with one level this is the ordinary decoder.
 */
import type { ByLatent, Selection } from './selection.ts';

/** Everything the loops read; `n` tokens, `d` = dOut. */
export interface DecodeInputs {
  readonly selection: Selection;
  /** [nLatents, d] */
  readonly decoder: Float32Array;
  /** [d] */
  readonly bias: Float32Array;
  /** Linear path [n, d], or undefined. */
  readonly skip: Float32Array | undefined;
  /** [n, d] */
  readonly target: Float32Array;
  /** Widths of the nested prefixes; the last is nLatents. */
  readonly widths: readonly number[];
}

export interface DecodeResult {
  /** Σ over levels of the mean over tokens of ‖y − ŷ‖². */
  readonly loss: number;
  /** The last level alone: the loss of the whole dictionary. */
  readonly reconstruction: number;
  /** y − ŷ of the last level [n, d]. */
  readonly residual: Float32Array;
  /** For level g, d loss / d (contribution of the latents first included at g) [levels, n, d]. */
  readonly gradient: Float32Array;
  /** d loss / d activation of each selected entry. */
  readonly dValue: Float32Array;
}

export function decodeSelected({ selection, decoder, bias, skip, target, widths }: DecodeInputs): DecodeResult {
  const d = bias.length;
  const n = target.length / d;
  const levels = widths.length;
  const { start, latent, value } = selection;
  const residual = new Float32Array(n * d);
  const gradient = new Float32Array(levels * n * d);
  const dValue = new Float32Array(value.length);
  const losses = new Float64Array(levels);
  const parts = new Float32Array(levels * d);
  for (let token = 0; token < n; token++) {
    parts.fill(0);
    for (let e = start[token]!; e < start[token + 1]!; e++) addScaled(parts, levelOf(latent[e]!, widths) * d, decoder, latent[e]! * d, value[e]!, d);
    const base = token * d;
    for (let i = 0; i < d; i++) {
      let sum = bias[i]! + (skip === undefined ? 0 : skip[base + i]!) - target[base + i]!;
      for (let level = 0; level < levels; level++) {
        sum += parts[level * d + i]!;
        losses[level]! += sum * sum;
        gradient[(level * n + token) * d + i] = (2 * sum) / n;
      }
      residual[base + i] = -sum;
      for (let level = levels - 2; level >= 0; level--) gradient[(level * n + token) * d + i]! += gradient[((level + 1) * n + token) * d + i]!;
    }
    for (let e = start[token]!; e < start[token + 1]!; e++) {
      dValue[e] = dot(decoder, latent[e]! * d, gradient, (levelOf(latent[e]!, widths) * n + token) * d, d);
    }
  }
  return { loss: losses.reduce((a, b) => a + b, 0) / n, reconstruction: losses[levels - 1]! / n, residual, gradient, dValue };
}

/**
 * Σ over a latent's entries of `factor` · row of `rows`, for every latent: the gradient of a weight whose row s meets
 * `rows[token]` with weight `factor[entry]`. `offsetOf(s)` selects a block of `rows`. Overwrites `out` [nLatents, d].
 */
export function accumulateByLatent(index: ByLatent, factor: Float32Array, rows: Float32Array, d: number, out: Float32Array, offsetOf: (latent: number) => number = () => 0): void {
  out.fill(0);
  for (let s = 0; s + 1 < index.start.length; s++) {
    const offset = offsetOf(s);
    for (let i = index.start[s]!; i < index.start[s + 1]!; i++) addScaled(out, s * d, rows, offset + index.token[i]! * d, factor[index.entry[i]!]!, d);
  }
}

/** The level at which a latent is first included. */
export function levelOf(latent: number, widths: readonly number[]): number {
  let level = 0;
  while (latent >= widths[level]!) level++;
  return level;
}

/** Removes from each row of `gradient` its part along the same row of `rows`, which have unit norm. */
export function removeParallel(gradient: Float32Array, rows: Float32Array, d: number): void {
  for (let at = 0; at < rows.length; at += d) addScaled(gradient, at, rows, at, -dot(gradient, at, rows, at, d), d);
}

/** Scales each row to norm 1; rows of zeros stay. */
export function normalizeRows(rows: Float32Array, d: number): void {
  for (let at = 0; at < rows.length; at += d) {
    const norm = Math.sqrt(dot(rows, at, rows, at, d));
    if (norm === 0) continue;
    for (let i = at; i < at + d; i++) rows[i]! /= norm;
  }
}

/** Column sums of `rows` [n, d] weighted by `weight` (1 when undefined), times `factor`, added to `out` [d]. */
export function addColumnSums(out: Float32Array, rows: Float32Array, weight: Float32Array | undefined, factor: number): void {
  const d = out.length;
  for (let row = 0; row * d < rows.length; row++) addScaled(out, 0, rows, row * d, factor * (weight === undefined ? 1 : weight[row]!), d);
}

export function addScaled(out: Float32Array, to: number, rows: Float32Array, from: number, factor: number, d: number): void {
  for (let i = 0; i < d; i++) out[to + i]! += factor * rows[from + i]!;
}

function dot(a: Float32Array, aFrom: number, b: Float32Array, bFrom: number, d: number): number {
  let sum = 0;
  for (let i = 0; i < d; i++) sum += a[aFrom + i]! * b[bFrom + i]!;
  return sum;
}
