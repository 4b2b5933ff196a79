/** Direct logit attribution: what one component writes in the direction of the answer. */
import { directLogitAttribution } from '../../algorithmic/directLogitAttribution.ts';
import { featureAttribution, neuronAttribution } from '../../algorithmic/directNeuronAttribution.ts';
import { MechanistError } from '../../engine/errors.ts';
import type { Metric } from '../../engine/metrics/parse.ts';
import { numbersOf } from '../../engine/tensor.ts';
import type { Tensor } from '../../engine/tensor.ts';
import type { EvidenceMethod, MethodContext } from '../method.ts';
import { mean, meanInterval, nullOf } from '../numbers.ts';
import { idsFeed, pairGroups, promptText } from '../prompts.ts';

export const directAttribution: EvidenceMethod = {
  id: 'attribution.direct', version: 2, title: 'Direct logit attribution',
  changed: 'Version 1 took the slope at the capped logits of models that cap them; measure it anew.',
  summary: 'What a head, a neuron, a feature, an MLP or an embedding writes towards the right answers and away from the wrong ones, beside all other parts of its kind.',
  models: 1, dictionary: 'optional',
  inputs: [
    { name: 'pairs', kind: 'pairs', optional: true, description: 'Prompt pairs; the clean prompts are run. Or give a text.' },
    { name: 'text', kind: 'text', optional: true, description: 'One prompt, with the ids of its answers as parameters.' },
  ],
  parameters: [
    { name: 'component', type: 'text', description: 'LAYER.HEAD, or a hook such as blocks.2.hook_mlp_out; for neurons and features the hook that holds them.' },
    { name: 'neuron', type: 'integer', optional: true, description: 'Neuron of blocks.LAYER.mlp.hook_post, or with a dictionary a feature of it.' },
    { name: 'target', type: 'integer', optional: true, description: 'Id of the right answer to the text.' },
    { name: 'distractor', type: 'integer', optional: true, description: 'Id of the wrong answer to the text.' },
  ],
  async run(context) {
    const neuron = context.integer('neuron');
    const component = context.word('component')!;
    const wanted = neuron === undefined ? component : `${component}#${neuron}`;
    const written = new Map<string, number[]>();
    const groups = promptsOf(context);
    for (const [g, group] of groups.entries()) {
      await context.step(g, groups.length);
      for (const [name, values] of neuron === undefined ? await ofComponents(context, group, component) : await ofNeurons(context, group, component)) written.set(name, [...(written.get(name) ?? []), ...values]);
    }
    const own = written.get(wanted);
    if (own === undefined) {
      throw new MechanistError('argument', `"${wanted}" is no part of this model that writes into the stream.`, { field: neuron === undefined ? 'component' : 'neuron', hint: `There are ${[...written.keys()].slice(0, 40).join(', ')}.` });
    }
    const interval = meanInterval(own, context.seed);
    const control = nullOf(neuron === undefined ? 'other components' : `other ${context.dictionaries.length > 0 ? 'features of the dictionary' : 'neurons of the layer'}`, [...written].filter(([name]) => name !== wanted).map(([, values]) => mean(values)));
    return { metric: 'direct contribution to the logit difference', unit: 'logits', value: mean(own), ...(interval && { interval }), ...(control && { control }) };
  },
};

interface Prompts {
  readonly clean: ReadonlyMap<string, Tensor>;
  readonly metric: Metric;
}

function promptsOf(context: MethodContext): readonly Prompts[] {
  if ((context.text('pairs') === undefined) === (context.text('text') === undefined)) throw new MechanistError('argument', 'Give either pairs or a text.', { field: 'inputs' });
  if (context.text('pairs') !== undefined) return pairGroups(context, 'pairs');
  const [target, distractor] = [context.integer('target'), context.integer('distractor')];
  if (target === undefined) throw new MechanistError('argument', 'The answer to the text is missing.', { field: 'target' });
  const vocabulary = context.model.model.config?.dOut ?? Infinity;
  const outside = [target, distractor].find((id) => id !== undefined && (id < 0 || id >= vocabulary));
  if (outside !== undefined) throw new MechanistError('argument', `Token ${outside} is not in the vocabulary of ${vocabulary}.`, { field: 'target' });
  return [{ clean: idsFeed(promptText(context, 'text')), metric: { kind: 'contrast', position: -1, rows: [{ right: [target], wrong: distractor === undefined ? [] : [distractor] }] } }];
}

/** Contribution of every component on each prompt. Whole attention layers are read when one is asked for. */
async function ofComponents({ model: { model, runtime } }: MethodContext, { clean, metric }: Prompts, component: string): Promise<Map<string, number[]>> {
  const { contributions } = await directLogitAttribution(model, runtime, { inputs: clean, metric, heads: !component.endsWith('.hook_attn_out') });
  const found = new Map<string, number[]>();
  for (const [hook, tensor] of contributions) {
    const layer = /^blocks\.(\d+)\.attn\.hook_result$/.exec(hook)?.[1];
    perPrompt(tensor, layer === undefined ? 1 : tensor.dims[2]!).forEach((values, head) => found.set(layer === undefined ? hook : `${layer}.${head}`, values));
  }
  return found;
}

/** Contribution of every neuron of a layer, or of every feature of the dictionary, on each prompt. */
async function ofNeurons({ model: { model, runtime }, dictionaries: [dictionary] }: MethodContext, { clean, metric }: Prompts, hook: string): Promise<Map<string, number[]>> {
  const options = { inputs: clean, metric };
  if (dictionary !== undefined) {
    const { features } = await featureAttribution(model, runtime, dictionary, options);
    return new Map(perPrompt(features, dictionary.nLatents).map((values, i) => [`${dictionary.hooks.output!}#${i}`, values]));
  }
  const { neurons } = await neuronAttribution(model, runtime, options);
  const layer = neurons[Number(/^blocks\.(\d+)\.mlp\.hook_post$/.exec(hook)?.[1] ?? -1)];
  if (layer === undefined) throw new MechanistError('argument', 'Neurons are those of blocks.LAYER.mlp.hook_post.', { field: 'component' });
  return new Map(perPrompt(layer, layer.dims[2]!).map((values, i) => [`${hook}#${i}`, values]));
}

/** [b,p] or [b,p,parts] → for each part one number per prompt, summed over positions. */
function perPrompt(tensor: Tensor, parts: number): number[][] {
  const [rows, positions] = tensor.dims as [number, number];
  const values = numbersOf(tensor);
  return Array.from({ length: parts }, (_, part) => Array.from({ length: rows }, (_row, row) => {
    let sum = 0;
    for (let position = 0; position < positions; position++) sum += values[(row * positions + position) * parts + part]!;
    return sum;
  }));
}
