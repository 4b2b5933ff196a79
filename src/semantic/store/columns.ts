/** Growing typed columns, and the narrowest type that holds what they ended up with. */
import type { Tensor } from '../../engine/tensor.ts';

type Numbers = Float32Array | Float64Array | Uint32Array | Uint8Array | Int8Array;

export class Column<T extends Numbers> {
  private data: T;
  private readonly make: new (size: number) => T;
  length = 0;

  constructor(make: new (size: number) => T) {
    this.make = make;
    this.data = new make(1024);
  }

  push(value: number): void {
    if (this.length === this.data.length) {
      const grown = new this.make(2 * this.length);
      grown.set(this.data);
      this.data = grown;
    }
    this.data[this.length++] = value;
  }

  get values(): T {
    return this.data.slice(0, this.length) as T;
  }
}

/** Whole numbers below 2³² as the narrowest of uint8, uint16 and uint32. */
export function narrowest(values: Uint32Array, dims: readonly number[] = [values.length]): Tensor {
  let most = 0;
  for (const value of values) if (value > most) most = value;
  if (most < 2 ** 8) return { dtype: 'uint8', dims, data: Uint8Array.from(values) };
  if (most < 2 ** 16) return { dtype: 'uint16', dims, data: Uint16Array.from(values) };
  return { dtype: 'uint32', dims, data: values };
}
