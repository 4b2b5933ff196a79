/**
 * Adam over typed arrays, updated in place: the optimiser of the sparse step, where the update is the only dense
 * part left. Equals the graph version (training/adamw.ts, no weight decay).
 */
import { MechanistError } from '../../errors.ts';
import { zeros } from '../../tensor.ts';
import type { Tensor } from '../../tensor.ts';
import type { AdamWOptions } from '../../training/adamw.ts';

/** A parameter with its gradient and moments, all of one shape. */
export interface Slot {
  readonly value: Tensor<'float32'>;
  readonly gradient: Float32Array;
  readonly m: Float32Array;
  readonly v: Float32Array;
}

export function slot(value: Tensor<'float32'>): Slot {
  const make = (): Float32Array => zeros('float32', value.dims).data;
  return { value: { ...value, data: value.data.slice() }, gradient: make(), m: make(), v: make() };
}

/** Norm of all gradients together. */
export function gradientNorm(slots: Iterable<Slot>): number {
  let sum = 0;
  for (const { gradient } of slots) sum += sumOfSquares(gradient);
  return Math.sqrt(sum);
}

/** One update of every slot; gradients are clipped to `options.clipNorm` together. `step` counts from 1. */
export function adamUpdate(slots: Iterable<Slot>, norm: number, step: number, rate: number, options: AdamWOptions): void {
  const clip = options.clipNorm === undefined ? 1 : Math.min(1, options.clipNorm / (norm + 1e-6));
  const { beta1, beta2, epsilon } = options;
  const scale = rate / (1 - beta1 ** step);
  const correction = 1 / (1 - beta2 ** step);
  for (const { value, gradient, m, v } of slots) updateArray(value.data, gradient, m, v, clip, beta1, beta2, epsilon, scale, correction);
}

/** Slots as named tensors, and back. */
export function slotState(slots: ReadonlyMap<string, Slot>): Map<string, Tensor<'float32'>> {
  const state = new Map<string, Tensor<'float32'>>();
  for (const [name, { value, m, v }] of slots) {
    state.set(name, value);
    state.set(`m/${name}`, { dtype: 'float32', dims: value.dims, data: m });
    state.set(`v/${name}`, { dtype: 'float32', dims: value.dims, data: v });
  }
  return state;
}

/** Errors: `argument` when a tensor is missing or of another shape. */
export function restoreSlots(slots: ReadonlyMap<string, Slot>, state: ReadonlyMap<string, Tensor>): void {
  for (const [name, { value, m, v }] of slots) {
    for (const [key, target] of [[name, value.data], [`m/${name}`, m], [`v/${name}`, v]] as const) {
      const saved = state.get(key);
      if (saved === undefined || saved.dtype !== 'float32' || saved.data.length !== target.length) {
        throw new MechanistError('argument', 'The checkpoint does not fit this training.', { field: `tensor ${key}`, hint: 'Train with the options the checkpoint was made with.' });
      }
      target.set(saved.data as Float32Array);
    }
  }
}

// A function of its own with nothing but locals, so that the compiler keeps everything in registers.
function updateArray(p: Float32Array, g: Float32Array, m: Float32Array, v: Float32Array, clip: number, beta1: number, beta2: number, epsilon: number, scale: number, correction: number): void {
  for (let i = 0; i < p.length; i++) {
    const gradient = g[i]! * clip;
    const nextM = beta1 * m[i]! + (1 - beta1) * gradient;
    const nextV = beta2 * v[i]! + (1 - beta2) * gradient * gradient;
    m[i] = nextM;
    v[i] = nextV;
    p[i]! -= (scale * nextM) / (Math.sqrt(nextV * correction) + epsilon);
  }
}

function sumOfSquares(values: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]! * values[i]!;
  return sum;
}
