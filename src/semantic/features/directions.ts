/** The directions of features: decoder rows for similarity, and what a feature adds to the residual stream. */
import type { CrossLayerTranscoder } from '../../engine/dictionaries/dictionary.ts';
import type { Model } from '../../engine/models/model.ts';
import { Random } from '../../engine/random.ts';
import type { FeatureSource } from '../store/source.ts';

/** Unit decoder rows [features, width]; those of a cross-layer transcoder's output layers side by side. */
export class Directions {
  readonly features: number;
  readonly width: number;
  /** Norms of the rows before they were made unit [features]. */
  readonly norms: Float64Array;
  readonly unit: Float32Array;
  private random: number | undefined;

  constructor(rows: Float32Array, width: number) {
    this.width = width;
    this.features = rows.length / width;
    this.norms = new Float64Array(this.features);
    this.unit = new Float32Array(rows.length);
    for (let f = 0; f < this.features; f++) {
      let square = 0;
      for (let i = f * width; i < (f + 1) * width; i++) square += rows[i]! ** 2;
      this.norms[f] = Math.sqrt(square);
      const scale = square === 0 ? 0 : 1 / this.norms[f]!;
      for (let i = f * width; i < (f + 1) * width; i++) this.unit[i] = rows[i]! * scale;
    }
  }

  static of({ weights, layer }: FeatureSource): Directions {
    const name = weights.kind === 'clt' ? `W_dec_${layer}` : 'W_dec';
    const { data, dims } = weights.parameters.get(name);
    return new Directions(data as Float32Array, dims.slice(1).reduce((a, b) => a * b, 1));
  }

  row(feature: number): Float32Array {
    return this.unit.subarray(feature * this.width, (feature + 1) * this.width);
  }

  /** Cosine of a vector with every row [features]. */
  cosines(direction: ArrayLike<number>): Float32Array {
    const { unit, width, features } = this;
    let square = 0;
    for (let i = 0; i < width; i++) square += direction[i]! ** 2;
    const scale = square === 0 ? 0 : 1 / Math.sqrt(square);
    const result = new Float32Array(features);
    for (let f = 0, at = 0; f < features; f++) {
      let dot = 0;
      for (let i = 0; i < width; i++) dot += unit[at++]! * direction[i]!;
      result[f] = dot * scale;
    }
    return result;
  }

  /** The largest cosine of a random direction with any row: the mean of a few draws. */
  get randomCosine(): number {
    if (this.random === undefined) {
      const random = new Random(0);
      const draws = Array.from({ length: 8 }, () => this.cosines(Float32Array.from({ length: this.width }, () => random.normal())).reduce((a, b) => Math.max(a, b), -1));
      this.random = draws.reduce((a, b) => a + b, 0) / draws.length;
    }
    return this.random;
  }
}

/**
 * What one unit of the feature's activation adds to the residual stream by the time layer `before` reads it (undefined:
 * by the end); undefined when it does not write to the stream, or only later. Normalisation of the dictionary's input is
 * left out: it scales the row by a factor that differs from token to token.
 */
export function residualDirection(model: Model, { weights, layer }: FeatureSource, feature: number, before = Infinity): Float32Array | undefined {
  if (weights.kind === 'clt') return crossLayerDirection(weights, layer!, feature, before);
  const { output } = weights.hooks;
  const at = output === undefined ? undefined : /^blocks\.(\d+)\.(.+)$/.exec(output);
  if (at === null || at === undefined) return undefined;
  const width = model.config?.dModel;
  const row = weights.parameters.get('W_dec').data.subarray(feature * weights.dOut, (feature + 1) * weights.dOut) as Float32Array;
  if (before <= Number(at[1]) && at[2] !== 'hook_resid_pre') return undefined;
  if (at[2] === 'attn.hook_z') {
    const name = `blocks.${at[1]}.attn.W_O`;
    return model.parameters.has(name) && width !== undefined ? product(row, model.parameters.get(name).data as Float32Array, width) : undefined;
  }
  return streamHook.test(output!) && weights.dOut === width ? row : undefined;
}

/**
 * A direction of the residual stream as decoder rows see it: its product with a row is that with what the feature adds to
 * the stream by the end. Undefined when features do not write to the stream directly.
 */
export function decoderDirection(model: Model, { weights, layer }: FeatureSource, direction: Float32Array): Float32Array | undefined {
  if (weights.kind === 'clt') {
    const outputs = weights.nLayers - layer!;
    return weights.dOut === direction.length ? Float32Array.from({ length: outputs * direction.length }, (_, i) => direction[i % direction.length]!) : undefined;
  }
  const head = /^(blocks\.\d+)\.attn\.hook_z$/.exec(weights.hooks.output ?? '');
  if (head === null) return weights.dOut === direction.length && streamHook.test(weights.hooks.output ?? '') ? direction : undefined;
  const name = `${head[1]}.attn.W_O`;
  if (!model.parameters.has(name)) return undefined;
  const output = model.parameters.get(name).data as Float32Array;
  return Float32Array.from({ length: weights.dOut }, (_, row) => direction.reduce((sum, value, column) => sum + value * output[row * direction.length + column]!, 0));
}

const streamHook = /^blocks\.\d+\.hook_(?:resid_pre|resid_mid|resid_post|attn_out|mlp_out)$/;

function crossLayerDirection({ parameters, nLayers, dOut }: CrossLayerTranscoder, layer: number, feature: number, before: number): Float32Array | undefined {
  const outputs = Math.min(nLayers, before) - layer;
  if (outputs <= 0) return undefined;
  const rows = parameters.get(`W_dec_${layer}`).data as Float32Array;
  const sum = new Float32Array(dOut);
  for (let output = 0; output < outputs; output++) {
    const start = (feature * (nLayers - layer) + output) * dOut;
    for (let i = 0; i < dOut; i++) sum[i]! += rows[start + i]!;
  }
  return sum;
}

/** What the feature's encoder reads [dIn]. */
export function encoderDirection({ weights, layer }: FeatureSource, feature: number): Float32Array {
  const { data, dims } = weights.parameters.get(weights.kind === 'clt' ? `W_enc_${layer}` : 'W_enc');
  const [dIn, latents] = dims as [number, number];
  return Float32Array.from({ length: dIn }, (_, i) => (data as Float32Array)[i * latents + feature]!);
}

/** x [rows] · matrix [rows, columns]. */
export function product(x: ArrayLike<number>, matrix: Float32Array, columns: number): Float32Array {
  const sums = new Float64Array(columns);
  for (let r = 0; r < x.length; r++) {
    const value = x[r]!;
    if (value === 0) continue;
    for (let c = 0, at = r * columns; c < columns; c++) sums[c]! += value * matrix[at++]!;
  }
  return Float32Array.from(sums);
}
