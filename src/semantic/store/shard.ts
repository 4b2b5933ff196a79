/**
 * Shards: the positive activations on a run of contexts, feature by feature, as they are on disk while a store is being
 * made. `starts` uint32 [features + 1]; the entries of a feature in ascending order of `rows` uint16 (tokens of the
 * shard) with their `values` float32. A shard is a pure function of the job and its index.
 */
import { MechanistError } from '../../engine/errors.ts';
import { openSafetensors } from '../../engine/formats/safetensors.ts';
import { writeSafetensors } from '../../engine/formats/safetensorsWriter.ts';

export interface Shard {
  readonly index: number;
  readonly starts: Uint32Array;
  readonly rows: Uint16Array;
  readonly values: Float32Array;
}

/** Tokens of a shard, at most 65,536. */
const shardTokens = 32_768;

export function contextsPerShard(contextLength: number): number {
  return Math.max(1, Math.floor(shardTokens / contextLength));
}

export function shardCount(contexts: number, contextLength: number): number {
  return Math.ceil(contexts / contextsPerShard(contextLength));
}

export function shardName(index: number): string {
  return `shard-${String(index).padStart(6, '0')}.safetensors`;
}

/** Collects entries token by token and sorts them by feature. */
export class ShardWriter {
  private readonly features: number;
  private tokens = new Uint16Array(2 ** 16);
  private owners = new Uint32Array(2 ** 16);
  private values = new Float32Array(2 ** 16);
  private count = 0;

  constructor(features: number) {
    this.features = features;
  }

  add(token: number, feature: number, value: number): void {
    if (this.count === this.values.length) this.grow();
    this.tokens[this.count] = token;
    this.owners[this.count] = feature;
    this.values[this.count++] = value;
  }

  finish(index: number): Shard {
    const starts = new Uint32Array(this.features + 1);
    for (let i = 0; i < this.count; i++) starts[this.owners[i]! + 1]!++;
    for (let f = 0; f < this.features; f++) starts[f + 1]! += starts[f]!;
    const next = starts.slice(0, this.features);
    const [rows, values] = [new Uint16Array(this.count), new Float32Array(this.count)];
    for (let i = 0; i < this.count; i++) {
      const at = next[this.owners[i]!]!++;
      rows[at] = this.tokens[i]!;
      values[at] = this.values[i]!;
    }
    return { index, starts, rows, values };
  }

  private grow(): void {
    const grown = <T extends Uint16Array | Uint32Array | Float32Array>(old: T, fresh: T): T => {
      fresh.set(old);
      return fresh;
    };
    const size = 2 * this.values.length;
    this.tokens = grown(this.tokens, new Uint16Array(size));
    this.owners = grown(this.owners, new Uint32Array(size));
    this.values = grown(this.values, new Float32Array(size));
  }
}

/** Errors: as `writeSafetensors` (a full disk is `memory`); the file appears only once complete. */
export function writeShard(file: string, { index, starts, rows, values }: Shard, job: string): void {
  writeSafetensors(file, [
    ['starts', { dtype: 'uint32', dims: [starts.length], data: starts }],
    ['rows', { dtype: 'uint16', dims: [rows.length], data: rows }],
    ['values', { dtype: 'float32', dims: [values.length], data: values }],
  ], { metadata: { job, index: String(index) } });
}

/** Errors: `not-found`; `parse` for a damaged shard; `argument` for one of another job. */
export function readShard(file: string, job: string, features: number): Shard {
  const source = openSafetensors(file);
  try {
    if (source.metadata.get('job') !== job) throw new MechanistError('argument', 'The shard belongs to another harvest.', { file, hint: 'Use an empty folder.' });
    const [starts, rows, values] = ['starts', 'rows', 'values'].map((name) => source.read(name).data);
    const index = Number(source.metadata.get('index'));
    if (!(starts instanceof Uint32Array && rows instanceof Uint16Array && values instanceof Float32Array) || starts.length !== features + 1 || rows.length !== values.length
      || starts[0] !== 0 || starts.at(-1) !== rows.length || !Number.isSafeInteger(index) || index < 0 || starts.some((start, f) => f > 0 && start < starts[f - 1]!)) {
      throw new MechanistError('parse', 'The shard is damaged.', { file, hint: 'Delete it; it will be made again.' });
    }
    return { index, starts, rows, values };
  } finally {
    source.close();
  }
}
