/** `mechanist train-sae`: a sparse autoencoder or transcoder of one's own, trained on a model's activations over files of text. */
import { isTopkFamily } from '../../engine/dictionaries/train/options.ts';
import type { TrainingArchitecture, TrainingRequest } from '../../engine/dictionaries/train/options.ts';
import { trainOnModel } from '../../engine/dictionaries/train/trainOnModel.ts';
import { saveCrossLayer, saveSaelens } from '../../engine/dictionaries/save.ts';
import { checkFolderPlace } from '../../engine/formats/atomicFile.ts';
import { selectHooks } from '../../engine/models/hookPattern.ts';
import { readContexts } from '../../semantic/store/corpusFiles.ts';
import { UsageError, writeJson } from '../command.ts';
import type { Command, OptionValues } from '../command.ts';
import { corpusFiles, positiveNumber, wholeNumber } from '../dictionaryOptions.ts';
import { openModel } from '../openModel.ts';
import { modelNotes, modelOptions, positiveInteger, runtimeOptions, withRuntime } from '../sharedOptions.ts';
import { tokenizerOf } from '../../engine/models/openPath.ts';

const architectures: readonly TrainingArchitecture[] = ['standard', 'topk', 'batchtopk', 'jumprelu', 'gated', 'matryoshka'];

export const trainSae: Command = {
  name: 'train-sae',
  summary: 'Train a sparse autoencoder, transcoder or cross-layer transcoder on a model.',
  positionals: ['MODEL', '[FILES…]'],
  options: {
    hook: { type: 'string', value: 'HOOK', description: 'Hook point to read; a pattern that matches one per layer for a cross-layer transcoder.', required: true },
    to: { type: 'string', value: 'HOOK', description: 'Hook point to reconstruct: makes a transcoder.' },
    skip: { type: 'boolean', description: 'Transcoders: add a linear path from input to output.' },
    corpus: { type: 'string', value: 'FILES', description: 'Text, .jsonl (field "text") or .safetensors (input_ids) files, separated by commas or as further arguments.', required: true },
    out: { type: 'string', value: 'FOLDER', description: 'Folder to write: SAELens layout, circuit-tracer layout for a cross-layer transcoder.', required: true },
    architecture: { type: 'string', value: 'NAME', description: `${architectures.join(', ')} (default topk).` },
    width: { type: 'string', value: 'N', description: 'Number of latents (default 8 times the width of the hook point, at least 512).' },
    k: { type: 'string', value: 'N', description: 'Active latents per token: exact for topk, on average for batchtopk and matryoshka, the target for jumprelu (default 32).' },
    sparsity: { type: 'string', value: 'X', description: 'Weight of the sparsity term of standard, gated and jumprelu.' },
    steps: { type: 'string', value: 'N', description: 'Optimisation steps (default 2000).' },
    batch: { type: 'string', value: 'N', description: 'Activations per step (default 1024).' },
    lr: { type: 'string', value: 'X', description: 'Peak learning rate (default by architecture and width).' },
    context: { type: 'string', value: 'N', description: 'Tokens per context (default 128).' },
    buffer: { type: 'string', value: 'MIB', description: 'Memory for activations in MiB (default 64). The corpus is never held as activations.' },
    seed: { type: 'string', value: 'N', description: 'Seed of initialisation and order (default 0).' },
    checkpoint: { type: 'string', value: 'FILE', description: 'Save progress here every 200 steps and when stopped; continue from it when it exists.' },
    half: { type: 'boolean', description: 'Write matrices in half precision.' },
    ...runtimeOptions,
    ...modelOptions,
  },
  notes: `${modelNotes} Stopping with Ctrl-C saves the checkpoint.`,
  async run({ positionals, options, signal, output }) {
    const [name, ...files] = positionals as [string, ...string[]];
    const model = await openModel(name, options, output, signal);
    const hooks = model.hookPoints().map((hook) => hook.name);
    const inputs = selectHooks(options.requiredText('hook'), hooks);
    const outputs = options.text('to') === undefined ? inputs : selectHooks(options.text('to')!, hooks);
    if (inputs.length !== outputs.length) throw new UsageError(`--hook matches ${inputs.length} hook points but --to ${outputs.length}.`);
    if (inputs.length > 1 && options.text('to') === undefined) throw new UsageError('--hook matches several hook points.', 'An autoencoder reads one; a cross-layer transcoder needs --to.');
    const contexts = await readContexts(corpusFiles(options, files), await tokenizerOf(model), { context: positiveInteger(options, 'context') ?? 128, signal });
    const training = trainingRequest(options, widthOf(model.hookPoints().find((hook) => hook.name === inputs[0])?.type.shape));
    const file = options.text('checkpoint');
    const mebibytes = positiveInteger(options, 'buffer');
    const threads = positiveInteger(options, 'threads');
    const folder = options.requiredText('out');
    checkFolderPlace(folder);
    await withRuntime(options, async (runtime) => {
      const steps = trainOnModel({
        model, runtime, contexts, inputs, outputs, training, signal,
        id: inputs.length > 1 ? `${model.id}-clt` : inputs[0]!,
        ...(file === undefined ? {} : { checkpoint: { file, every: 200 } }),
        ...(mebibytes === undefined ? {} : { bufferBytes: mebibytes * 2 ** 20 }),
        ...(threads === undefined ? {} : { compile: { threads } }),
      });
      for (;;) {
        const { done, value } = await steps.next();
        if (!done) {
          if (value.step % 50 === 0 || value.step === value.steps) {
            output.note(`step ${value.step}/${value.steps} loss ${value.loss.toFixed(5)} reconstruction ${value.reconstruction.toFixed(5)} L0 ${value.l0.toFixed(2)} dead ${value.dead}\n`);
          }
          continue;
        }
        const half = { half: options.flag('half') };
        if (value.kind === 'clt') {
          saveCrossLayer(value, folder, { modelName: model.id, inputHook: withinBlock(inputs[0]!), outputHook: withinBlock(outputs[0]!) }, half);
        } else saveSaelens(value, folder, half);
        writeJson(output, { folder, kind: value.kind, architecture: value.architecture, nLatents: value.nLatents, hooks: value.hooks, hash: value.hash() });
        return;
      }
    });
  },
};

function trainingRequest(options: OptionValues, width: number): Omit<TrainingRequest, 'dIn' | 'dOut' | 'nLayers' | 'kind'> {
  const named = options.text('architecture') ?? 'topk';
  const architecture = architectures.find((known) => known === named);
  if (architecture === undefined) throw new UsageError(`"${named}" is not an architecture; there are ${architectures.join(', ')}.`);
  const nLatents = positiveInteger(options, 'width') ?? Math.max(512, 8 * width);
  const given = {
    k: positiveNumber(options, 'k') ?? (isTopkFamily(architecture) ? Math.min(32, nLatents) : undefined),
    sparsity: positiveNumber(options, 'sparsity'),
    learningRate: positiveNumber(options, 'lr'),
    seed: wholeNumber(options, 'seed'),
  };
  return {
    architecture, nLatents,
    steps: positiveInteger(options, 'steps') ?? 2000,
    batchSize: positiveInteger(options, 'batch') ?? 1024,
    skip: options.flag('skip'),
    ...(Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as { [K in keyof typeof given]?: number }),
  };
}

function widthOf(shape: readonly (number | string)[] | undefined): number {
  const trailing = (shape ?? []).slice(2);
  return trailing.reduce<number>((product, dim) => product * (typeof dim === 'number' ? dim : 1), 1);
}

function withinBlock(hook: string): string {
  return hook.replace(/^blocks\.\d+\./, '');
}
