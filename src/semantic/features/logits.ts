/**
 * Which next tokens a feature promotes directly: its direction through the final norm's weights and the unembedding
 * (algorithms reference §18, with the norm treatment of §3). The norm's scale, which differs from token to token, is left
 * out, so the values compare tokens and features, not logits of a run.
 */
import { MechanistError } from '../../engine/errors.ts';
import type { Model } from '../../engine/models/model.ts';
import { Random } from '../../engine/random.ts';
import { product } from './directions.ts';

export interface DirectLogits {
  /** By token id. */
  readonly values: Float32Array;
  /** What was done about the final norm, for display. */
  readonly treatment: string;
}

/** Whether the model has an unembedding under its standard name. */
export function hasUnembedding(model: Model): boolean {
  return model.parameters.has('unembed.W_U') && model.config !== undefined;
}

/** Errors: `unsupported` for a model without an unembedding, `argument` for a direction of another width. */
export function directLogits(model: Model, direction: ArrayLike<number>): DirectLogits {
  if (!hasUnembedding(model)) throw new MechanistError('unsupported', 'The model has no unembedding under its standard name.', { file: model.source });
  const { data, dims } = model.parameters.get('unembed.W_U');
  if (direction.length !== dims[0]) throw new MechanistError('argument', `The unembedding reads vectors of width ${dims[0]}, not ${direction.length}.`);
  return { values: product(throughNorm(model, 'ln_final', direction), data as Float32Array, dims[1]!), treatment: treatmentOf(model) };
}

/** The direction of the stream that raises the logit of a token most, the final norm's scale left out. Errors: as `directLogits`. */
export function tokenDirection(model: Model, id: number): Float32Array {
  if (!hasUnembedding(model)) throw new MechanistError('unsupported', 'The model has no unembedding under its standard name.', { file: model.source });
  const { data, dims } = model.parameters.get('unembed.W_U');
  const [width, vocabulary] = dims as [number, number];
  const weights = model.parameters.has('ln_final.w') ? (model.parameters.get('ln_final.w').data as Float32Array) : new Float32Array(width).fill(1);
  const direction = weights.map((weight, i) => weight * (data as Float32Array)[i * vocabulary + id]!);
  if (model.config?.normalization !== 'LN') return direction;
  const mean = direction.reduce((a, b) => a + b, 0) / width;
  return direction.map((value) => value - mean);
}

/** Largest |value| of a random direction of this norm: the mean over a few draws. */
export function randomLogit(model: Model, width: number, norm: number): number {
  const random = new Random(0);
  const draws = Array.from({ length: 4 }, () => {
    const direction = Float32Array.from({ length: width }, () => random.normal());
    const scale = norm / Math.hypot(...direction);
    return directLogits(model, direction.map((value) => value * scale)).values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  });
  return draws.reduce((a, b) => a + b, 0) / draws.length;
}

/** A direction of the stream as what follows a norm sees it, its scale left out: centred for LayerNorm, times the norm's weights. */
export function throughNorm(model: Model, norm: string, direction: ArrayLike<number>): Float64Array {
  const values = Float64Array.from(direction);
  if (model.config?.normalization === 'LN') {
    const mean = values.reduce((a, b) => a + b, 0) / values.length;
    for (let i = 0; i < values.length; i++) values[i]! -= mean;
  }
  if (model.parameters.has(`${norm}.w`)) {
    const weights = model.parameters.get(`${norm}.w`).data as Float32Array;
    for (let i = 0; i < values.length; i++) values[i]! *= weights[i]!;
  }
  return values;
}

function treatmentOf({ config, parameters }: Model): string {
  const centred = config?.normalization === 'LN' ? 'centred, ' : '';
  return parameters.has('ln_final.w') ? `${centred}times the final norm's weights; its scale is left out` : 'no final norm';
}
