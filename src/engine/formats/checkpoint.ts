/** The weights of a model folder: one safetensors file, or shards with an index. Pickled weights are never read. */
import { readdirSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { MechanistError } from '../errors.ts';
import type { Tensor } from '../tensor.ts';
import { openFile } from './byteSource.ts';
import { isJsonMap, parseJson } from './json.ts';
import { exists, resolveInside } from './path.ts';
import { openSafetensors } from './safetensors.ts';
import type { SafetensorsFile, SafetensorsLimits } from './safetensors.ts';
import type { TensorInfo, TensorSource } from './tensorSource.ts';

const singleName = 'model.safetensors';
const indexName = 'model.safetensors.index.json';
const largestIndex = 32 * 2 ** 20;

/**
 * Opens `model.safetensors`, or every shard that `model.safetensors.index.json` names. The caller closes it.
 * Errors: `not-found`; `unsupported` when there are only pickled weights; `parse` for a broken index; as `openSafetensors`.
 */
export function openCheckpoint(folder: string, limits: SafetensorsLimits = {}): TensorSource {
  if (exists(join(folder, singleName))) return openSafetensors(weightFile(folder, singleName), limits);
  if (exists(join(folder, indexName))) return openSharded(folder, limits);
  throw withoutWeights(folder);
}

/** Real paths of the folder's weight files, sorted; for hashing. Errors: as `openCheckpoint`. */
export function checkpointFiles(folder: string): string[] {
  if (exists(join(folder, singleName))) return [weightFile(folder, singleName)];
  if (!exists(join(folder, indexName))) throw withoutWeights(folder);
  return [...new Set(readIndex(folder).values())].toSorted().map((name) => weightFile(folder, name));
}

/** Opens the shards that the folder's index names. */
function openSharded(folder: string, limits: SafetensorsLimits = {}): TensorSource {
  const shardOf = readIndex(folder);
  const shards = new Map<string, SafetensorsFile>();
  try {
    for (const shard of new Set(shardOf.values())) shards.set(shard, openSafetensors(weightFile(folder, shard), limits));
    return new ShardedCheckpoint(join(folder, indexName), shardOf, shards);
  } catch (error) {
    for (const shard of shards.values()) shard.close();
    throw error;
  }
}

class ShardedCheckpoint implements TensorSource {
  readonly file: string;
  private readonly shardOf: ReadonlyMap<string, string>;
  private readonly shards: ReadonlyMap<string, SafetensorsFile>;

  /** Errors: `parse` when a shard lacks a tensor that the index places in it. */
  constructor(file: string, shardOf: ReadonlyMap<string, string>, shards: ReadonlyMap<string, SafetensorsFile>) {
    this.file = file;
    this.shardOf = shardOf;
    this.shards = shards;
    for (const [name, shard] of shardOf) {
      if (!shards.get(shard)!.has(name)) throw new MechanistError('parse', `The index places this tensor in ${shard}, which does not have it.`, { file, field: `weight_map › ${name}` });
    }
  }

  names(): Iterable<string> {
    return this.shardOf.keys();
  }

  has(name: string): boolean {
    return this.shardOf.has(name);
  }

  info(name: string): TensorInfo {
    return this.shard(name).info(name);
  }

  read(name: string): Tensor {
    return this.shard(name).read(name);
  }

  readFloat32(name: string): Tensor<'float32'> {
    return this.shard(name).readFloat32(name);
  }

  close(): void {
    for (const shard of this.shards.values()) shard.close();
  }

  private shard(name: string): SafetensorsFile {
    const shard = this.shardOf.get(name);
    if (shard === undefined) throw new MechanistError('not-found', 'The checkpoint has no tensor of this name.', { file: this.file, field: `tensor ${name}` });
    return this.shards.get(shard)!;
  }
}

/** Tensor name → shard file name, as the index gives it. */
function readIndex(folder: string): ReadonlyMap<string, string> {
  const file = join(folder, indexName);
  const source = openFile(weightFile(folder, indexName));
  let bytes: Uint8Array;
  try {
    if (source.size > largestIndex) throw new MechanistError('memory', `The index has ${source.size} bytes; at most ${largestIndex} are read.`, { file });
    bytes = source.read(0, source.size);
  } finally {
    source.close();
  }
  const root = parseJson(bytes, { file, maxBytes: largestIndex, maxDepth: 8, maxValues: 500_000, maxObjects: 1000 });
  const map = isJsonMap(root) ? root.get('weight_map') : undefined;
  if (!isJsonMap(map) || map.size === 0) throw new MechanistError('parse', 'Expected an object of tensor names and file names.', { file, field: 'weight_map' });
  return new Map([...map].map(([name, shard]) => {
    if (typeof shard !== 'string' || /[/\\]/.test(shard) || !shard.endsWith('.safetensors')) {
      throw new MechanistError('parse', 'Expected the plain name of a safetensors file in the folder.', { file, field: `weight_map › ${name}` });
    }
    return [name, shard];
  }));
}

/** In a hub cache, `snapshots/<commit>` links to `blobs`. */
function weightFile(folder: string, name: string): string {
  const parent = dirname(resolve(folder));
  const blobs = join(dirname(parent), 'blobs');
  return resolveInside(folder, name, { alsoInside: basename(parent) === 'snapshots' && exists(blobs) ? [blobs] : [] });
}

function withoutWeights(folder: string): MechanistError {
  const pickled = namesIn(folder).find((name) => /\.(bin|pt|pth|pkl|ckpt)$/.test(name));
  if (pickled === undefined) return new MechanistError('not-found', `The folder has no ${singleName} and no ${indexName}.`, { file: folder });
  return new MechanistError('unsupported', 'Loading pickled weights can run any code they contain, so they are not read.', {
    file: join(folder, pickled), hint: 'Convert them to safetensors where you trust their origin, for instance with save_pretrained(…, safe_serialization=True).',
  });
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder).toSorted();
  } catch (error) {
    throw new MechanistError('not-found', 'There is no such folder.', { file: folder, cause: error });
  }
}
