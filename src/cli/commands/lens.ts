/** `mechanist lens`: what each layer's residual stream predicts, read through the model's own readout. */
import { logitLens } from '../../algorithmic/logitLens.ts';
import { writeSafetensors } from '../../engine/formats/safetensorsWriter.ts';
import type { Tensor } from '../../engine/tensor.ts';
import { writeJson } from '../command.ts';
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
    const hooks = patterns === undefined ? undefined : selectHooks(patterns, model.hookPoints().map(({ name }) => name));
    const layers = await withRuntime(options, (runtime) => logitLens(model, runtime, {
      inputs, topK: positiveInteger(options, 'top') ?? 5, signal, ...(hooks === undefined ? {} : { hooks }),
    }));
    writeSafetensors(options.requiredText('out'), layers.flatMap(({ hook, topIds, topProbabilities, entropy, klToOutput }): [string, Tensor][] => [
      [`${hook}/top_ids`, topIds], [`${hook}/top_probabilities`, topProbabilities], [`${hook}/entropy`, entropy], [`${hook}/kl_to_output`, klToOutput],
    ]));
    writeJson(output, { hooks: layers.map(({ hook }) => hook) });
  },
};
