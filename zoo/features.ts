/**
 * `npm run zoo:features -- MODEL…`: the feature stores that come with a model's dictionaries, under
 * `zoo/models/MODEL/features`: one folder per dictionary (and layer), and the corpus they share. Features get labels from
 * statistics, scored on held-out text; labels.json and labels.md of the model say how good they are, also on the features
 * that ground truth identifies. The same files give the same bytes. `--labels` makes only the labels anew.
 */
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { openDictionary, openTranscoders, spansLayers } from '../src/engine/dictionaries/open.ts';
import { openHuggingFace } from '../src/engine/models/huggingface.ts';
import { Runtime } from '../src/engine/runtime/runtime.ts';
import { openCorpus, saveCorpus } from '../src/semantic/store/corpus.ts';
import { harvestStore } from '../src/semantic/store/harvest.ts';
import { storeFiles } from '../src/semantic/store/manifest.ts';
import type { StoreOptions } from '../src/semantic/store/manifest.ts';
import { featureSource } from '../src/semantic/store/source.ts';
import type { FeatureSource } from '../src/semantic/store/source.ts';
import { dictionaryFolder, modelFolder } from './dictionaryFolder.ts';
import { bundledCorpus } from './features/corpus.ts';
import { labelStore } from './features/labels.ts';
import { labelsJson, labelsMarkdown } from './features/report.ts';
import type { StoreLabels } from './features/report.ts';
import { planOf } from './plans.ts';
import { loadFableTokenizer } from './tokenizer/encode.ts';

/** Smaller than usual: the stores of all dictionaries come with the extension. */
const ofAutoencoders: Partial<StoreOptions> = { top: 6, bands: 5, perBand: 1, random: 1, window: 8, bins: 16, tokens: 5, coactive: 5 };
const ofTranscoders: Partial<StoreOptions> = { ...ofAutoencoders, top: 4, bands: 2, window: 6, bins: 12, tokens: 4, coactive: 3 };

async function build(id: string, labelsOnly: boolean): Promise<void> {
  const folder = join(modelFolder(id), 'features');
  if (!labelsOnly) {
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    saveCorpus(join(folder, storeFiles.corpus), bundledCorpus(loadFableTokenizer()));
  }
  const corpus = openCorpus(join(folder, storeFiles.corpus));
  const model = await openHuggingFace(modelFolder(id));
  const runtime = new Runtime({ threads: 1 });
  const rows: StoreLabels[] = [];
  for (const [name, source] of await sourcesOf(id)) {
    const started = performance.now();
    const steps = harvestStore({ model, runtime, source, corpus, folder: join(folder, name), options: source.weights.kind === 'sae' ? ofAutoencoders : ofTranscoders, sharedCorpus: true });
    let step = await steps.next();
    while (step.done !== true) step = await steps.next();
    rmSync(join(folder, name, storeFiles.job), { force: true });
    // Labels come with the stores of the residual stream's autoencoders; others are made when asked for.
    if (source.weights.kind === 'sae') rows.push({ dictionary: name, features: source.latents, ...(await labelStore(join(folder, name), model, runtime, source, name.endsWith('hook_resid_post'))) });
    process.stdout.write(`${id} ${name}: ${step.value!.alive} of ${source.latents} features in ${Math.round((performance.now() - started) / 1000)} s\n`);
  }
  await runtime.dispose();
  const markdown = labelsMarkdown(id, rows);
  writeFileSync(join(modelFolder(id), 'labels.json'), labelsJson(id, await model.hash(), rows));
  writeFileSync(join(modelFolder(id), 'labels.md'), markdown);
  process.stdout.write(markdown);
}

/** The latent spaces that come with a store, under its name: those of all dictionaries, transcoders layer by layer. */
async function sourcesOf(id: string): Promise<[string, FeatureSource][]> {
  const folder = dictionaryFolder({ model: id });
  const found: [string, FeatureSource][] = [];
  for (const name of readdirSync(folder).toSorted()) {
    const path = join(folder, name);
    if (!['cfg.json', 'config.yaml'].some((file) => existsSync(join(path, file)))) continue;
    if (await spansLayers(path)) {
      const set = await openTranscoders(path);
      if (set.kind === 'clt') for (let layer = 0; layer < set.nLayers; layer++) found.push([`${name}.${layer}`, featureSource(set, layer)]);
      else for (const [layer, weights] of set.transcoders.entries()) found.push([`${name}.${layer}`, featureSource(weights)]);
    } else found.push([name, featureSource(await openDictionary(path))]);
  }
  return found;
}

const { values, positionals: models } = parseArgs({ allowPositionals: true, options: { labels: { type: 'boolean', default: false } } });
if (models.length === 0 || models.some((id) => planOf(id) === undefined)) {
  process.stderr.write('error: name models of the zoo\n');
  process.exit(2);
}
for (const id of models) await build(id, values.labels);
