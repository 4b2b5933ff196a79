/** Applies a weight's layout, forwards (checkpoint → parameter) and backwards. Plain loops over float32 data; no files. */
import type { Part, WeightSource } from './weights.ts';

/** The parameter's values, from the stored tensor's. Returns `stored` itself when nothing is to be done. */
export function unpack(stored: Float32Array, source: WeightSource): Float32Array {
  let [rows, columns] = matrixOf(source.stored);
  let values = stored;
  if (source.part !== undefined) {
    values = new Float32Array(partSize(source.part, rows, columns));
    eachRun(source.part, rows, columns, (at, from, length) => values.set(stored.subarray(from, from + length), at));
    if (source.part.axis === 0) rows = source.part.length * source.part.count;
    else columns = source.part.length * source.part.count;
  }
  if (source.transpose === true) values = transposed(values, rows, columns);
  const { scale = 1, shift = 0 } = source;
  return scale === 1 && shift === 0 ? values : values.map((value) => Math.fround(value * Math.fround(scale)) + shift);
}

/** Writes a parameter's values to where they belong in the stored tensor. */
export function packInto(stored: Float32Array, values: Float32Array, source: WeightSource): void {
  const { scale = 1, shift = 0 } = source;
  let packed = scale === 1 && shift === 0 ? values : values.map((value) => (value - shift) / scale);
  const [rows, columns] = matrixOf(source.stored);
  const { part } = source;
  const selected = part === undefined ? undefined : part.length * part.count;
  const [partRows, partColumns] = [part?.axis === 0 ? selected! : rows, part?.axis === 1 ? selected! : columns];
  if (source.transpose === true) packed = transposed(packed, partColumns, partRows);
  if (part === undefined) stored.set(packed);
  else eachRun(part, rows, columns, (at, to, length) => stored.set(packed.subarray(at, at + length), to));
}

/** [rows, columns] → [columns, rows], block by block so that both sides stay in the cache. */
export function transposed(values: Float32Array, rows: number, columns: number): Float32Array {
  const block = 32;
  const result = new Float32Array(values.length);
  for (let row0 = 0; row0 < rows; row0 += block) {
    const row1 = Math.min(rows, row0 + block);
    for (let column0 = 0; column0 < columns; column0 += block) {
      const column1 = Math.min(columns, column0 + block);
      for (let column = column0; column < column1; column++) {
        for (let row = row0; row < row1; row++) result[column * rows + row] = values[row * columns + column]!;
      }
    }
  }
  return result;
}

/** A vector counts as a column; more axes than two are folded into the columns. */
function matrixOf(dims: readonly number[]): [rows: number, columns: number] {
  const [rows = 1, ...rest] = dims;
  return [rows, rest.reduce((product, size) => product * size, 1)];
}

function partSize({ axis, length, count }: Part, rows: number, columns: number): number {
  return length * count * (axis === 0 ? columns : rows);
}

/** Calls `visit` for each contiguous stretch: offset in the packed part, offset in the stored tensor, length. */
function eachRun(part: Part, rows: number, columns: number, visit: (packed: number, stored: number, length: number) => void): void {
  const { axis, start, length, count, step } = part;
  if (axis === 0) {
    for (let i = 0; i < count; i++) visit(i * length * columns, (start + i * step) * columns, length * columns);
    return;
  }
  for (let row = 0; row < rows; row++) {
    for (let i = 0; i < count; i++) visit((row * count + i) * length, row * columns + start + i * step, length);
  }
}
