/**
 * Activations of many tokens, read feature by feature. Only non-zero entries are sorted: in a sparse representation
 * nearly all entries are zero and form one block of ties.
 */
import { MechanistError } from '../../engine/errors.ts';

/** The non-zero entries of one feature in descending order. */
export interface Column {
  /** Tokens. */
  readonly rows: Int32Array;
  readonly values: Float32Array;
}

/** Activations of `width` features on `rows` tokens. */
export interface Activations {
  readonly rows: number;
  readonly width: number;
  /** Features may be read with either sign (neurons, principal directions), or only as they are (latents). */
  readonly signed: boolean;
  /** Sorted entries of a feature. */
  column(feature: number): Column;
  /** All values of a feature [rows]. */
  dense(feature: number): Float32Array;
}

/** Local indices are packed beside the value into one double. */
const largestColumn = 2 ** 20;

/** A token-major matrix [rows, width] as activations. */
export function denseActivations(data: Float32Array, width: number, signed: boolean): Activations {
  const rows = data.length / width;
  const dense = (feature: number): Float32Array => {
    const values = new Float32Array(rows);
    for (let row = 0; row < rows; row++) values[row] = data[row * width + feature]!;
    return values;
  };
  return { rows, width, signed, dense, column: (feature) => columnOf(dense(feature)) };
}

/** Collects non-zero activations batch by batch. */
export class SparseCollector {
  private readonly width: number;
  private readonly counts: Int32Array;
  private readonly pieces: { readonly rows: Int32Array; readonly features: Int32Array; readonly values: Float32Array }[] = [];
  private rows = 0;

  constructor(width: number) {
    this.width = width;
    this.counts = new Int32Array(width);
  }

  /** Appends tokens: `acts` [tokens, width]. */
  add(acts: Float32Array): void {
    const { width, counts } = this;
    let nonzero = 0;
    for (const value of acts) if (value !== 0) nonzero++;
    const piece = { rows: new Int32Array(nonzero), features: new Int32Array(nonzero), values: new Float32Array(nonzero) };
    let at = 0;
    for (let i = 0; i < acts.length; i++) {
      const value = acts[i]!;
      if (value === 0) continue;
      const feature = i % width;
      piece.rows[at] = this.rows + (i - feature) / width;
      piece.features[at] = feature;
      piece.values[at++] = value;
      counts[feature]!++;
    }
    this.pieces.push(piece);
    this.rows += acts.length / width;
  }

  finish(): Activations {
    const { width, rows } = this;
    const starts = new Int32Array(width + 1);
    for (let feature = 0; feature < width; feature++) starts[feature + 1] = starts[feature]! + this.counts[feature]!;
    const total = starts[width]!;
    const [entryRows, entryValues] = [new Int32Array(total), new Float32Array(total)];
    const next = starts.slice(0, width);
    for (const piece of this.pieces) {
      for (let i = 0; i < piece.rows.length; i++) {
        const at = next[piece.features[i]!]!++;
        entryRows[at] = piece.rows[i]!;
        entryValues[at] = piece.values[i]!;
      }
    }
    const entries = (feature: number): Column => ({
      rows: entryRows.subarray(starts[feature], starts[feature + 1]),
      values: entryValues.subarray(starts[feature], starts[feature + 1]),
    });
    return {
      rows, width, signed: false,
      column: (feature) => sorted(entries(feature)),
      dense(feature) {
        const values = new Float32Array(rows);
        const active = entries(feature);
        active.rows.forEach((row, i) => { values[row] = active.values[i]!; });
        return values;
      },
    };
  }
}

/** The sorted non-zero entries of a dense feature. */
export function columnOf(values: Float32Array): Column {
  let count = 0;
  for (const value of values) if (value !== 0) count++;
  const rows = new Int32Array(count);
  const kept = new Float32Array(count);
  let at = 0;
  values.forEach((value, row) => {
    if (value === 0) return;
    rows[at] = row;
    kept[at++] = value;
  });
  return sorted({ rows, values: kept });
}

/** The column of the negated feature. */
export function negated({ rows, values }: Column): Column {
  return { rows: rows.toReversed(), values: values.toReversed().map((value) => -value) };
}

/** Sorts numbers natively: the order of a float's bits, made monotone, in the upper part of a double, the index below. */
function sorted({ rows, values }: Column): Column {
  const count = values.length;
  if (count > largestColumn) throw new MechanistError('memory', `A feature is active on ${count} tokens; at most ${largestColumn} are sorted.`);
  const bits = new Uint32Array(values.slice().buffer);
  const keys = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    const b = bits[i]!;
    const descending = b >= 0x80000000 ? b : 0x7fffffff - b;
    keys[i] = descending * largestColumn + i;
  }
  keys.sort();
  const order = new Int32Array(count);
  const ordered = new Float32Array(count);
  for (let i = 0; i < count; i++) {
    const index = keys[i]! % largestColumn;
    order[i] = rows[index]!;
    ordered[i] = values[index]!;
  }
  return { rows: order, values: ordered };
}
