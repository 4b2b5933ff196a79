/** `mechanist label`: labels of features, by hand or from statistics, with their scores. */
import { autoLabels, beatsBaseline, summarizeLabels } from '../../semantic/labels/auto.ts';
import type { AutoLabel } from '../../semantic/labels/auto.ts';
import { gatherEvidence } from '../../semantic/labels/evidence.ts';
import type { Evidence } from '../../semantic/labels/evidence.ts';
import { labelPath, readLabels, writeLabels } from '../../semantic/labels/labelFile.ts';
import { MechanistError } from '../../engine/errors.ts';
import { makeFolder } from '../../engine/formats/atomicFile.ts';
import type { Model } from '../../engine/models/model.ts';
import { tokenizerOf } from '../../engine/models/openPath.ts';
import type { FeatureTable } from '../../semantic/features/table.ts';
import { harvestProgram } from '../../semantic/store/program.ts';
import { UsageError, writeJson } from '../command.ts';
import type { Command, OptionValues } from '../command.ts';
import { dictionaryOptions, wholeNumber } from '../dictionaryOptions.ts';
import { labelByEndpoint } from '../endpointLabel.ts';
import { labelledDictionary, openTable, tableOptions } from '../featurePlaces.ts';
import { openModel } from '../openModel.ts';
import { modelNotes, modelOptions, runtimeOptions, withRuntime } from '../sharedOptions.ts';
import { sourceAt } from './harvest.ts';

/** By how much a label's detection must beat that of wrong labels to be kept. */
const margin = 0.2;

export const label: Command = {
  name: 'label',
  summary: 'Label features: by hand with --feature and --set, by a language model of this machine with --feature and --endpoint, or from statistics; scored on held-out text beside wrong and shuffled labels.',
  positionals: ['MODEL', 'DICT'],
  options: {
    store: { type: 'string', value: 'DIR', description: 'Folder of the feature store.', required: true },
    feature: { type: 'string', value: 'N', description: 'Only this feature.' },
    set: { type: 'string', value: 'TEXT', description: 'The label to write by hand; an empty one removes it.' },
    endpoint: { type: 'string', value: 'URL', description: 'Ask this OpenAI-compatible server on loopback for the label of --feature, and to judge it; with --judge it judges the label there is.' },
    'endpoint-model': { type: 'string', value: 'NAME', description: 'Its model; the first that it lists when left out.' },
    judge: { type: 'boolean', description: 'Only judge the label of --feature in --labels.' },
    save: { type: 'boolean', description: 'Write the labels from statistics that beat wrong labels by 0.2 to --labels. Labels of people stay. With --endpoint: write its label and score.' },
    summary: { type: 'boolean', description: 'Print only what all labels together are worth.' },
    labels: tableOptions.labels,
    ...dictionaryOptions,
    ...runtimeOptions,
    ...modelOptions,
  },
  notes: `${modelNotes} Scores are balanced accuracies: 0.5 is chance.`,
  async run({ positionals, options, signal, output }) {
    const [name, path] = positionals as [string, string];
    const model = await openModel(name, options, output, signal);
    const table = await openTable(options.requiredText('store'), { ...options, text: (option) => (option === 'model' ? model.source : options.text(option)) }, output, signal);
    const { store } = table;
    const feature = wholeNumber(options, 'feature');
    if (options.text('set') !== undefined) {
      if (feature === undefined) throw new UsageError('Name the feature with --feature.');
      await setLabel(table, feature, options);
      return;
    }
    const source = await sourceAt(path, options);
    const features = feature === undefined ? Array.from(store.aliveFeatures()) : [store.record(feature).feature];
    await withRuntime(options, async (runtime) => {
      const program = harvestProgram(model, runtime, source);
      const gather = async (heldOut: boolean): Promise<Evidence> => finished(gatherEvidence(program, store.corpus, store.latents, heldOut, signal));
      if (options.text('endpoint') !== undefined) {
        if (feature === undefined) throw new UsageError('Name the feature with --feature.');
        writeJson(output, await labelByEndpoint(table, await gather(true), feature, await decoderOf(model), options, signal));
        return;
      }
      const [fit, heldOut] = [await gather(false), await gather(true)];
      const steps = autoLabels(fit, heldOut, features, (id) => table.tokenText(id), 0, signal, Array.from(store.aliveFeatures()));
      let step = steps.next();
      while (step.done !== true) step = steps.next();
      const labels = step.value;
      const saved = options.flag('save') ? await saveLabels(table, labels.filter((found) => beatsBaseline(found, margin)), options) : 0;
      writeJson(output, {
        dictionary: store.manifest.dictionary, features: features.length, saved, margin, summary: summarizeLabels(store, heldOut, features, labels, margin),
        ...(options.flag('summary') ? {} : { labels: labels.map((found) => ({ ...found, truth: table.truths(found.feature)[0] })) }),
      });
    });
  },
};

async function setLabel(table: FeatureTable, feature: number, options: OptionValues): Promise<void> {
  const about = labelledDictionary(table.store);
  // Says so when there is no such feature.
  table.store.record(feature);
  const folder = requiredFolder(options);
  const labels = new Map(await readLabels(labelPath(folder, about), about));
  const text = options.text('set')!.trim();
  if (text === '') labels.delete(feature);
  else labels.set(feature, { label: text, author: 'hand' });
  writeLabels(labelPath(folder, about), about, labels);
}

async function saveLabels(table: FeatureTable, labels: readonly AutoLabel[], options: OptionValues): Promise<number> {
  const about = labelledDictionary(table.store);
  const folder = requiredFolder(options);
  const known = new Map(await readLabels(labelPath(folder, about), about));
  const fresh = labels.filter(({ feature }) => (known.get(feature)?.author ?? 'statistics') === 'statistics');
  for (const found of fresh) known.set(found.feature, found.label);
  writeLabels(labelPath(folder, about), about, known);
  return fresh.length;
}

/** How a token stands in a document. */
async function decoderOf(model: Model): Promise<(id: number) => string> {
  const tokenizer = await tokenizerOf(model);
  if (tokenizer === undefined) throw new MechanistError('unsupported', 'The model has no tokenizer, so there is no text to show to a language model.');
  return (id) => (id < tokenizer.vocabSize ? tokenizer.decode([id]) : '');
}

function requiredFolder(options: OptionValues): string {
  const folder = options.text('labels');
  if (folder === undefined) throw new UsageError('Name the folder of label files with --labels.');
  makeFolder(folder);
  return folder;
}

async function finished<T>(steps: AsyncGenerator<unknown, T>): Promise<T> {
  for (;;) {
    const step = await steps.next();
    if (step.done === true) return step.value;
  }
}
