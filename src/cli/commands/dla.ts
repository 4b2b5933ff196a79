/** `mechanist dla`: what each component writes in the direction a metric reads. */
import { directLogitAttribution } from '../../algorithmic/directLogitAttribution.ts';
import { featureAttribution, neuronAttribution } from '../../algorithmic/directNeuronAttribution.ts';
import { writeSafetensors } from '../../engine/formats/safetensorsWriter.ts';
import { checkMetric } from '../../engine/metrics/append.ts';
import { metricGrammar, parseMetric } from '../../engine/metrics/parse.ts';
import type { Tensor } from '../../engine/tensor.ts';
import { writeJson } from '../command.ts';
import type { Command } from '../command.ts';
import { givenDictionary, optionalDictionary } from '../dictionaryOptions.ts';
import { inputOptions, modelInputs } from '../modelInputs.ts';
import { openModel } from '../openModel.ts';
import { modelNotes, modelOptions, runtimeOptions, withRuntime } from '../sharedOptions.ts';

export const dla: Command = {
  name: 'dla',
  summary: 'Direct logit attribution: contributions of embeddings, heads and MLPs to a metric.',
  positionals: ['MODEL'],
  options: {
    ...inputOptions,
    metric: { type: 'string', value: 'METRIC', description: metricGrammar, required: true },
    layers: { type: 'boolean', description: 'Whole attention layers instead of heads.' },
    neurons: { type: 'boolean', description: 'Also every MLP neuron: neurons/LAYER [batch, pos, neuron].' },
    ...optionalDictionary,
    dictionary: { ...optionalDictionary.dictionary, description: 'Also the features of a dictionary that writes to the stream: features [batch, pos, latent], error and bias [batch, pos].' },
    out: { type: 'string', value: 'FILE', description: 'safetensors file to write: one tensor per component, [batch, pos] or [batch, pos, head].', required: true },
    ...runtimeOptions,
    ...modelOptions,
  },
  notes: `The scale of the final norm is frozen at its value in this run; the norm's weights and centring are part of the direction.
The sum of all contributions and the metric go to stdout. Their difference, the constant, is what biases of the final norm and
the unembedding add whatever the input.
${modelNotes}`,
  async run({ positionals, options, signal, output }) {
    const metric = parseMetric(options.requiredText('metric'));
    const model = await openModel(positionals[0]!, options, output, signal);
    checkMetric(metric, model.graph(), model.output);
    const inputs = await modelInputs(model, options);
    const dictionary = await givenDictionary(options);
    await withRuntime(options, async (runtime) => {
      const result = await directLogitAttribution(model, runtime, { inputs, metric, heads: !options.flag('layers') });
      const tensors = new Map<string, Tensor>(result.contributions);
      if (options.flag('neurons')) (await neuronAttribution(model, runtime, { inputs, metric })).neurons.forEach((values, layer) => tensors.set(`neurons/${layer}`, values));
      if (dictionary !== undefined) {
        const { features, error, bias } = await featureAttribution(model, runtime, dictionary, { inputs, metric });
        for (const [name, value] of Object.entries({ features, error, bias })) tensors.set(name, value);
      }
      writeSafetensors(options.requiredText('out'), tensors);
      writeJson(output, { metric: result.metric, total: result.total, constant: result.constant });
    });
  },
};
