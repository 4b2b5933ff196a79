/** `mechanist train-probe`: a linear probe of one's own, with its scores beside their controls. */
import { basename } from 'node:path';
import type { Model } from '../../engine/models/model.ts';
import { tokenizerOf } from '../../engine/models/openPath.ts';
import { resultOf } from '../../engine/steps.ts';
import type { LabelledTokens, Property } from '../../semantic/probes/labelledTokens.ts';
import { answersBeside, saveAnswers } from '../../semantic/probes/labelFile.ts';
import { bundledLabels, labelsAt, labelsOfClasses, textReader } from '../../semantic/probes/openLabels.ts';
import { readProbe, saveProbe } from '../../semantic/probes/probeFile.ts';
import { probeDefaults, trainProbe as training } from '../../semantic/probes/train.ts';
import { UsageError, writeJson } from '../command.ts';
import type { Command, OptionValues } from '../command.ts';
import { wholeNumber } from '../dictionaryOptions.ts';
import { openModel } from '../openModel.ts';
import { modelNotes, modelOptions, positiveInteger, runtimeOptions, withRuntime } from '../sharedOptions.ts';

export const trainProbe: Command = {
  name: 'train-probe',
  summary: 'Train a linear probe for a property of tokens, with its held-out scores beside a control task, shuffled labels and the best single coordinate.',
  positionals: ['MODEL'],
  options: {
    hook: { type: 'string', value: 'HOOK', description: 'Hook point with one vector per token.', required: true },
    labels: { type: 'string', value: 'FILE', description: 'Labelled texts (.jsonl: {"text": …, "label": …} or {"text": …, "spans": [[start, end]]}), or tokens with classes (.safetensors). Default: the corpus that comes with a bundled model.' },
    yes: { type: 'string', value: 'FILE', description: 'With --no, instead of --labels: texts that have the property, one per line.' },
    no: { type: 'string', value: 'FILE', description: 'Texts that do not have it.' },
    variable: { type: 'string', value: 'NAME', description: 'Variable of the labels; may be left out where there is one.' },
    question: { type: 'string', value: 'NAME', description: 'Question about it, such as a label; may be left out where there is one.' },
    examples: { type: 'string', value: 'N', description: `Tokens per answer, to fit on and to score on each (default ${probeDefaults.examples}).` },
    seed: { type: 'string', value: 'N', description: `Seed of every draw (default ${probeDefaults.seed}).` },
    name: { type: 'string', value: 'NAME', description: 'Name of the probe (default that of the file).' },
    out: { type: 'string', value: 'FILE', description: 'File to write (.safetensors). The answers it was trained on are written beside it.', required: true },
    ...runtimeOptions,
    ...modelOptions,
  },
  notes: `What was saved goes to stdout as JSON. selectivity is the accuracy minus that of the control task (Hewitt & Liang 2019); shuffled, the AUROC after fitting on exchanged answers, should be near 0.5.
${modelNotes}`,
  async run({ positionals, options, signal, output }) {
    const file = options.requiredText('out');
    if (!file.endsWith('.safetensors')) throw new UsageError('--out takes a file that ends in .safetensors.');
    const model = await openModel(positionals[0]!, options, output, signal);
    const labels = await labelsOf(model, options);
    const property = propertyOf(labels, options);
    const hook = options.requiredText('hook');
    const examples = positiveInteger(options, 'examples') ?? probeDefaults.examples;
    const seed = wholeNumber(options, 'seed') ?? probeDefaults.seed;
    await withRuntime(options, async (runtime) => {
      const steps = training({ model, runtime, hook, labels, property, examples, seed, signal });
      let told = '';
      for (;;) {
        const { done, value } = await steps.next();
        if (done !== true) {
          const line = `${value.stage} ${value.done}/${value.of}\n`;
          if (line !== told) output.note((told = line));
          continue;
        }
        const name = options.text('name') ?? basename(file, '.safetensors');
        saveProbe(file, value, { name, model: { id: model.id, hash: await model.hash() }, hook, ...property, data: { name: labels.name, hash: labels.hash }, examples, seed });
        saveAnswers(answersBeside(file), labels, property);
        const { weights, bias: _, ...saved } = readProbe(file);
        writeJson(output, { file, dimensions: weights.length, ...saved });
        return;
      }
    });
  },
};

async function labelsOf(model: Model, options: OptionValues): Promise<LabelledTokens> {
  const [file, yes, no] = ['labels', 'yes', 'no'].map((name) => options.text(name));
  const ways = [file !== undefined, yes !== undefined || no !== undefined].filter(Boolean).length;
  if (ways === 2 || (yes === undefined) !== (no === undefined)) throw new UsageError('Give --labels, or --yes with --no, or neither for a bundled model.');
  if (ways === 0) return bundledLabels(model.source);
  const tokenizer = await tokenizerOf(model);
  const reader = () => textReader(model, tokenizer);
  return resultOf(file === undefined ? labelsOfClasses(yes!, no!, reader) : labelsAt(file, reader));
}

/** What is asked where nothing else can be meant. */
function propertyOf({ variables }: LabelledTokens, options: OptionValues): Property {
  const only = (what: string, names: readonly string[]): string => {
    const given = options.text(what) ?? (names.length === 1 ? names[0] : undefined);
    if (given === undefined) throw new UsageError(`--${what} is missing.`, `There are ${names.join(', ')}.`);
    return given;
  };
  const variable = only('variable', variables.map(({ name }) => name));
  return { variable, question: only('question', variables.find(({ name }) => name === variable)?.questions.map(({ name }) => name) ?? []) };
}
