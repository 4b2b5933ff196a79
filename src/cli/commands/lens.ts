/** `mechanist lens`: what each layer's residual stream predicts, read through the model's own readout. */
import { logitLens } from '../../algorithmic/logitLens.ts';
import { readableHooks } from '../../algorithmic/readout.ts';
import { loadTunedLens } from '../../algorithmic/tunedLens/tunedLens.ts';
import { writeSafetensors } from '../../engine/formats/safetensorsWriter.ts';
import type { Tensor } from '../../engine/tensor.ts';
import { UsageError, writeJson } from '../command.ts';
import type { Command } from '../command.ts';
import { inputOptions, modelInputs } from '../modelInputs.ts';
import { openModel } from '../openModel.ts';
import { selectHooks } from '../../engine/models/hookPattern.ts';
import { modelNotes, modelOptions, positiveInteger, runtimeOptions, withRuntime } from '../sharedOptions.ts';

export const lens: Command = {
  name: 'lens',
  summary: 'Logit lens: predictions, entropy and distance to the output at every layer.',
  positionals: ['MODEL'],
  options: {
    ...inputOptions,
    hooks: { type: 'string', value: 'PATTERNS', description: 'Residual streams to read (default: before the first block and after each block).' },
    all: { type: 'boolean', description: 'Every hook point of the stream\'s width: embeddings, streams, attention and MLP outputs.' },
    tuned: { type: 'string', value: 'DIR', description: 'Tuned lens to apply, as mechanist train-lens writes it.' },
    top: { type: 'string', value: 'N', description: 'Tokens per position (default 5).' },
    out: { type: 'string', value: 'FILE', description: 'safetensors file to write.', required: true },
    ...runtimeOptions,
    ...modelOptions,
  },
  notes: `The final norm is recomputed on each layer's stream. For each stream HOOK the file gets HOOK/top_ids and HOOK/top_probabilities
[batch, pos, N], HOOK/entropy and HOOK/kl_to_output [batch, pos] in nats.
${modelNotes}`,
  async run({ positionals, options, signal, output }) {
    const model = await openModel(positionals[0]!, options, output, signal);
    const inputs = await modelInputs(model, options);
    const patterns = options.text('hooks');
    if (patterns !== undefined && options.flag('all')) throw new UsageError('--all cannot be combined with --hooks.');
    const named = patterns === undefined ? undefined : selectHooks(patterns, model.hookPoints().map(({ name }) => name));
    const hooks = options.flag('all') ? readableHooks(model) : named;
    const folder = options.text('tuned');
    const tuned = folder === undefined ? undefined : await loadTunedLens(folder, model);
    const layers = await withRuntime(options, (runtime) => logitLens(model, runtime, {
      inputs, topK: positiveInteger(options, 'top') ?? 5, signal, ...(hooks === undefined ? {} : { hooks }), ...(tuned === undefined ? {} : { tuned }),
    }));
    writeSafetensors(options.requiredText('out'), layers.flatMap(({ hook, topIds, topProbabilities, entropy, klToOutput }): [string, Tensor][] => [
      [`${hook}/top_ids`, topIds], [`${hook}/top_probabilities`, topProbabilities], [`${hook}/entropy`, entropy], [`${hook}/kl_to_output`, klToOutput],
    ]));
    writeJson(output, { hooks: layers.map(({ hook }) => hook) });
  },
};
