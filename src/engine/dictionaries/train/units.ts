/**
 * Training units: inputs and targets divided by constants so that their mean squared norm is 1, which makes losses and
 * learning rates comparable across hook points. The constants are folded into the weights afterwards, decoder rows
 * keeping their norm where input and target share a constant.
 */
import { MechanistError } from '../../errors.ts';
import type { Tensor } from '../../tensor.ts';
import type { DictionaryShape } from './options.ts';
import type { Batch, Parameters } from './step.ts';

/** Constants per layer. */
export interface Units {
  readonly x: readonly number[];
  readonly y: readonly number[];
}

/** Root mean square norms of a sample. Errors: `argument` for a hook point that is zero everywhere. */
export function measureUnits({ kind, nLayers, dIn, dOut }: DictionaryShape, sample: Batch): Units {
  const x = rootMeanSquareNorms(sample.x.data, nLayers, dIn);
  return { x, y: kind === 'sae' ? x : rootMeanSquareNorms(sample.y.data, nLayers, dOut) };
}

/** A batch in training units. */
export function toUnits({ nLayers, dIn, dOut }: DictionaryShape, units: Units, batch: Batch): Batch {
  const x = divided(batch.x, units.x, nLayers, dIn);
  return { x, y: batch.y === batch.x ? x : divided(batch.y, units.y, nLayers, dOut) };
}

/** Parameters that do in the units of the model what `parameters` do in training units; `threshold` is scaled too. */
export function foldUnits({ kind, nLayers, dOut }: DictionaryShape, units: Units, parameters: Parameters): Parameters {
  return new Map([...parameters].map(([name, value]) => {
    const layer = kind === 'clt' ? Number(/_(\d+)$/.exec(name)?.[1]) : 0;
    const stem = kind === 'clt' ? name.replace(/_\d+$/, '') : name;
    switch (stem) {
      case 'b_enc':
      case 'b_gate':
      case 'b_mag':
      case 'threshold': return [name, mapped(value, () => units.x[layer]!)];
      case 'b_dec': return [name, mapped(value, () => units.y[layer]!)];
      case 'W_dec': return [name, mapped(value, (i) => units.y[layer + (Math.floor(i / dOut) % (nLayers - layer))]! / units.x[layer]!)];
      case 'W_skip': return [name, mapped(value, () => units.y[layer]! / units.x[layer]!)];
      default: return [name, value];
    }
  }));
}

function rootMeanSquareNorms(values: Float32Array, layers: number, d: number): number[] {
  const sums = new Array<number>(layers).fill(0);
  for (let i = 0; i < values.length; i++) sums[Math.floor(i / d) % layers]! += values[i]! ** 2;
  const tokens = values.length / (layers * d);
  return sums.map((sum, layer) => {
    const norm = Math.sqrt(sum / tokens);
    if (!(norm > 0 && Number.isFinite(norm))) {
      throw new MechanistError('argument', `The activations to learn from have norm ${norm}.`, { field: `layer ${layer}`, hint: 'Choose another hook point.' });
    }
    return norm;
  });
}

function divided(t: Tensor<'float32'>, constants: readonly number[], layers: number, d: number): Tensor<'float32'> {
  return mapped(t, (i) => 1 / constants[Math.floor(i / d) % layers]!);
}

function mapped(t: Tensor<'float32'>, factor: (index: number) => number): Tensor<'float32'> {
  const data = new Float32Array(t.data.length);
  for (let i = 0; i < data.length; i++) data[i] = t.data[i]! * factor(i);
  return { dtype: 'float32', dims: t.dims, data };
}
