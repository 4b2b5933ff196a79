/**
 * What the layouts share: options, detection of hook names, and lazily read weights with asserted shapes.
 * A layout file turns one family's files into a `Dictionary`; orientation is normalised there and nowhere else.
 */
import { MechanistError } from '../../errors.ts';
import type { ParameterStore } from '../../models/parameters.ts';
import type { TensorSource } from '../../formats/tensorSource.ts';
import type { Tensor } from '../../tensor.ts';
import { transposed } from '../train/transposed.ts';

export interface OpenOptions {
  /** Short name; default: made from the path. */
  readonly id?: string;
  /** Hook points, where the files do not name them or name them differently. */
  readonly hooks?: { readonly input?: string; readonly output?: string };
  /** Layer to take from a folder that holds one dictionary per layer. */
  readonly layer?: number;
}

/** How a weight is obtained from a file. */
export interface WeightRule {
  /** Name in the dictionary. */
  readonly name: string;
  readonly from: string;
  /** Shape in the dictionary. */
  readonly dims: readonly number[];
  /** The file holds the transpose. */
  readonly transpose?: boolean;
  /** Applied after reading (and transposing). */
  readonly map?: (value: Tensor<'float32'>) => Tensor<'float32'>;
}

/** Declares weights in `store`, which then owns the reader. Errors: `parse` naming the tensor that is missing or misshapen. */
export function declareWeights(store: ParameterStore, reader: TensorSource, rules: readonly WeightRule[]): void {
  store.own(reader);
  for (const { name, from, dims, transpose, map } of rules) {
    const expected = transpose ? [...dims].reverse() : dims;
    const found = requireDims(reader, from);
    if (found.join() !== expected.join()) {
      throw new MechanistError('parse', `Expected shape [${expected.join(', ')}], got [${found.join(', ')}].`, { file: reader.file, field: `tensor ${from}` });
    }
    store.declare(name, 'float32', dims, () => {
      const value = transpose ? transposed(reader.readFloat32(from)) : reader.readFloat32(from);
      return map === undefined ? value : map(value);
    });
  }
}

/** Shape of a tensor that must be there, of the given rank. Errors: `parse`. */
export function requireDims(reader: TensorSource, name: string, rank?: number): readonly number[] {
  if (!reader.has(name)) throw new MechanistError('parse', 'This tensor is missing.', { file: reader.file, field: `tensor ${name}` });
  const { dims } = reader.info(name);
  if (rank !== undefined && dims.length !== rank) {
    throw new MechanistError('parse', `Expected ${rank} axes, got shape [${dims.join(', ')}].`, { file: reader.file, field: `tensor ${name}` });
  }
  return dims;
}

/** A weight that no file holds, such as a constant threshold or a missing bias. */
export function declareConstant(store: ParameterStore, name: string, dims: readonly number[], value: number): void {
  const count = dims.reduce((a, b) => a * b, 1);
  store.declare(name, 'float32', dims, () => ({ dtype: 'float32', dims, data: new Float32Array(count).fill(value) }));
}

/** `value` times a constant. */
export function scaled(value: Tensor<'float32'>, factor: number): Tensor<'float32'> {
  return factor === 1 ? value : { ...value, data: value.data.map((v) => v * factor) };
}

/** The layer number in a hook name or path, or undefined. */
export function layerIn(text: string): number | undefined {
  const match = /(?:layers?|blocks|h)[._/](\d+)/.exec(text);
  return match === null ? undefined : Number(match[1]);
}
