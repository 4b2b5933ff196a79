/**
 * Tensors as plain data: a dtype, dimensions and one typed array in row-major order.
 * Nothing here computes; arithmetic happens in graphs.
 */
import { MechanistError } from './errors.ts';

/** Element types of the engine. `float16` and `bfloat16` hold raw bits; they are widened when read (formats/half.ts). */
export type DType =
  | 'float32' | 'float64' | 'float16' | 'bfloat16'
  | 'int64' | 'int32' | 'int16' | 'int8' | 'uint64' | 'uint32' | 'uint16' | 'uint8' | 'bool';

export interface TypedArrayOf {
  float32: Float32Array;
  float64: Float64Array;
  float16: Uint16Array;
  bfloat16: Uint16Array;
  int64: BigInt64Array;
  int32: Int32Array;
  int16: Int16Array;
  int8: Int8Array;
  uint64: BigUint64Array;
  uint32: Uint32Array;
  uint16: Uint16Array;
  uint8: Uint8Array;
  bool: Uint8Array;
}

export type TypedArray = TypedArrayOf[DType];

/** A dense tensor. `data.length` equals the product of `dims`; a scalar has `dims = []`. */
export interface Tensor<T extends DType = DType> {
  readonly dtype: T;
  readonly dims: readonly number[];
  readonly data: TypedArrayOf[T];
}

const constructors = {
  float32: Float32Array, float64: Float64Array, float16: Uint16Array, bfloat16: Uint16Array,
  int64: BigInt64Array, int32: Int32Array, int16: Int16Array, int8: Int8Array,
  uint64: BigUint64Array, uint32: Uint32Array, uint16: Uint16Array, uint8: Uint8Array, bool: Uint8Array,
} as const;

/** Makes a tensor and checks that data and dimensions agree. Errors: `argument`. */
export function tensor<T extends DType>(dtype: T, dims: readonly number[], data: TypedArrayOf[T]): Tensor<T> {
  if (data.length !== elementCount(dims)) {
    throw new MechanistError('argument', `${data.length} elements do not fill a ${dtype} tensor of shape [${dims.join(', ')}].`);
  }
  return { dtype, dims, data };
}

/** A zero-filled tensor. */
export function zeros<T extends DType>(dtype: T, dims: readonly number[]): Tensor<T> {
  return { dtype, dims, data: new constructors[dtype](elementCount(dims)) as TypedArrayOf[T] };
}

/** float32 tensor from numbers. */
export function f32(dims: readonly number[], values: ArrayLike<number>): Tensor<'float32'> {
  return tensor('float32', dims, Float32Array.from(values));
}

/** float64 tensor from numbers. */
export function f64(dims: readonly number[], values: ArrayLike<number>): Tensor<'float64'> {
  return tensor('float64', dims, Float64Array.from(values));
}

/** int64 tensor from integers (all must be safe integers). */
export function i64(dims: readonly number[], values: ArrayLike<number>): Tensor<'int64'> {
  return tensor('int64', dims, BigInt64Array.from(Array.from(values, (v) => BigInt(v))));
}

/** Scalar of a floating or integer type. */
export function scalar<T extends DType>(dtype: T, value: number): Tensor<T> {
  const { data } = zeros(dtype, []);
  if (dtype === 'int64' || dtype === 'uint64') (data as BigInt64Array)[0] = BigInt(value);
  else if (dtype === 'float16' || dtype === 'bfloat16') throw new MechanistError('unsupported', `Cannot make a ${dtype} scalar from a number.`);
  else (data as Float64Array)[0] = value;
  return { dtype, dims: [], data };
}

export function elementCount(dims: readonly number[]): number {
  let count = 1;
  for (const d of dims) count *= d;
  return count;
}

export function bytesPerElement(dtype: DType): number {
  return constructors[dtype].BYTES_PER_ELEMENT;
}

/** Wraps a buffer region as the typed array of `dtype`, copying only when the offset is not aligned. */
export function typedArrayOver<T extends DType>(dtype: T, bytes: Uint8Array): TypedArrayOf[T] {
  const constructor = constructors[dtype];
  const aligned = bytes.byteOffset % constructor.BYTES_PER_ELEMENT === 0 ? bytes : new Uint8Array(bytes);
  return new constructor(aligned.buffer as ArrayBuffer, aligned.byteOffset, aligned.byteLength / constructor.BYTES_PER_ELEMENT) as TypedArrayOf[T];
}

/** Row-major strides in elements. */
export function stridesOf(dims: readonly number[]): number[] {
  const strides = new Array<number>(dims.length);
  let stride = 1;
  for (let i = dims.length - 1; i >= 0; i--) {
    strides[i] = stride;
    stride *= dims[i]!;
  }
  return strides;
}

/** The elements as JavaScript numbers. Errors: `unsupported` for half types (widen first), `argument` for unsafe integers. */
export function numbersOf(t: Tensor): ArrayLike<number> {
  if (t.dtype === 'float16' || t.dtype === 'bfloat16') throw new MechanistError('unsupported', `Widen ${t.dtype} data before reading numbers from it.`);
  if (t.data instanceof BigInt64Array || t.data instanceof BigUint64Array) {
    return Array.from(t.data, (v) => {
      const n = Number(v);
      if (!Number.isSafeInteger(n)) throw new MechanistError('argument', `Integer ${v} is outside the safe range.`);
      return n;
    });
  }
  return t.data;
}

/** A batch repeated: its rows, `times` times over. */
export function repeatRows<D extends DType>({ dtype, dims, data }: Tensor<D>, times: number): Tensor<D> {
  const repeated = new (data.constructor as new (length: number) => TypedArrayOf[D])(data.length * times);
  for (let i = 0; i < times; i++) repeated.set(data as never, i * data.length);
  return { dtype, dims: [dims[0]! * times, ...dims.slice(1)], data: repeated };
}
