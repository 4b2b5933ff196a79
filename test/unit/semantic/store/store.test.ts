/** The feature store: equal to a plain computation over dense activations, and the same bytes however it was made. */
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { withDictionaries } from '../../../../src/engine/dictionaries/dictionary.ts';
import type { Dictionary } from '../../../../src/engine/dictionaries/dictionary.ts';
import { appendEncode } from '../../../../src/engine/dictionaries/encode.ts';
import { MechanistError } from '../../../../src/engine/errors.ts';
import { GraphBuilder } from '../../../../src/engine/graph/builder.ts';
import { Runtime } from '../../../../src/engine/runtime/runtime.ts';
import { contextIds, contextsOf, openCorpus, saveCorpus } from '../../../../src/semantic/store/corpus.ts';
import { harvestStore, mergeShards } from '../../../../src/semantic/store/harvest.ts';
import type { HarvestRequest } from '../../../../src/semantic/store/harvest.ts';
import type { StoreManifest } from '../../../../src/semantic/store/manifest.ts';
import { featureSource } from '../../../../src/semantic/store/source.ts';
import { FeatureStore } from '../../../../src/semantic/store/store.ts';
import { aurocOfScores } from '../../../../src/semantic/groundTruth/auroc.ts';
import { columnOf } from '../../../../src/semantic/groundTruth/columns.ts';
import { Directions } from '../../../../src/semantic/features/directions.ts';
import { decoderNeighbours, neighbourWarnings } from '../../../../src/semantic/features/neighbours.ts';
import { tinyCorpus, tinyDictionary, tinyHook, tinyLanguageModel, tinySize } from '../../../support/tinyFeatures.ts';

const runtime = new Runtime({ threads: 1 });
const root = mkdtempSync(join(tmpdir(), 'mechanist-store-'));
const model = tinyLanguageModel();
/** Three shards of 2,048 contexts, the last one short. */
const corpus = tinyCorpus(5400);
const options = { top: 6, bands: 4, perBand: 2, random: 3, window: 5, bins: 8, tokens: 4, coactive: 4 };
const dictionaries = new Map<string, Dictionary>();

beforeAll(async () => {
  for (const kind of ['topk', 'jumprelu'] as const) dictionaries.set(kind, await tinyDictionary(join(root, kind), kind));
});
afterAll(async () => {
  await runtime.dispose();
  rmSync(root, { recursive: true });
});

async function harvest(folder: string, kind: string, more: Partial<HarvestRequest> = {}): Promise<StoreManifest | undefined> {
  const steps = harvestStore({ model, runtime, source: featureSource(dictionaries.get(kind)!), corpus, folder: join(root, folder), options, ...more });
  for (;;) {
    const step = await steps.next();
    if (step.done === true) return step.value;
  }
}

function bytes(folder: string): Map<string, string> {
  return new Map(readdirSync(join(root, folder), { recursive: true, encoding: 'utf8', withFileTypes: true }).filter((entry) => entry.isFile()).map((entry) => [entry.name, readFileSync(join(entry.parentPath, entry.name)).toString('base64')]));
}

describe.each(['topk', 'jumprelu'])('a %s store', (kind) => {
  let store: FeatureStore;
  /** By feature: activations of the counted rows of the corpus, by row. */
  let dense: Float32Array[];

  beforeAll(async () => {
    await harvest(`plain-${kind}`, kind);
    store = await FeatureStore.open(join(root, `plain-${kind}`));
    dense = await denseActivations(dictionaries.get(kind)!);
  });

  test('counts, sums, maxima and histograms are those of the dense activations', () => {
    const counted = contextsOf(corpus, false).length * (tinySize.context - 1);
    expect(store.manifest).toMatchObject({ complete: true, tokens: counted, alive: dense.filter((values) => values.some((value) => value > 0)).length });
    dense.forEach((values, feature) => {
      const positive = values.filter((value) => value > 0);
      const record = store.record(feature);
      expect(record.fired).toBe(positive.length);
      expect(store.overview.fired[feature]).toBe(positive.length);
      if (positive.length === 0) return;
      const max = positive.reduce((a, b) => Math.max(a, b));
      expect(Math.abs(record.max - max)).toBeLessThanOrEqual(1e-5);
      expect(record.sum / positive.reduce((a, b) => a + b)).toBeCloseTo(1, 6);
      const bins = new Array<number>(options.bins).fill(0);
      for (const value of positive) bins[Math.min(options.bins - 1, Math.floor((value / max) * options.bins))]!++;
      expect(record.histogram).toEqual(bins);
      const sorted = positive.toSorted((a, b) => a - b);
      expect(record.quantiles[0]).toBeCloseTo(sorted[0]!, 5);
      expect(record.quantiles[5]).toBeCloseTo((sorted[Math.floor((sorted.length - 1) / 2)]! + sorted[Math.ceil((sorted.length - 1) / 2)]!) / 2, 4);
    });
  });

  test('top examples are the largest activations of different contexts, with the activations around them', () => {
    dense.forEach((values, feature) => {
      const order = [...values.keys()].filter((row) => values[row]! > 0).toSorted((a, b) => values[b]! - values[a]! || a - b);
      const expected: number[] = [];
      const seen = new Set<string>();
      for (const row of order) {
        const start = row - (row % tinySize.context);
        const keys = [String(start), corpus.ids.subarray(Math.max(start, row - options.window), Math.min(start + tinySize.context, row + options.window + 1)).join()];
        if (expected.length === options.top || keys.some((key) => seen.has(key))) continue;
        for (const key of keys) seen.add(key);
        expected.push(row);
      }
      const { top } = store.record(feature);
      expect(top.map(({ row }) => row)).toEqual(expected);
      for (const { row, activations } of top) {
        for (let offset = -options.window; offset <= options.window; offset++) {
          const inside = Math.floor((row + offset) / tinySize.context) === Math.floor(row / tinySize.context);
          expect(Math.abs((activations.get(offset) ?? 0) - (inside ? values[row + offset]! : 0))).toBeLessThanOrEqual(1e-5);
        }
      }
    });
  });

  test('quantile examples lie in bins of equal count; zero examples are in contexts without the feature', () => {
    for (let feature = 0; feature < tinySize.latents; feature++) {
      const values = dense[feature]!;
      const sorted = values.filter((value) => value > 0).toSorted((a, b) => a - b);
      store.record(feature).bands.forEach((band, q) => {
        for (const { row } of band) {
          const below = sorted.filter((value) => value < values[row]! - 1e-6).length;
          expect(below).toBeGreaterThanOrEqual(Math.floor((q * sorted.length) / options.bands) - 1);
          expect(below).toBeLessThanOrEqual(Math.floor(((q + 1) * sorted.length) / options.bands));
        }
      });
      for (const row of store.record(feature).zero) {
        const start = row - (row % tinySize.context);
        expect(values.subarray(start, start + tinySize.context).every((value) => value === 0)).toBe(true);
      }
    }
  });

  test('tokens, pairs and ground truth are those of the dense activations', () => {
    for (let feature = 0; feature < tinySize.latents; feature += 5) {
      const values = dense[feature]!;
      const record = store.record(feature);
      for (const { id, fired, sum } of record.tokens) {
        const rows = [...values.keys()].filter((row) => values[row]! > 0 && corpus.ids[row] === id);
        expect(fired).toBe(rows.length);
        expect(sum).toBeCloseTo(rows.reduce((total, row) => total + values[row]!, 0), 2);
      }
      for (const { feature: other, both } of record.partners) expect(both).toBe(values.filter((value, row) => value > 0 && dense[other]![row]! > 0).length);
      const [best] = record.truth;
      if (best === undefined) continue;
      const { name, questions } = corpus.variables[best.variable]!;
      const rows = [...values.keys()].filter((row) => corpus.codes.get(name)![row] !== 255 && corpus.heldOut[Math.floor(row / tinySize.context)] === 0);
      const expected = aurocOfScores(columnOf(Float32Array.from(rows, (row) => values[row]!)), Uint8Array.from(rows, (row) => (questions[best.question]!.classes.includes(corpus.codes.get(name)![row]!) ? 1 : 0)));
      expect(best.auroc).toBeCloseTo(expected, 5);
      expect(Math.abs(best.shuffled - 0.5)).toBeLessThan(0.05);
    }
  });

  const listed = (feature: number, other: number): boolean => store.partners(feature).some((partner) => partner.feature === other);

  test('features of one direction are warned of where they do not fire together, also where their pair was not kept', () => {
    const both = Array.from({ length: tinySize.latents }, () => new Uint32Array(tinySize.latents));
    for (let row = 0; row < dense[0]!.length; row++) {
      const firing = dense.flatMap((values, feature) => (values[row]! > 0 ? [feature] : []));
      for (const a of firing) for (const b of firing) both[a]![b]!++;
    }
    const jaccard = (a: number, b: number): number => both[a]![b]! / (both[a]![a]! + both[b]![b]! - both[a]![b]!);
    let warnings = 0;
    for (let feature = 0; feature < tinySize.latents; feature += 3) {
      const others = [...store.aliveFeatures()].filter((other) => other !== feature);
      const pairs = others.map((other) => ({ feature: other, cosine: 0.9, ...(listed(feature, other) || listed(other, feature) ? { jaccard: jaccard(feature, other) } : {}) }));
      const warned = new Map(neighbourWarnings(store, feature, pairs, 0.2).map((warning) => [warning.feature, warning]));
      for (const other of others) {
        const actual = jaccard(feature, other);
        const warning = warned.get(other);
        if (warning !== undefined) expect(warning.jaccard).toBeGreaterThanOrEqual(actual - 1e-12);
        if (actual >= 0.1) expect(warning).toBeUndefined();
        const bound = Math.min(...[feature, other].map((of) => Math.min(...store.partners(of).map((partner) => jaccard(of, partner.feature)))));
        if (bound < 0.1 && actual < 0.1) expect(warning, `${feature} and ${other}`).toBeDefined();
        warnings += warning === undefined ? 0 : 1;
      }
      expect(neighbourWarnings(store, feature, pairs.map((pair) => ({ ...pair, cosine: 0.3 })), 0.2)).toEqual([]);
    }
    expect(warnings > 0).toBe(kind === 'topk');
  });

  test('a neighbour’s overlap is known from either feature’s list', () => {
    const directions = Directions.of(featureSource(dictionaries.get(kind)!));
    for (let feature = 0; feature < tinySize.latents; feature += 5) {
      for (const { feature: other, jaccard } of decoderNeighbours(store, directions, feature, tinySize.latents)) {
        expect(jaccard !== undefined).toBe(listed(feature, other) || listed(other, feature));
      }
    }
  });

  test('cancelled after any run and asked for again, it is the same to the byte', async () => {
    const expected = bytes(`plain-${kind}`);
    const folder = `resumed-${kind}`;
    for (const after of [2, 7, 9]) {
      const stop = new AbortController();
      const steps = harvestStore({ model, runtime, source: featureSource(dictionaries.get(kind)!), corpus, folder: join(root, folder), options, snapshots: true, signal: stop.signal });
      for (let step = 0; step < after; step++) await steps.next();
      stop.abort();
      await expect(steps.next()).rejects.toMatchObject({ reason: 'cancelled' });
    }
    await harvest(folder, kind);
    expect(bytes(folder)).toEqual(expected);
  });

  test('parts that were harvested apart and merged are the same to the byte', async () => {
    for (const index of [0, 1]) await harvest(`part-${kind}-${index}`, kind, { shard: { index, of: 2 } });
    const parts = [1, 0].map((index) => join(root, `part-${kind}-${index}`));
    const merging = mergeShards(parts, openCorpus(join(parts[0]!, 'corpus.safetensors')), join(root, `merged-${kind}`));
    while ((await merging.next()).done !== true);
    for (const name of ['store.json', 'features.safetensors', 'corpus.safetensors']) expect(bytes(`merged-${kind}`).get(name)).toBe(bytes(`plain-${kind}`).get(name));
  });
});

test('what is there can be read while a harvest runs', async () => {
  const steps = harvestStore({ model, runtime, source: featureSource(dictionaries.get('topk')!), corpus, folder: join(root, 'running'), options, snapshots: true });
  for (;;) {
    const { value, done } = await steps.next();
    if (done === true) throw new Error('finished without a snapshot');
    if (value.rowsReady > 0) break;
  }
  const snapshot = await FeatureStore.open(join(root, 'running'));
  expect(snapshot.manifest.complete).toBe(false);
  expect(snapshot.record(snapshot.aliveFeatures()[0]!).top.length).toBeGreaterThan(0);
  await steps.return(undefined);
});

describe('errors leave the store as it was', () => {
  test('a folder of another harvest', async () => {
    const other = { ...corpus, ids: corpus.ids.map((id) => (id === 5 ? 6 : id)) };
    await expect(harvest('plain-topk', 'topk', { corpus: other })).rejects.toMatchObject({ reason: 'argument', file: join(root, 'plain-topk') });
    await expect(harvest('plain-topk', 'topk')).resolves.toMatchObject({ complete: true });
  });

  test('a shard that cannot be written, as on a full disk: what was whole stays, and the harvest goes on afterwards', async () => {
    const blocked = join(root, 'blocked', 'shards', 'shard-000001.safetensors');
    mkdirSync(blocked, { recursive: true });
    const failing = harvest('blocked', 'topk');
    await expect(failing).rejects.toBeInstanceOf(MechanistError);
    expect(existsSync(join(root, 'blocked', 'store.json'))).toBe(false);
    expect(readdirSync(join(root, 'blocked', 'shards')).toSorted()).toEqual(['shard-000000.safetensors', 'shard-000001.safetensors']);
    rmSync(blocked, { recursive: true });
    await harvest('blocked', 'topk');
    expect(bytes('blocked')).toEqual(bytes('plain-topk'));
  });

  test('a damaged shard is made again', async () => {
    await harvest('damaged', 'topk', { shard: { index: 0, of: 1 } });
    const shards = join(root, 'damaged', 'shards');
    const [first] = readdirSync(shards).toSorted();
    writeFileSync(join(shards, first!), readFileSync(join(shards, first!)).subarray(0, 500));
    await harvest('damaged', 'topk');
    expect(bytes('damaged')).toEqual(bytes('plain-topk'));
  });

  test.each(['features.safetensors', 'store.json', 'corpus.safetensors'])('a damaged %s is a typed error', async (name) => {
    const folder = join(root, `broken-${name}`);
    cpSync(join(root, 'plain-topk'), folder, { recursive: true });
    const whole = readFileSync(join(folder, name));
    for (const cut of [0, 40, whole.length - 4]) {
      writeFileSync(join(folder, name), whole.subarray(0, cut));
      await expect(FeatureStore.open(folder)).rejects.toBeInstanceOf(MechanistError);
    }
  });

  test('a width that does not fit, a hook point that is missing, a model that reads no tokens', async () => {
    const narrow = { ...dictionaries.get('topk')!, dIn: 8 };
    await expect(harvest('none', 'topk', { source: featureSource(narrow) })).rejects.toMatchObject({ reason: 'argument' });
    const elsewhere = { ...dictionaries.get('topk')!, hooks: { input: 'blocks.9.hook_resid_post', output: 'blocks.9.hook_resid_post' } };
    await expect(harvest('none', 'topk', { source: featureSource(elsewhere) })).rejects.toMatchObject({ reason: 'argument' });
    expect(existsSync(join(root, 'none'))).toBe(false);
  });
});

test('a corpus survives writing and reading, and says when it was changed', () => {
  const file = join(root, 'corpus.safetensors');
  const tokens = corpus.ids.length;
  const origins = { files: ['a.txt', 'b.md'], file: new Uint32Array(tokens), start: new Uint32Array(tokens).map((_, i) => i), end: new Uint32Array(tokens).map((_, i) => i + 1) };
  saveCorpus(file, { ...corpus, origins });
  expect(openCorpus(file)).toEqual({ ...corpus, origins });
  const changed = readFileSync(file);
  changed[changed.length - 1]! ^= 1;
  writeFileSync(file, changed);
  expect(() => openCorpus(file)).toThrow(MechanistError);
});

async function denseActivations(dictionary: Dictionary): Promise<Float32Array[]> {
  const b = new GraphBuilder(model.graph());
  const graph = b.build([b.identity(appendEncode(b, dictionary, tinyHook).acts, 'acts')]);
  const all = Array.from({ length: tinySize.latents }, () => new Float32Array(corpus.ids.length));
  for (const context of contextsOf(corpus, false)) {
    const results = await runtime.run(graph, model.feeds(new Map([['input_ids', contextIds(corpus, [context])]])), withDictionaries(model.parameters, [dictionary]));
    (results.get('acts')!.data as Float32Array).forEach((value, i) => {
      const position = Math.floor(i / tinySize.latents);
      if (position > 0) all[i % tinySize.latents]![context * tinySize.context + position] = value;
    });
  }
  return all;
}
