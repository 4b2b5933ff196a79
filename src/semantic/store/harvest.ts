/**
 * Harvesting a corpus: shards of sparse activations on disk, then their summary. Cancelled or crashed at any point, the
 * folder holds whole shards only, and the same request goes on from there to the same bytes.
 */
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { MechanistError, throwIfCancelled } from '../../engine/errors.ts';
import { makeFolder } from '../../engine/formats/atomicFile.ts';
import { writeSafetensors } from '../../engine/formats/safetensorsWriter.ts';
import type { Model } from '../../engine/models/model.ts';
import type { Runtime } from '../../engine/runtime/runtime.ts';
import { contextCount, contextIds, contextsOf, corpusHash, saveCorpus } from './corpus.ts';
import type { Corpus } from './corpus.ts';
import type { ShardSet } from './entries.ts';
import { jobKey, readJob, readManifest, storeFiles, usualStore, writeJson } from './manifest.ts';
import type { StoreJob, StoreManifest, StoreOptions } from './manifest.ts';
import { harvestProgram } from './program.ts';
import type { HarvestProgram } from './program.ts';
import { contextsPerShard, readShard, shardCount, shardName, ShardWriter, writeShard } from './shard.ts';
import type { Shard } from './shard.ts';
import type { FeatureSource } from './source.ts';
import { summarize } from './summarize.ts';

export interface HarvestRequest {
  readonly model: Model;
  readonly runtime: Runtime;
  readonly source: FeatureSource;
  readonly corpus: Corpus;
  /** The store's folder; made if it is missing. */
  readonly folder: string;
  readonly options?: Partial<StoreOptions>;
  /** The corpus lies in the folder above, shared by several stores. */
  readonly sharedCorpus?: boolean;
  /** Only every `of`-th shard from the `index`-th on (0-based): nothing is summarized, `mergeShards` does that. */
  readonly shard?: { readonly index: number; readonly of: number };
  /** Keeps the shards once the store is complete. */
  readonly keepShards?: boolean;
  /** A snapshot is written after 1, 2, 4, 8… shards, so that there is something to look at meanwhile; not with a shared corpus. */
  readonly snapshots?: boolean;
  readonly signal?: AbortSignal;
}

export interface HarvestStep {
  readonly stage: 'running' | 'summarizing';
  /** Contexts run, or features summarized. */
  readonly done: number;
  readonly of: number;
  /** Tokens run by this process so far; shards that were there already are not counted. */
  readonly tokens: number;
  /** Features of the last snapshot. */
  readonly rowsReady: number;
}

/**
 * Yields after every run of the model. Returns the manifest, or undefined for a part of the shards.
 * Errors: `argument` for a hook point or width that does not fit, a corpus without contexts, a folder that another harvest
 * uses; `parse` for a damaged manifest; `memory` for a full disk; `cancelled`; those of the runtime. The store stays usable.
 */
export async function* harvestStore(request: HarvestRequest): AsyncGenerator<HarvestStep, StoreManifest | undefined> {
  const { model, runtime, source, corpus, folder, shard, signal } = request;
  const program = harvestProgram(model, runtime, source);
  const contexts = contextsOf(corpus, false);
  if (contexts.length === 0) throw new MechanistError('argument', 'The corpus has no context to harvest.', { hint: 'Give more text or shorter contexts.' });
  const job: StoreJob = {
    model: { id: model.id, hash: await model.hash() },
    dictionary: { id: source.id, hash: source.weights.hash(), hook: source.hook, layer: source.layer ?? null, latents: source.latents },
    corpus: { name: corpus.name, hash: corpusHash(corpus), contexts: contextCount(corpus), harvested: contexts.length, contextLength: corpus.contextLength, labelled: corpus.variables.length > 0 },
    options: { ...usualStore, ...request.options },
  };
  const key = jobKey(job);
  const known = await claim(folder, job);
  if (known !== undefined) return known;
  if (request.sharedCorpus !== true && !existsSync(join(folder, storeFiles.corpus))) saveCorpus(join(folder, storeFiles.corpus), corpus);
  const total = shardCount(contexts.length, corpus.contextLength);
  const per = contextsPerShard(corpus.contextLength);
  const wanted = Array.from({ length: total }, (_, i) => i).filter((i) => shard === undefined || i % shard.of === shard.index);
  let [tokens, rowsReady] = [0, 0];
  for (const [at, index] of wanted.entries()) {
    const file = join(folder, storeFiles.shards, shardName(index));
    const done = Math.min(contexts.length, index * per);
    if (!isWhole(file, key, source.latents)) {
      const writer = new ShardWriter(source.latents);
      for await (const ran of runShard(program, corpus, contexts.subarray(index * per, (index + 1) * per), job.options, writer)) {
        tokens += ran * corpus.contextLength;
        throwIfCancelled(signal);
        yield { stage: 'running', done: done + ran, of: contexts.length, tokens, rowsReady };
      }
      writeShard(file, writer.finish(index), key);
    }
    const ready = at + 1;
    if (request.snapshots === true && request.sharedCorpus !== true && shard === undefined && ready < total && (ready & (ready - 1)) === 0) {
      const snapshot = join(folder, storeFiles.snapshot);
      makeFolder(snapshot);
      const written = yield* finish({ job, corpus, folder: snapshot, shards: shardsIn([folder], job, contexts, ready), contexts: contexts.subarray(0, ready * per), complete: false, sharedCorpus: true }, tokens, rowsReady, signal);
      rowsReady = written.alive;
    }
  }
  if (shard !== undefined) return undefined;
  const manifest = yield* finish({ job, corpus, folder, shards: shardsIn([folder], job, contexts, total), contexts, complete: true, sharedCorpus: request.sharedCorpus === true }, tokens, rowsReady, signal);
  rmSync(join(folder, storeFiles.snapshot), { recursive: true, force: true });
  if (request.keepShards !== true) rmSync(join(folder, storeFiles.shards), { recursive: true, force: true });
  return manifest;
}

/** The store that shards of one job, lying in several folders, make together; written to `folder`. Errors: `argument` for shards that are missing or of different jobs; as `harvestStore`. */
export async function* mergeShards(parts: readonly string[], corpus: Corpus, folder: string, signal?: AbortSignal): AsyncGenerator<HarvestStep, StoreManifest> {
  const jobs = await Promise.all(parts.map((part) => readJob(join(part, storeFiles.job))));
  const job = jobs[0];
  for (const [i, other] of jobs.entries()) {
    if (other === undefined) throw new MechanistError('not-found', 'There is no harvest here.', { file: parts[i]! });
    if (jobKey(other) !== jobKey(job!)) throw new MechanistError('argument', 'The parts belong to different harvests.', { file: parts[i]! });
  }
  if (job === undefined) throw new MechanistError('argument', 'There are no parts to merge.');
  if (corpusHash(corpus) !== job.corpus.hash) throw new MechanistError('argument', 'The parts were harvested from another corpus.', { file: parts[0]! });
  const known = await claim(folder, job);
  if (known !== undefined) return known;
  const contexts = contextsOf(corpus, false);
  const shards = shardsIn(parts, job, contexts, shardCount(contexts.length, corpus.contextLength));
  if (!existsSync(join(folder, storeFiles.corpus))) saveCorpus(join(folder, storeFiles.corpus), corpus);
  return yield* finish({ job, corpus, folder, shards, contexts, complete: true, sharedCorpus: false }, 0, 0, signal);
}

interface Finishing {
  readonly job: StoreJob;
  readonly corpus: Corpus;
  readonly folder: string;
  readonly shards: ShardSet;
  readonly contexts: Uint32Array;
  readonly complete: boolean;
  readonly sharedCorpus: boolean;
}

/** The manifest is written last: it stands for a whole store. */
async function* finish({ job, corpus, folder, shards, contexts, complete, sharedCorpus }: Finishing, ran: number, rowsReady: number, signal: AbortSignal | undefined): AsyncGenerator<HarvestStep, StoreManifest> {
  const steps = summarize(shards, corpus, contexts, job.options);
  for (;;) {
    throwIfCancelled(signal);
    const step = await steps.next();
    if (step.done !== true) {
      yield { stage: 'summarizing', done: step.value, of: shards.features, tokens: ran, rowsReady };
      continue;
    }
    const { tensors, tokens, alive, total } = step.value;
    writeSafetensors(join(folder, storeFiles.features), tensors);
    const manifest: StoreManifest = { format: 'mechanist-feature-store', version: 1, ...job, tokens, alive, total, complete, corpusFile: sharedCorpus ? '../corpus.safetensors' : 'corpus.safetensors' };
    writeJson(join(folder, storeFiles.manifest), manifest);
    return manifest;
  }
}

/** Takes the folder for the job; returns its store if that is complete. */
async function claim(folder: string, job: StoreJob): Promise<StoreManifest | undefined> {
  const occupied = new MechanistError('argument', 'The folder holds the harvest of another model, dictionary or corpus.', { file: folder, hint: 'Use an empty folder.' });
  if (existsSync(join(folder, storeFiles.manifest))) {
    const manifest = await readManifest(join(folder, storeFiles.manifest));
    if (jobKey(manifest) !== jobKey(job)) throw occupied;
    return manifest;
  }
  const begun = await readJob(join(folder, storeFiles.job));
  if (begun !== undefined && jobKey(begun) !== jobKey(job)) throw occupied;
  makeFolder(join(folder, storeFiles.shards));
  if (begun === undefined) writeJson(join(folder, storeFiles.job), job);
  return undefined;
}

/** Runs the contexts of a shard, yielding how many are done. */
async function* runShard(program: HarvestProgram, corpus: Corpus, contexts: Uint32Array, { excludeFirst }: StoreOptions, writer: ShardWriter): AsyncGenerator<number> {
  const { contextLength } = corpus;
  const perRun = program.contextsPerRun(contextLength);
  for (let from = 0; from < contexts.length; from += perRun) {
    const batch = contexts.subarray(from, from + perRun);
    await program.run(contextIds(corpus, batch), (token, feature, value) => {
      if (!excludeFirst || token % contextLength !== 0) writer.add(from * contextLength + token, feature, value);
    });
    yield from + batch.length;
  }
}

/** A shard that is damaged is made again; one of another job is an error. */
function isWhole(file: string, key: string, features: number): boolean {
  if (!existsSync(file)) return false;
  try {
    readShard(file, key, features);
    return true;
  } catch (error) {
    if (MechanistError.is(error, 'parse')) return false;
    throw error;
  }
}

/** The first `count` shards, wherever they lie. Errors: `argument` for one that is missing. */
function shardsIn(folders: readonly string[], job: StoreJob, contexts: Uint32Array, count: number): ShardSet {
  const { contextLength } = job.corpus;
  const per = contextsPerShard(contextLength);
  const files = Array.from({ length: count }, (_, index) => {
    const found = folders.map((folder) => join(folder, storeFiles.shards, shardName(index))).find((file) => existsSync(file));
    if (found === undefined) throw new MechanistError('argument', `Shard ${index} of ${count} is missing.`, { file: folders[0]!, hint: 'Harvest all parts first.' });
    return found;
  });
  const kept = new Map<number, Shard>();
  const key = jobKey(job);
  return {
    count,
    features: job.dictionary.latents,
    read(i) {
      let shard = kept.get(i);
      if (shard === undefined) {
        shard = readShard(files[i]!, key, job.dictionary.latents);
        if (i < keptShards) kept.set(i, shard);
      }
      return shard;
    },
    rowsOf(index) {
      const first = index * per;
      return Uint32Array.from({ length: (Math.min(contexts.length, first + per) - first) * contextLength }, (_, token) => contexts[first + Math.floor(token / contextLength)]! * contextLength + (token % contextLength));
    },
  };
}

/** Shards held in memory between passes, about 12 MB each at 60 active latents per token. */
const keptShards = 8;
