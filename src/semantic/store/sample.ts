/** Which features fire together: counted on all tokens of a small corpus, on evenly spaced ones of a large corpus. */
import type { Entries, ShardSet } from './entries.ts';

export interface Partner {
  readonly feature: number;
  /** Sampled tokens on which both fire. */
  readonly both: number;
}

/** Pairs seen on fewer tokens are left out: they would be chance. */
export const fewestTogether = 2;

export class TokenSample {
  /** Sampled tokens, and of these the ones on which each feature fires. */
  readonly tokens: number;
  readonly fired: Uint32Array;
  private readonly place: Int32Array;
  private readonly starts: Float64Array;
  private readonly features: Uint32Array;
  private readonly counts: Uint32Array;

  private constructor(tokens: number, place: Int32Array, starts: Float64Array, features: Uint32Array, fired: Uint32Array) {
    this.tokens = tokens;
    this.place = place;
    this.starts = starts;
    this.features = features;
    this.fired = fired;
    this.counts = new Uint32Array(fired.length);
  }

  /** `counted`: 1 for the rows of the corpus that count. */
  static async* of(shards: ShardSet, counted: Uint8Array, most: number): AsyncGenerator<void, TokenSample> {
    const total = counted.reduce((sum, one) => sum + one, 0);
    const stride = Math.max(1, Math.ceil(total / most));
    const place = new Int32Array(counted.length).fill(-1);
    let [seen, tokens] = [0, 0];
    for (let row = 0; row < counted.length; row++) if (counted[row] === 1 && seen++ % stride === 0) place[row] = tokens++;
    const starts = new Float64Array(tokens + 1);
    const fired = new Uint32Array(shards.features);
    const each = function* (i: number): Generator<readonly [at: number, feature: number]> {
      const shard = shards.read(i);
      const rowOf = shards.rowsOf(shard.index);
      for (let f = 0; f < shards.features; f++) {
        for (let e = shard.starts[f]!; e < shard.starts[f + 1]!; e++) {
          const at = place[rowOf[shard.rows[e]!]!]!;
          if (at >= 0) yield [at, f];
        }
      }
    };
    for (let i = 0; i < shards.count; i++) {
      for (const [at, f] of each(i)) {
        starts[at + 1]!++;
        fired[f]!++;
      }
      yield;
    }
    for (let t = 0; t < tokens; t++) starts[t + 1]! += starts[t]!;
    const features = new Uint32Array(starts[tokens]!);
    const next = starts.slice();
    for (let i = 0; i < shards.count; i++) {
      for (const [at, f] of each(i)) features[next[at]!++] = f;
      yield;
    }
    return new TokenSample(tokens, place, starts, features, fired);
  }

  /** The features that overlap most with this one (tokens of both over tokens of either), best first. */
  partners(feature: number, { rows }: Entries, count: number): Partner[] {
    const { counts, fired } = this;
    const touched: number[] = [];
    for (const row of rows) {
      const at = this.place[row]!;
      if (at < 0) continue;
      for (let e = this.starts[at]!; e < this.starts[at + 1]!; e++) {
        const other = this.features[e]!;
        if (counts[other]!++ === 0) touched.push(other);
      }
    }
    const found = touched.filter((other) => other !== feature && counts[other]! >= fewestTogether).map((other) => ({ feature: other, both: counts[other]! }));
    const overlap = ({ feature: other, both }: Partner): number => both / (fired[feature]! + fired[other]! - both);
    for (const other of touched) counts[other] = 0;
    return found.toSorted((a, b) => overlap(b) - overlap(a) || a.feature - b.feature).slice(0, count);
  }
}
