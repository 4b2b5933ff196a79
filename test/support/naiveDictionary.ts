/** Slow, obvious encoder and decoder of dictionaries, one vector at a time, straight from the definitions. */

export interface NaiveDictionary {
  /** [d][F] and [F][d] */
  readonly encoder: readonly (readonly number[])[];
  readonly decoder: readonly (readonly number[])[];
  readonly bEnc: readonly number[];
  readonly bDec: readonly number[];
  readonly activation: (h: number[]) => number[];
  readonly centred?: boolean;
  readonly normalization?: 'none' | 'layer_norm' | 'constant_norm_rescale';
  readonly rescaled?: boolean;
  /** [d][d]: adds x · skip. */
  readonly skip?: readonly (readonly number[])[];
}

export const relu = (h: number[]): number[] => h.map((v) => Math.max(0, v));

export const topk = (k: number) => (h: number[]): number[] => {
  const kept = new Set(h.map((v, i) => [v, i] as const).sort(([a], [b]) => b - a).slice(0, k).map(([, i]) => i));
  return h.map((v, i) => (kept.has(i) ? Math.max(0, v) : 0));
};

export const jump = (threshold: readonly number[]) => (h: number[]): number[] => h.map((v, i) => (v > threshold[i]! ? Math.max(0, v) : 0));

export const groupMax = (k: number) => (h: number[]): number[] => {
  const width = h.length / k;
  return relu(h).map((v, i, all) => (v === Math.max(...all.slice(Math.floor(i / width) * width, (Math.floor(i / width) + 1) * width)) ? v : 0));
};

export function naiveForward(n: NaiveDictionary, x: readonly number[]): { acts: number[]; out: number[] } {
  const d = x.length;
  const mean = x.reduce((a, b) => a + b, 0) / d;
  const deviation = Math.sqrt(x.reduce((a, b) => a + (b - mean) ** 2, 0) / (d - 1));
  const factor = Math.sqrt(d) / Math.hypot(...x);
  const normalized = x.map((v) => (n.normalization === 'layer_norm' ? (v - mean) / (deviation + 1e-5) : n.normalization === 'constant_norm_rescale' ? v * factor : v));
  const input = normalized.map((v, i) => (n.centred ? v - n.bDec[i]! : v));
  const norms = n.decoder.map((row) => Math.hypot(...row));
  const hidden = n.bEnc.map((bias, f) => (bias + input.reduce((sum, v, i) => sum + v * n.encoder[i]![f]!, 0)) * (n.rescaled ? norms[f]! : 1));
  const acts = n.activation(hidden);
  const decoded = n.bDec.map((bias, i) => bias + acts.reduce((sum, a, f) => sum + (n.rescaled ? a / norms[f]! : a) * n.decoder[f]![i]!, 0));
  const restored = decoded.map((v) => (n.normalization === 'layer_norm' ? v * deviation + mean : n.normalization === 'constant_norm_rescale' ? v / factor : v));
  return { acts, out: restored.map((v, i) => v + (n.skip === undefined ? 0 : x.reduce((sum, xv, j) => sum + xv * n.skip![j]![i]!, 0))) };
}

export function matrix(rows: number, columns: number, values: readonly number[]): number[][] {
  return Array.from({ length: rows }, (_, r) => values.slice(r * columns, (r + 1) * columns));
}

export function transpose(m: readonly (readonly number[])[]): number[][] {
  return m[0]!.map((_, c) => m.map((row) => row[c]!));
}
