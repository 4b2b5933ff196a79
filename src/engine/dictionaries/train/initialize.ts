/** Initial parameters of dictionary training (algorithms reference §15). */
import type { Random } from '../../random.ts';
import { zeros } from '../../tensor.ts';
import type { Tensor } from '../../tensor.ts';
import type { TrainingOptions } from './options.ts';
import { addScaled, normalizeRows } from './sparseLoops.ts';
import type { Batch, Parameters } from './step.ts';
import { transposed } from './transposed.ts';

/** Norm of decoder rows that are free to grow. */
const freeDecoderNorm = 0.1;

/** Rows of the sample from which initial thresholds are taken, and the least they can be. */
const sampleRows = 64;
const smallestThreshold = 1e-4;

/**
 * Random unit decoder rows (norm 0.1 where they are free), the encoder their transpose for an autoencoder and
 * independent otherwise, and `b_dec` at the geometric median of the target sample.
 */
export function initialParameters(options: TrainingOptions, sample: Batch, random: Random): Parameters {
  const { kind, architecture, dIn, dOut, nLatents: F, nLayers: L, skip } = options;
  const parameters = new Map<string, Tensor<'float32'>>();
  if (kind === 'clt') {
    const centres = geometricMedian(sample.y.data, L * dOut);
    for (let l = 0; l < L; l++) {
      parameters.set(`W_enc_${l}`, transposed(randomRows(random, F, dIn, 1)));
      parameters.set(`b_enc_${l}`, zeros('float32', [F]));
      const decoder = randomRows(random, F, (L - l) * dOut, freeDecoderNorm);
      parameters.set(`W_dec_${l}`, { ...decoder, dims: [F, L - l, dOut] });
      parameters.set(`b_dec_${l}`, { dtype: 'float32', dims: [dOut], data: centres.slice(l * dOut, (l + 1) * dOut) });
      if (architecture === 'jumprelu') parameters.set(`log_threshold_${l}`, logThresholds(options, sample.x.data, l, undefined, parameters.get(`W_enc_${l}`)!));
    }
    return parameters;
  }
  const decoder = randomRows(random, F, dOut, options.unitNormDecoder ? 1 : freeDecoderNorm);
  parameters.set('W_enc', transposed(kind === 'sae' ? decoder : randomRows(random, F, dIn, 1)));
  parameters.set('W_dec', decoder);
  parameters.set('b_dec', { dtype: 'float32', dims: [dOut], data: geometricMedian(sample.y.data, dOut) });
  for (const name of architecture === 'gated' ? ['b_gate', 'b_mag', 'r_mag'] : ['b_enc']) parameters.set(name, zeros('float32', [F]));
  if (architecture === 'jumprelu') {
    const centre = kind === 'sae' ? parameters.get('b_dec')!.data : undefined;
    parameters.set('log_threshold', logThresholds(options, sample.x.data, 0, centre, parameters.get('W_enc')!));
  }
  if (skip) parameters.set('W_skip', zeros('float32', [dIn, dOut]));
  return parameters;
}

/** The point with the least summed distance to the rows of `values` [n, d], by Weiszfeld's iteration. */
export function geometricMedian(values: Float32Array, d: number): Float32Array {
  const n = values.length / d;
  const median = new Float64Array(d);
  for (let i = 0; i < values.length; i++) median[i % d]! += values[i]! / n;
  for (let iteration = 0; iteration < 100; iteration++) {
    const next = new Float64Array(d);
    let total = 0;
    for (let row = 0; row < n; row++) {
      let square = 0;
      for (let i = 0; i < d; i++) square += (values[row * d + i]! - median[i]!) ** 2;
      // A row at the median itself would get infinite weight.
      const weight = 1 / Math.max(Math.sqrt(square), 1e-8);
      total += weight;
      for (let i = 0; i < d; i++) next[i]! += weight * values[row * d + i]!;
    }
    let moved = 0;
    for (let i = 0; i < d; i++) {
      const value = next[i]! / total;
      moved = Math.max(moved, Math.abs(value - median[i]!));
      median[i] = value;
    }
    if (moved < 1e-7) break;
  }
  return Float32Array.from(median);
}

function randomRows(random: Random, rows: number, d: number, norm: number): Tensor<'float32'> {
  const data = Float32Array.from({ length: rows * d }, () => random.normal());
  normalizeRows(data, d);
  for (let i = 0; i < data.length; i++) data[i]! *= norm;
  return { dtype: 'float32', dims: [rows, d], data };
}

/** One threshold for all latents: as given, or the quantile of the sample's pre-activations that leaves `initialExcess · k` active. */
function logThresholds(options: TrainingOptions, x: Float32Array, layer: number, centre: Float32Array | undefined, encoder: Tensor<'float32'>): Tensor<'float32'> {
  const { nLatents: F, dIn, nLayers, k, initialThreshold, initialExcess } = options;
  const rows = Math.min(sampleRows, x.length / (nLayers * dIn));
  const hidden = new Float32Array(initialThreshold === undefined ? rows * F : 0);
  for (let row = 0; row * F < hidden.length; row++) {
    for (let i = 0; i < dIn; i++) {
      addScaled(hidden, row * F, encoder.data, i * F, x[(row * nLayers + layer) * dIn + i]! - (centre?.[i] ?? 0), F);
    }
  }
  const active = Math.min(hidden.length, Math.round(initialExcess * k * rows));
  const threshold = initialThreshold ?? Math.max(hidden.sort()[hidden.length - active]!, smallestThreshold);
  return { dtype: 'float32', dims: [F], data: new Float32Array(F).fill(Math.log(threshold)) };
}
