/**
 * Reading safetensors files: the header is checked on opening, then each tensor costs one positional read into one
 * allocation. The machine is taken to be little-endian, as every platform of the runtime is.
 */
import { totalmem } from 'node:os';
import { MechanistError } from '../errors.ts';
import { elementCount, typedArrayOver } from '../tensor.ts';
import type { Tensor } from '../tensor.ts';
import { toByteSource } from './byteSource.ts';
import type { ByteSource } from './byteSource.ts';
import { float8E4M3ToFloat32, float8E5M2ToFloat32 } from './half.ts';
import { readSafetensorsHeader } from './safetensorsHeader.ts';
import type { HeaderLimits, SafetensorsEntry, SafetensorsHeader } from './safetensorsHeader.ts';
import type { TensorSource } from './tensorSource.ts';
import { toFloat32 } from './toFloat32.ts';

export interface SafetensorsLimits extends HeaderLimits {
  /** Bytes that reading one tensor may allocate, its widened copy included. Default: the memory of the machine. */
  readonly maxTensorBytes?: number;
}

/**
 * Opens a safetensors file. The caller closes it.
 * Errors: `not-found`; `parse`, `unsupported` or `memory` as the header rules say, with file and field.
 */
export function openSafetensors(pathOrSource: string | ByteSource, limits: SafetensorsLimits = {}): SafetensorsFile {
  const source = toByteSource(pathOrSource);
  try {
    return new SafetensorsFile(source, readSafetensorsHeader(source, limits), limits.maxTensorBytes ?? totalmem());
  } catch (error) {
    source.close();
    throw error;
  }
}

/** An open safetensors file. */
export class SafetensorsFile implements TensorSource {
  /** Every tensor's type, shape and byte range, in storage order. */
  readonly tensors: ReadonlyMap<string, SafetensorsEntry>;
  /** The `__metadata__` of the header. */
  readonly metadata: ReadonlyMap<string, string>;
  private readonly source: ByteSource;
  private readonly maxTensorBytes: number;

  constructor(source: ByteSource, { tensors, metadata }: SafetensorsHeader, maxTensorBytes: number) {
    this.source = source;
    this.tensors = tensors;
    this.metadata = metadata;
    this.maxTensorBytes = maxTensorBytes;
  }

  get file(): string {
    return this.source.file;
  }

  names(): Iterable<string> {
    return this.tensors.keys();
  }

  has(name: string): boolean {
    return this.tensors.has(name);
  }

  info(name: string): SafetensorsEntry {
    const entry = this.tensors.get(name);
    if (entry === undefined) throw new MechanistError('not-found', 'The file has no tensor of this name.', { file: this.file, field: `tensor ${name}` });
    return entry;
  }

  read(name: string): Tensor {
    const { dtype, dims, begin, end } = this.info(name);
    const eightBit = dtype === 'float8_e4m3fn' || dtype === 'float8_e5m2';
    const bytes = this.bytes(name, end - begin + (eightBit ? 4 * (end - begin) : 0));
    if (dtype === 'float8_e4m3fn') return { dtype: 'float32', dims, data: float8E4M3ToFloat32(bytes) };
    if (dtype === 'float8_e5m2') return { dtype: 'float32', dims, data: float8E5M2ToFloat32(bytes) };
    return { dtype, dims, data: typedArrayOver(dtype, bytes) };
  }

  readFloat32(name: string): Tensor<'float32'> {
    const { dtype, dims, begin, end } = this.info(name);
    this.allow(name, end - begin + (dtype === 'float32' ? 0 : 4 * elementCount(dims)));
    return toFloat32(this.read(name));
  }

  close(): void {
    this.source.close();
  }

  /** The stored bytes of a tensor, once `needed` bytes in all are known to be allowed. */
  private bytes(name: string, needed: number): Uint8Array {
    this.allow(name, needed);
    const { begin, end } = this.info(name);
    return this.source.read(begin, end - begin);
  }

  private allow(name: string, needed: number): void {
    if (needed > this.maxTensorBytes) {
      throw new MechanistError('memory', `Reading the tensor takes ${needed} bytes; the limit is ${this.maxTensorBytes}.`, { file: this.file, field: `tensor ${name}` });
    }
  }
}
