/** `mechanist metrics`: how well a dictionary stands in for the activations of a model. */
import { openDictionary, openTranscoders, spansLayers } from '../../engine/dictionaries/open.ts';
import { dictionaryMetrics } from '../../semantic/dictionaryMetrics.ts';
import { replacementCost } from '../../semantic/replacementCost.ts';
import { readContexts } from '../../semantic/store/corpusFiles.ts';
import { writeJson } from '../command.ts';
import type { Command } from '../command.ts';
import { corpusFiles, dictionaryOptions, openOptions, wholeNumber } from '../dictionaryOptions.ts';
import { openModel } from '../openModel.ts';
import { modelNotes, modelOptions, positiveInteger, runtimeOptions, withRuntime } from '../sharedOptions.ts';
import { tokenBatches } from '../tokenBatches.ts';
import { tokenizerOf } from '../../engine/models/openPath.ts';

export const metrics: Command = {
  name: 'metrics',
  summary: 'Measure a dictionary in its model: L0, FVU, CE recovered, KL, dead and dense latents, shrinkage, with intervals.',
  positionals: ['MODEL', 'DICT', '[FILES…]'],
  options: {
    corpus: { type: 'string', value: 'FILES', description: 'Text, .jsonl (field "text") or .safetensors (input_ids) files, separated by commas or as further arguments.', required: true },
    context: { type: 'string', value: 'N', description: 'Tokens per document (default 128).' },
    'max-contexts': { type: 'string', value: 'N', description: 'Evaluate at most so many documents (default 256).' },
    'include-first': { type: 'boolean', description: 'Count the first position of each document too. By default it is left out, and the result says so.' },
    resamples: { type: 'string', value: 'N', description: 'Bootstrap resamples (default 1000).' },
    seed: { type: 'string', value: 'N', description: 'Seed of the bootstrap (default 0).' },
    ...dictionaryOptions,
    ...runtimeOptions,
    ...modelOptions,
  },
  notes: `${modelNotes} For a folder with transcoders of all layers (and no --layer) the cost of replacing every MLP is measured.`,
  async run({ positionals, options, signal, output }) {
    const [name, path, ...files] = positionals as [string, string, ...string[]];
    const model = await openModel(name, options, output, signal);
    const contexts = await readContexts(corpusFiles(options, files), await tokenizerOf(model), {
      context: positiveInteger(options, 'context') ?? 128,
      maxContexts: positiveInteger(options, 'max-contexts') ?? 256,
      signal,
    });
    const common = {
      model, signal,
      batches: tokenBatches(contexts, 8),
      excludeFirst: !options.flag('include-first'),
      resamples: positiveInteger(options, 'resamples') ?? 1000,
      seed: wholeNumber(options, 'seed') ?? 0,
      onProgress: (done: number, total: number): void => {
        if (done % 16 === 0 || done === total) output.note(`${done}/${total} batches\n`);
      },
    };
    const whole = options.text('layer') === undefined && (await spansLayers(path));
    if (whole) {
      const replacement = await openTranscoders(path, openOptions(options));
      const report = await withRuntime(options, (runtime) => replacementCost({ ...common, runtime, replacement }));
      writeJson(output, { model: model.id, modelHash: await model.hash(), replacement: replacement.id, ...report });
      return;
    }
    const dictionary = await openDictionary(path, openOptions(options));
    const report = await withRuntime(options, (runtime) => dictionaryMetrics({ ...common, runtime, dictionary }));
    writeJson(output, { model: model.id, modelHash: await model.hash(), dictionary: dictionary.id, dictionaryHash: dictionary.hash(), ...report });
  },
};
