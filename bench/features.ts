/** The semantic view: harvest against its parts, memory of a large store, table queries, and cards over the engine process. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Dictionary } from '../src/engine/dictionaries/dictionary.ts';
import { parameterName, withDictionaries } from '../src/engine/dictionaries/dictionary.ts';
import { appendEncode } from '../src/engine/dictionaries/encode.ts';
import { writeSafetensors } from '../src/engine/formats/safetensorsWriter.ts';
import { GraphBuilder } from '../src/engine/graph/builder.ts';
import type { Model } from '../src/engine/models/model.ts';
import { ParameterStore } from '../src/engine/models/parameters.ts';
import { Random } from '../src/engine/random.ts';
import { Runtime } from '../src/engine/runtime/runtime.ts';
import type { Tensor } from '../src/engine/tensor.ts';
import type { ModelSummary } from '../src/protocol/methods.ts';
import { Peer } from '../src/protocol/peer.ts';
import type { FeatureTable as FeatureRows } from '../src/protocol/methods/semanticResults.ts';
import { FeatureTable } from '../src/semantic/features/table.ts';
import { contextsOf, corpusHash, saveCorpus } from '../src/semantic/store/corpus.ts';
import type { Corpus } from '../src/semantic/store/corpus.ts';
import type { ShardSet } from '../src/semantic/store/entries.ts';
import { storeFiles, usualStore, writeJson } from '../src/semantic/store/manifest.ts';
import type { StoreManifest } from '../src/semantic/store/manifest.ts';
import { harvestProgram } from '../src/semantic/store/program.ts';
import { contextsPerShard, readShard, shardCount, shardName, ShardWriter, writeShard } from '../src/semantic/store/shard.ts';
import { featureSource } from '../src/semantic/store/source.ts';
import { FeatureStore } from '../src/semantic/store/store.ts';
import { summarize } from '../src/semantic/store/summarize.ts';
import { forkEngine } from '../test/support/engineHost.ts';
import { gpt2SmallShape, randomPrompts } from './gpt2Small.ts';
import { interleaved, residentMiB, rounded, timed } from './measure.ts';

/** GPT-2 small's shape, a dictionary of 24,576 latents before layer 8, contexts of 128 tokens, one thread. */
export async function benchHarvest(rounds: number): Promise<unknown> {
  const model = gpt2SmallShape();
  const runtime = new Runtime({ threads: 1 });
  const hook = 'blocks.8.hook_resid_pre';
  const latents = 24_576;
  const report: Record<string, unknown> = { shape: 'GPT-2 small, blocks.8.hook_resid_pre, 24,576 latents', limit: 1.25 };
  for (const architecture of ['topk', 'jumprelu'] as const) {
    const dictionary = randomDictionary(architecture, hook, model.config!.dModel, latents);
    if (architecture === 'jumprelu') await setThreshold(dictionary, model, runtime);
    const program = harvestProgram(model, runtime, featureSource(dictionary));
    const contexts = program.contextsPerRun(128);
    const ids = randomPrompts(contexts, 128, 1).get('input_ids') as Tensor<'int64'>;
    const tokens = contexts * 128;
    let entries = 0;
    const harvest = async (): Promise<void> => {
      const writer = new ShardWriter(latents);
      await program.run(ids, (token, feature, value) => writer.add(token, feature, value));
      entries = writer.finish(0).values.length;
    };
    const b = new GraphBuilder(model.graph());
    // One column is read, so that handing over the dense result is not part of what is compared with.
    const matmul = b.build([b.slice(b.matmul(hook, b.parameter(parameterName(dictionary, 'W_enc'), 'float32', [model.config!.dModel, latents])), 2, 0, 1, 'bench/column')]);
    const forward = { ...model.graph(), outputs: [hook] };
    const parameters = withDictionaries(model.parameters, [dictionary]);
    const feeds = model.feeds(new Map([['input_ids', ids]]));
    const timings = await interleaved([
      { name: 'forward', run: () => runtime.run(forward, feeds, parameters) },
      { name: 'forwardAndMatmul', run: () => runtime.run(matmul, feeds, parameters) },
      { name: 'harvest', run: harvest },
    ], rounds);
    const [whole, parts] = [timings.get('harvest')!, timings.get('forwardAndMatmul')!];
    report[architecture] = {
      tokensPerRun: tokens, activePerToken: rounded(entries / tokens), tokensPerSecond: rounded((1000 * tokens) / whole.wall), tokensPerCpuSecond: rounded((1000 * tokens) / whole.cpu),
      forwardCpuMs: rounded(timings.get('forward')!.cpu), forwardAndMatmulCpuMs: rounded(parts.cpu), harvestCpuMs: rounded(whole.cpu), ratio: rounded(whole.cpu / parts.cpu),
    };
  }
  await runtime.dispose();
  return report;
}

/** A million tokens, 24,576 latents, 32 active per token: writing shards and summarizing them, activations made up. */
export async function benchStoreMemory(tokens = 1_000_000): Promise<unknown> {
  const folder = mkdtempSync(join(tmpdir(), 'mechanist-bench-'));
  try {
    const before = residentMiB();
    let peak = before;
    const { corpus, shards } = syntheticShards(folder, tokens, 24_576, 32);
    const { wall } = await timed(async () => {
      const steps = summarize(shards, corpus, contextsOf(corpus, false), usualStore);
      for (let step = await steps.next(); step.done !== true; step = await steps.next()) peak = Math.max(peak, process.memoryUsage.rss() / 2 ** 20);
      peak = Math.max(peak, process.memoryUsage.rss() / 2 ** 20);
    });
    return { tokens, latents: 24_576, activePerToken: 32, summarySeconds: rounded(wall / 1000), residentBeforeMiB: rounded(before), peakMiB: rounded(peak), limitMiB: 1536 };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** A store of 65,536 features: opening, and what a browser asks of the table. Milliseconds. */
export async function benchTable(features = 65_536): Promise<unknown> {
  const folder = mkdtempSync(join(tmpdir(), 'mechanist-bench-'));
  try {
    await syntheticStore(folder, 120_000, features, 16);
    let store!: FeatureStore;
    const open = await timed(async () => { store = await FeatureStore.open(folder); });
    const labels = new Map(Array.from({ length: features / 4 }, (_, i) => [4 * i, { label: `label number ${i} about ${words[i % words.length]}`, author: 'hand' as const }]));
    const table = new FeatureTable(store, labels, (id) => `token${id}`);
    const page = { filter: {}, search: '', grades: [], offset: 0, limit: 100 } as const;
    const query = async (more: Partial<Parameters<FeatureTable['query']>[0]>): Promise<number> => rounded((await timed(async () => { table.query({ ...page, sort: { by: 'feature', descending: false }, ...more }); })).wall);
    return {
      features, openMs: rounded(open.wall),
      firstPageMs: await query({}), scrollMs: await query({ offset: 50_000 }),
      sortByDensityMs: await query({ sort: { by: 'density', descending: true } }), sortedAgainMs: await query({ sort: { by: 'density', descending: true }, offset: 30_000 }),
      sortByLabelMs: await query({ sort: { by: 'label', descending: false } }),
      filterMs: await query({ filter: { minDensity: 1e-4, labelled: true } }),
      firstSearchMs: await query({ search: 'token12 about' }), searchMs: await query({ search: 'verbs' }),
      recordMs: rounded((await timed(async () => { for (let f = 0; f < 100; f++) store.record(f * 600); })).wall / 100),
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** From the click to the answer of the engine process, on a bundled model that has been opened; milliseconds. */
export async function benchCards(id: string): Promise<unknown> {
  const { process: engine } = forkEngine(fileURLToPath(new URL('../zoo/models', import.meta.url)));
  try {
    const peer = new Peer(engine.transport, { handle: () => Promise.reject(new Error('no methods here')), describeError: () => ({ reason: 'internal', message: '' }) });
    const model = await peer.call('model.open', { source: { kind: 'zoo', id } }) as ModelSummary;
    const target = { model: model.model, dictionary: model.dictionaries[0]!.dictionary };
    const call = async <T>(method: string, params: object): Promise<{ ms: number; value: T }> => {
      const started = performance.now();
      const value = await peer.call(method, { ...target, ...params }) as T;
      return { ms: performance.now() - started, value };
    };
    const first = await call('semantic.feature', { feature: 0 });
    const table = await call<FeatureRows>('semantic.features', { sort: { by: 'density', descending: true }, limit: 100 });
    const again: number[] = [];
    for (const { feature } of table.value.rows.slice(0, 40)) again.push((await call('semantic.feature', { feature })).ms);
    const scroll = await call('semantic.features', { sort: { by: 'density', descending: true }, offset: 500, limit: 100 });
    const sorted = again.toSorted((a, b) => a - b);
    return { model: id, firstCardMs: rounded(first.ms), firstLimitMs: 1000, nextCardMedianMs: rounded(sorted[20]!), nextCardWorstMs: rounded(sorted.at(-1)!), nextLimitMs: 100, firstTableMs: rounded(table.ms), scrollMs: rounded(scroll.ms) };
  } finally {
    engine.kill();
    await engine.ended;
  }
}

const words = ['names', 'verbs', 'brackets', 'numbers', 'places'];

function randomDictionary(architecture: 'topk' | 'jumprelu', hook: string, dIn: number, nLatents: number): Dictionary {
  const random = new Random(1);
  const parameters = new ParameterStore();
  const declare = (name: string, dims: readonly number[], value: () => number): void => {
    const tensor: Tensor = { dtype: 'float32', dims, data: Float32Array.from({ length: dims.reduce((a, b) => a * b, 1) }, value) };
    parameters.declare(name, 'float32', dims, () => tensor);
  };
  declare('W_enc', [dIn, nLatents], () => (random.uniform() - 0.5) / Math.sqrt(dIn));
  declare('b_enc', [nLatents], () => 0);
  declare('W_dec', [nLatents, dIn], () => random.uniform() - 0.5);
  declare('b_dec', [dIn], () => 0);
  declare('threshold', [nLatents], () => 0);
  return {
    kind: 'sae', id: architecture, source: '', architecture, hooks: { input: hook, output: hook }, dIn, dOut: dIn, nLatents, parameters, normalization: 'none', applyBDecToInput: false,
    rescaleActsByDecoderNorm: false, k: architecture === 'topk' ? 32 : undefined, reshape: 'none', inputScale: 1, metadata: {}, hash: () => architecture,
  };
}

/** A threshold above which about as many latents are active per token as with top-k. */
async function setThreshold(dictionary: Dictionary, model: Model, runtime: Runtime): Promise<void> {
  const b = new GraphBuilder(model.graph());
  appendEncode(b, dictionary, dictionary.hooks.input!, { pre: 'bench/pre' });
  const results = await runtime.run(b.build(['bench/pre']), model.feeds(randomPrompts(1, 64, 2)), withDictionaries(model.parameters, [dictionary]));
  const sorted = (results.get('bench/pre')!.data as Float32Array).slice().sort();
  const value = sorted[sorted.length - 64 * 32]!;
  dictionary.parameters.set('threshold', { dtype: 'float32', dims: [dictionary.nLatents], data: new Float32Array(dictionary.nLatents).fill(value) });
}

/** Shards of made-up activations on disk: features with a skewed density, as real ones have. */
function syntheticShards(folder: string, tokens: number, features: number, active: number): { corpus: Corpus; shards: ShardSet } {
  const contextLength = 128;
  const contexts = Math.floor(tokens / contextLength);
  const random = new Random(2);
  const corpus: Corpus = {
    name: 'made up', contextLength, ids: Uint32Array.from({ length: contexts * contextLength }, () => Math.floor(50_257 * random.uniform() ** 3)), heldOut: new Uint8Array(contexts),
    origins: undefined, variables: [], codes: new Map(),
  };
  const count = shardCount(contexts, contextLength);
  const per = contextsPerShard(contextLength);
  mkdirSync(join(folder, storeFiles.shards), { recursive: true });
  const inShard = (index: number): number => (Math.min(contexts, (index + 1) * per) - index * per) * contextLength;
  for (let index = 0; index < count; index++) {
    const writer = new ShardWriter(features);
    for (let token = 0; token < inShard(index); token++) {
      if (token % contextLength === 0) continue;
      const chosen = new Set<number>();
      while (chosen.size < active) chosen.add(Math.floor(features * random.uniform() ** 1.5));
      for (const feature of chosen) writer.add(token, feature, random.uniform() ** 2 * 10 + 0.01);
    }
    writeShard(join(folder, storeFiles.shards, shardName(index)), writer.finish(index), 'bench');
  }
  return {
    corpus,
    shards: {
      count, features,
      read: (i) => readShard(join(folder, storeFiles.shards, shardName(i)), 'bench', features),
      rowsOf: (index) => Uint32Array.from({ length: inShard(index) }, (_, token) => index * per * contextLength + token),
    },
  };
}

async function syntheticStore(folder: string, tokens: number, features: number, active: number): Promise<void> {
  const { corpus, shards } = syntheticShards(folder, tokens, features, active);
  const contexts = contextsOf(corpus, false);
  const steps = summarize(shards, corpus, contexts, usualStore);
  let step = await steps.next();
  while (step.done !== true) step = await steps.next();
  const { tensors, alive, total, tokens: counted } = step.value;
  saveCorpus(join(folder, storeFiles.corpus), corpus);
  writeSafetensors(join(folder, storeFiles.features), tensors);
  const manifest: StoreManifest = {
    format: 'mechanist-feature-store', version: 1, model: { id: 'made up', hash: '' }, dictionary: { id: 'made up', hash: '', hook: '', layer: null, latents: features },
    corpus: { name: corpus.name, hash: corpusHash(corpus), contexts: contexts.length, harvested: contexts.length, contextLength: corpus.contextLength, labelled: false },
    options: usualStore, tokens: counted, alive, total, complete: true, corpusFile: 'corpus.safetensors',
  };
  writeJson(join(folder, storeFiles.manifest), manifest);
}
