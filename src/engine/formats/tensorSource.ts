/**
 * Named tensors in a file or a set of files, read one at a time. Every container format of weights and captures
 * (safetensors, sharded checkpoints, npz, npy) is read through this interface.
 */
import type { DType, Tensor } from '../tensor.ts';

/** How elements are stored. The 8-bit floats exist only in files: no tensor holds them. */
export type StoredDType = DType | 'float8_e4m3fn' | 'float8_e5m2';

export interface TensorInfo {
  readonly dtype: StoredDType;
  readonly dims: readonly number[];
}

/** Opening has checked the whole structure; only reading touches the data. Use after `close` is an error. */
export interface TensorSource {
  /** The file, or the folder of a sharded checkpoint. */
  readonly file: string;
  /** Names in storage order. */
  names(): Iterable<string>;
  has(name: string): boolean;
  /** Errors: `not-found`. */
  info(name: string): TensorInfo;
  /** The tensor in its stored type; 8-bit floats come as float32. Errors: `not-found`, `memory`, `parse`. */
  read(name: string): Tensor;
  /** The tensor as float32, whatever its stored type. Errors: as `read`. */
  readFloat32(name: string): Tensor<'float32'>;
  close(): void;
}
