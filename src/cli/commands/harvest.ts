/** `mechanist harvest`: a feature store from a corpus. */
import { openDictionary, openTranscoders, spansLayers } from '../../engine/dictionaries/open.ts';
import { tokenizerOf } from '../../engine/models/openPath.ts';
import { openCorpus } from '../../semantic/store/corpus.ts';
import type { Corpus } from '../../semantic/store/corpus.ts';
import { readCorpusFiles } from '../../semantic/store/corpusFiles.ts';
import { harvestStore } from '../../semantic/store/harvest.ts';
import { featureSource } from '../../semantic/store/source.ts';
import type { FeatureSource } from '../../semantic/store/source.ts';
import { UsageError, writeJson } from '../command.ts';
import type { Command, OptionValues } from '../command.ts';
import { corpusFiles, dictionaryOptions, openOptions, wholeNumber } from '../dictionaryOptions.ts';
import { openModel } from '../openModel.ts';
import { modelNotes, modelOptions, positiveInteger, runtimeOptions, withRuntime } from '../sharedOptions.ts';
import type { Model } from '../../engine/models/model.ts';

export const harvest: Command = {
  name: 'harvest',
  summary: 'Run a corpus through a model and a dictionary and store what its features do: examples, densities, histograms, tokens, pairs.',
  positionals: ['MODEL', 'DICT', '[FILES…]'],
  options: {
    corpus: { type: 'string', value: 'FILES', description: 'Files and folders (.txt, .md, .jsonl, source code), a .safetensors file with input_ids, or the corpus.safetensors of a store; separated by commas or as further arguments.', required: true },
    out: { type: 'string', value: 'DIR', description: 'Folder of the store. A harvest that was stopped goes on where it was.', required: true },
    context: { type: 'string', value: 'N', description: 'Tokens per context (default 128).' },
    'max-tokens': { type: 'string', value: 'N', description: 'Read at most so many tokens.' },
    shard: { type: 'string', value: 'I/N', description: 'Do only part I of N (from 1), for mechanist merge.' },
    'keep-shards': { type: 'boolean', description: 'Keep the activations of every token once the store is complete.' },
    ...dictionaryOptions,
    ...runtimeOptions,
    ...modelOptions,
  },
  notes: `${modelNotes} DICT is a dictionary's folder or file; of a folder with one per layer, --layer picks one.`,
  async run({ positionals, options, signal, output }) {
    const [name, path, ...files] = positionals as [string, string, ...string[]];
    const folder = options.requiredText('out');
    const shard = shardOption(options);
    const model = await openModel(name, options, output, signal);
    const source = await sourceAt(path, options);
    const corpus = await readCorpus(corpusFiles(options, files), model, options);
    await withRuntime(options, async (runtime) => {
      const steps = harvestStore({ model, runtime, source, corpus, folder, signal, keepShards: options.flag('keep-shards'), ...(shard === undefined ? {} : { shard }) });
      let noted = performance.now();
      for (;;) {
        const step = await steps.next();
        if (step.done !== true) {
          const now = performance.now();
          if (now - noted > 2000) {
            output.note(`${step.value.stage} ${step.value.done}/${step.value.of}\n`);
            noted = now;
          }
          continue;
        }
        writeJson(output, step.value === undefined ? { folder, shard: options.text('shard') } : { folder, ...step.value });
        return;
      }
    });
  },
};

/** A dictionary as the source of features. Errors: `UsageError` when a layer is needed and none is named. */
export async function sourceAt(path: string, options: OptionValues, layer = wholeNumber(options, 'layer')): Promise<FeatureSource> {
  if (!(await spansLayers(path))) return featureSource(await openDictionary(path, openOptions(options)));
  const set = await openTranscoders(path, openOptions(options));
  if (layer === undefined) throw new UsageError('The folder has a dictionary per layer.', 'Name one with --layer.');
  if (set.kind === 'clt') return featureSource(set, layer);
  if (set.transcoders[layer] === undefined) throw new UsageError(`The folder has layers 0 to ${set.transcoders.length - 1}.`);
  return featureSource(set.transcoders[layer]);
}

async function readCorpus(paths: readonly string[], model: Model, options: OptionValues): Promise<Corpus> {
  if (paths.length === 1 && paths[0]!.endsWith('corpus.safetensors')) return openCorpus(paths[0]!);
  const maxTokens = positiveInteger(options, 'max-tokens');
  const reading = readCorpusFiles(paths, await tokenizerOf(model), { contextLength: positiveInteger(options, 'context') ?? 128, ...(maxTokens === undefined ? {} : { maxTokens }) });
  for (;;) {
    const step = reading.next();
    if (step.done === true) return step.value;
  }
}

function shardOption(options: OptionValues): { index: number; of: number } | undefined {
  const text = options.text('shard');
  if (text === undefined) return undefined;
  const [, index, of] = /^([1-9]\d{0,5})\/([1-9]\d{0,5})$/.exec(text) ?? [];
  if (index === undefined || Number(index) > Number(of)) throw new UsageError(`--shard takes a part such as 1/4, not "${text}".`);
  return { index: Number(index) - 1, of: Number(of) };
}
