/** The entries of a range of features over all shards, in corpus order: what summaries are computed from. */
import type { Shard } from './shard.ts';

/** Positive activations of one feature; `rows` ascending, context · contextLength + position. */
export interface Entries {
  readonly rows: Uint32Array;
  readonly values: Float32Array;
}

/** Shards of one job in ascending order; each is read when it is asked for. */
export interface ShardSet {
  readonly count: number;
  readonly features: number;
  read(i: number): Shard;
  /** Row in the corpus of each token of a shard. */
  rowsOf(index: number): Uint32Array;
}

/** Entries held at once: 8 bytes each. */
const entriesPerPass = 2 ** 25;

/** Calls `take` for every feature in ascending order, reading all shards once per pass. Yields after each shard that was read. */
export async function* eachFeature(shards: ShardSet, take: (feature: number, entries: Entries) => void): AsyncGenerator<void> {
  const counts = new Float64Array(shards.features);
  for (let i = 0; i < shards.count; i++) {
    const { starts } = shards.read(i);
    for (let f = 0; f < shards.features; f++) counts[f]! += starts[f + 1]! - starts[f]!;
    yield;
  }
  for (let from = 0; from < shards.features;) {
    let [to, total] = [from, 0];
    while (to < shards.features && (to === from || total + counts[to]! <= entriesPerPass)) total += counts[to++]!;
    const starts = new Float64Array(to - from + 1);
    for (let f = from; f < to; f++) starts[f - from + 1] = starts[f - from]! + counts[f]!;
    const [rows, values, next] = [new Uint32Array(total), new Float32Array(total), starts.slice()];
    for (let i = 0; i < shards.count; i++) {
      const shard = shards.read(i);
      const rowOf = shards.rowsOf(shard.index);
      for (let f = from; f < to; f++) {
        let at = next[f - from]!;
        for (let e = shard.starts[f]!; e < shard.starts[f + 1]!; e++, at++) {
          rows[at] = rowOf[shard.rows[e]!]!;
          values[at] = shard.values[e]!;
        }
        next[f - from] = at;
      }
      yield;
    }
    for (let f = from; f < to; f++) {
      if (counts[f]! > 0) take(f, { rows: rows.subarray(starts[f - from], starts[f - from + 1]), values: values.subarray(starts[f - from], starts[f - from + 1]) });
      if (f % 256 === 255) yield;
    }
    from = to;
  }
}

/** Index of the first row that is at least `row`. */
export function firstAt(rows: Uint32Array, row: number): number {
  let [low, high] = [0, rows.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (rows[middle]! < row) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Indices of entries are packed beside the bits of the value into one double. */
const mostRanked = 2 ** 22;

/**
 * Indices of the entries from the largest value down; equal values in corpus order. Of a feature with more than four
 * million entries, every n-th is ranked.
 */
export function descending({ values }: Entries): Uint32Array {
  const stride = Math.ceil(values.length / mostRanked);
  const count = Math.ceil(values.length / stride);
  const kept = stride === 1 ? values.slice() : Float32Array.from({ length: count }, (_, i) => values[i * stride]!);
  const bits = new Uint32Array(kept.buffer);
  const keys = new Float64Array(count);
  for (let i = 0; i < count; i++) keys[i] = (0x7fffffff - bits[i]!) * mostRanked + i;
  keys.sort();
  return Uint32Array.from(keys, (key) => (key % mostRanked) * stride);
}
