/** A model's weights, loaded when first read and shared by every program. */
import { MechanistError } from '../errors.ts';
import { bytesPerElement, elementCount } from '../tensor.ts';
import type { DType, Tensor } from '../tensor.ts';
import type { ParameterSource } from '../runtime/program.ts';

interface Entry {
  readonly dtype: DType;
  readonly dims: readonly number[];
  readonly load: () => Tensor;
}

export class ParameterStore implements ParameterSource {
  private readonly entries = new Map<string, Entry>();
  private readonly loaded = new Map<string, Tensor>();
  private readonly files = new Set<{ close(): void }>();

  /** Registers a weight by its type and how to load it. Errors: `argument` for a name declared twice. */
  declare(name: string, dtype: DType, dims: readonly number[], load: () => Tensor): void {
    if (this.entries.has(name)) throw new MechanistError('argument', 'This parameter is declared twice.', { field: `parameter ${name}` });
    this.entries.set(name, { dtype, dims, load });
  }

  /** Hands over the file that weights are read from, to be closed with the store. */
  own(file: { close(): void }): void {
    this.files.add(file);
  }

  /** Forgets the weights and closes their files: what a file holds cannot be read afterwards. */
  close(): void {
    this.loaded.clear();
    for (const file of this.files) file.close();
    this.files.clear();
  }

  names(): IterableIterator<string> {
    return this.entries.keys();
  }

  has(name: string): boolean {
    return this.entries.has(name);
  }

  /** Errors: `not-found`. */
  info(name: string): { dtype: DType; dims: readonly number[] } {
    return this.entry(name);
  }

  /** The weight itself. Errors: `not-found`; `parse` when the file gives another shape than declared. */
  get(name: string): Tensor {
    let value = this.loaded.get(name);
    if (value === undefined) {
      const { load, dims, dtype } = this.entry(name);
      value = load();
      if (value.dtype !== dtype || value.dims.join() !== dims.join()) {
        throw new MechanistError('parse', `Expected ${dtype} [${dims.join(', ')}], got ${value.dtype} [${value.dims.join(', ')}].`, { field: `parameter ${name}` });
      }
      this.loaded.set(name, value);
    }
    return value;
  }

  /** Replaces a weight, for training and for weight edits. The shape and type stay. Errors: `not-found`, `argument`. */
  set(name: string, value: Tensor): void {
    const { dims, dtype } = this.entry(name);
    if (value.dtype !== dtype || value.dims.join() !== dims.join()) {
      throw new MechanistError('argument', `Expected ${dtype} [${dims.join(', ')}], got ${value.dtype} [${value.dims.join(', ')}].`, { field: `parameter ${name}` });
    }
    this.loaded.set(name, value);
  }

  /** Bytes of all weights once loaded. */
  get bytes(): number {
    let sum = 0;
    for (const { dtype, dims } of this.entries.values()) sum += elementCount(dims) * bytesPerElement(dtype);
    return sum;
  }

  get count(): number {
    let sum = 0;
    for (const { dims } of this.entries.values()) sum += elementCount(dims);
    return sum;
  }

  private entry(name: string): Entry {
    const entry = this.entries.get(name);
    if (entry === undefined) throw new MechanistError('not-found', 'The model has no parameter of this name.', { field: `parameter ${name}` });
    return entry;
  }
}
