/** The feature stores that come with the zoo: they belong to its dictionaries, and say of features what the model does. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { openDictionary, openTranscoders, spansLayers } from '../../src/engine/dictionaries/open.ts';
import { openHuggingFace } from '../../src/engine/models/huggingface.ts';
import { Runtime } from '../../src/engine/runtime/runtime.ts';
import { readLabels } from '../../src/semantic/labels/labelFile.ts';
import { contextIds } from '../../src/semantic/store/corpus.ts';
import { harvestProgram } from '../../src/semantic/store/program.ts';
import { featureSource } from '../../src/semantic/store/source.ts';
import type { FeatureSource } from '../../src/semantic/store/source.ts';
import { FeatureStore } from '../../src/semantic/store/store.ts';
import { zooDictionaries } from '../../zoo/dictionaries.ts';
import { dictionaryFolder, modelFolder } from '../../zoo/dictionaryFolder.ts';
import { zooModels } from '../../zoo/plans.ts';

const runtime = new Runtime({ threads: 1 });
afterAll(() => runtime.dispose());

const withStores = zooModels.filter(({ id }) => existsSync(join(modelFolder(id), 'features'))).map(({ id }) => id);

async function sourceOf(model: string, store: string): Promise<FeatureSource> {
  const path = dictionaryFolder({ model, id: store });
  if (existsSync(path)) return featureSource(await openDictionary(path));
  const [, folder, layer] = /^(.+)\.(\d+)$/.exec(store)!;
  const set = dictionaryFolder({ model, id: folder! });
  expect(await spansLayers(set)).toBe(true);
  const opened = await openTranscoders(set);
  return opened.kind === 'clt' ? featureSource(opened, Number(layer)) : featureSource(opened.transcoders[Number(layer)]!);
}

test('every bundled dictionary has a store, transcoders one for each layer, and all models together stay below 55 MB', () => {
  const missing = zooDictionaries.flatMap(({ model, id, kind, inputs }) => (kind === 'sae' ? [id] : inputs.map((_, layer) => `${id}.${layer}`)).filter((name) => !existsSync(join(modelFolder(model), 'features', name))).map((name) => `${model} ${name}`));
  expect(missing).toEqual([]);
  const root = join(modelFolder(zooModels[0]!.id), '..');
  expect(readdirSync(root, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()).reduce((sum, { parentPath, name }) => sum + statSync(join(parentPath, name)).size, 0)).toBeLessThan(55e6);
});

describe.each(withStores)('%s', (id) => {
  const folder = join(modelFolder(id), 'features');
  const stores = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory()).map(({ name }) => name);

  test.each(stores)('%s: of this model and dictionary; its examples are what the model does', async (name) => {
    const store = await FeatureStore.open(join(folder, name));
    const source = await sourceOf(id, name);
    const model = await openHuggingFace(modelFolder(id));
    expect(store.manifest).toMatchObject({ complete: true, model: { hash: await model.hash() }, dictionary: { hash: source.weights.hash(), hook: source.hook, latents: source.latents } });
    const program = harvestProgram(model, runtime, source);
    const { contextLength } = store.corpus;
    for (const feature of Array.from(store.aliveFeatures()).filter((_, i, all) => i % Math.ceil(all.length / 4) === 0)) {
      const [top] = store.record(feature).top;
      const activations = new Float32Array(contextLength);
      await program.run(contextIds(store.corpus, [Math.floor(top!.row / contextLength)]), (token, f, value) => { if (f === feature) activations[token] = value; });
      for (const [offset, value] of top!.activations) expect(Math.abs(activations[(top!.row % contextLength) + offset]! - value)).toBeLessThanOrEqual(1e-5 * Math.max(1, value));
    }
  });

  test('labels belong to the dictionary and beat wrong ones on held-out text', async () => {
    for (const name of stores) {
      const store = await FeatureStore.open(join(folder, name));
      for (const { score } of (await readLabels(join(folder, name, 'labels.json'), store.manifest.dictionary)).values()) expect(score!.detection - score!.wrongLabel).toBeGreaterThanOrEqual(0.2 - 1e-9);
    }
  });

  test('of the features that ground truth identifies, 70 % have such a label', () => {
    const { total } = JSON.parse(readFileSync(join(modelFolder(id), 'labels.json'), 'utf8')) as { total: { identified: { features: number; passed: number } } };
    expect(total.identified.features).toBeGreaterThan(5);
    expect(total.identified.passed).toBeGreaterThanOrEqual(0.7);
  });
});
