/** A batch repeated: rows of several circuits or patches over the same prompts. */
import type { Tensor } from '../../engine/tensor.ts';

export function repeatRows(value: Tensor, times: number): Tensor {
  const data = new (value.data.constructor as new (length: number) => typeof value.data)(value.data.length * times);
  for (let i = 0; i < times; i++) data.set(value.data as never, i * value.data.length);
  return { dtype: value.dtype, dims: [value.dims[0]! * times, ...value.dims.slice(1)], data };
}
