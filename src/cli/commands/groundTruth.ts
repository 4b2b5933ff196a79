/** `mechanist ground-truth`: how well single latents tell variables that are known, beside what they are compared with. */
import { openDictionary } from '../../engine/dictionaries/open.ts';
import { countFeatures } from '../../semantic/groundTruth/featureCount.ts';
import { representationsOf } from '../../semantic/groundTruth/representations.ts';
import { scoreRepresentation } from '../../semantic/groundTruth/score.ts';
import { writeJson } from '../command.ts';
import type { Command } from '../command.ts';
import { dictionaryOptions, openOptions, wholeNumber } from '../dictionaryOptions.ts';
import { readLabelled } from '../../semantic/groundTruth/labelledFile.ts';
import { openModel } from '../openModel.ts';
import { modelNotes, modelOptions, positiveInteger, runtimeOptions, withRuntime } from '../sharedOptions.ts';

export const groundTruth: Command = {
  name: 'ground-truth',
  summary: 'Score the latents of a dictionary against labels of every token: AUROC, F1 and features needed, beside controls.',
  positionals: ['MODEL', 'DICT'],
  options: {
    labels: { type: 'string', value: 'FILE', description: 'safetensors file: input_ids [contexts, positions] and, per variable, the class of each token (int64, -1 where it does not apply).', required: true },
    neurons: { type: 'string', value: 'HOOK', description: 'Hook point whose coordinates are compared as neurons.' },
    resamples: { type: 'string', value: 'N', description: 'Bootstrap resamples of contexts (default 200).' },
    shuffles: { type: 'string', value: 'N', description: 'Shuffles of the labels within contexts, for p-values (default 99).' },
    seed: { type: 'string', value: 'N', description: 'Seed of every draw (default 0).' },
    ...dictionaryOptions,
    ...runtimeOptions,
    ...modelOptions,
  },
  notes: `${modelNotes} Features and thresholds are chosen on the contexts of even index and scored on the others.`,
  async run({ positionals, options, signal, output }) {
    const [name, path] = positionals as [string, string];
    const { variables, selection, heldOut } = readLabelled(options.requiredText('labels'));
    const model = await openModel(name, options, output, signal);
    const dictionary = await openDictionary(path, openOptions(options));
    const neurons = options.text('neurons');
    const seed = wholeNumber(options, 'seed') ?? 0;
    const { hook, representations } = await withRuntime(options, (runtime) => representationsOf({
      model, runtime, dictionary, selection, heldOut, controls: true, seed, signal, ...(neurons === undefined ? {} : { neurons }),
    }));
    const scored = new Map([...representations].map(([of, representation]) => {
      output.note(`${of}\n`);
      const shuffles = of === 'latents' ? (wholeNumber(options, 'shuffles') ?? 99) : 0;
      return [of, scoreRepresentation(representation, { variables, selection, heldOut, resamples: positiveInteger(options, 'resamples') ?? 200, shuffles, seed, signal })];
    }));
    const scanned = new Map([...representations].map(([of, representation]) => [of, { ...representation, scan: scored.get(of)!.scan }]));
    writeJson(output, {
      model: model.id, modelHash: await model.hash(), dictionary: dictionary.id, dictionaryHash: dictionary.hash(),
      contexts: { selection: selection.contexts.dims[0], heldOut: heldOut.contexts.dims[0] },
      variables: variables.map((variable) => ({
        name: variable.name,
        questions: variable.questions.map((question, q) => {
          const { linear, needed } = countFeatures({ variable, question, selection, heldOut, hook, representations: scanned, seed, signal });
          return {
            name: question.name,
            linearProbe: linear,
            ...Object.fromEntries([...scored].map(([of, { scores }]) => [of, { ...scores.get(variable.name)![q]!, featuresNeeded: needed.get(of) ?? null }])),
          };
        }),
      })),
    });
  },
};
