/** What a feature does: the metric when it is removed or clamped, beside random directions of the same size. */
import { withDictionaries } from '../../engine/dictionaries/dictionary.ts';
import type { Dictionary } from '../../engine/dictionaries/dictionary.ts';
import { spliceDictionary } from '../../engine/dictionaries/splice.ts';
import { MechanistError } from '../../engine/errors.ts';
import { prune } from '../../engine/graph/prune.ts';
import { intervene } from '../../engine/interventions/intervene.ts';
import type { Intervention } from '../../engine/interventions/intervention.ts';
import type { Metric } from '../../engine/metrics/parse.ts';
import { Random } from '../../engine/random.ts';
import { f32 } from '../../engine/tensor.ts';
import type { Tensor } from '../../engine/tensor.ts';
import type { EvidenceMethod, MethodContext } from '../method.ts';
import { metricPerPrompt } from '../../algorithmic/metricRuns.ts';
import { mean, meanInterval, nullOf } from '../numbers.ts';
import { idsFeed, pairGroups, textLines } from '../prompts.ts';
import { featureIn } from './featureActivity.ts';

export const featureEffect: EvidenceMethod = {
  id: 'feature.effect', version: 1, title: 'Feature effect',
  summary: 'How the logit difference of prompts falls, or the loss on a text rises, when a feature is removed or clamped, beside random directions of the same norm at every token.',
  models: 1, dictionary: true,
  inputs: [
    { name: 'pairs', kind: 'pairs', optional: true, description: 'Prompt pairs; the clean prompts are run.' },
    { name: 'text', kind: 'text', optional: true, description: 'Lines, each read on its own. Give either pairs or text.' },
  ],
  parameters: [
    { name: 'feature', type: 'integer', description: 'Index.' },
    { name: 'clamp', type: 'number', default: 0, description: 'Activation that it is set to; 0 removes it.' },
    { name: 'nulls', type: 'integer', default: 20, description: 'Random directions.' },
  ],
  async run(context) {
    const [dictionary] = context.dictionaries as [Dictionary];
    const { output, input } = dictionary.hooks;
    if (dictionary.kind !== 'sae' || output === undefined || input !== output) throw new MechanistError('unsupported', 'The effect is measured for features of sparse autoencoders.', { field: 'dictionary' });
    const feature = featureIn(dictionary, context.integer('feature')!);
    const { model, runtime } = context.model;
    const graph = spliceDictionary(model.graph(), dictionary, { errorTerm: true });
    const parameters = withDictionaries(model.parameters, [dictionary]);
    const clamp = context.number('clamp')!;
    const acts = `${output}.hook_sae_acts_post`;
    const change: Intervention = { hook: acts, kind: 'patch', value: clamp, where: { neuron: [feature] } };
    const random = new Random(context.seed);
    const nulls = Array.from({ length: Math.min(1000, context.integer('nulls')!) }, () => unit(random, dictionary.dOut));
    const own: number[] = [];
    const others: number[][] = nulls.map(() => []);
    const batches = batchesOf(context);
    for (const [i, { inputs, metric, per }] of batches.entries()) {
      await context.step(i, batches.length);
      const feeds = model.feeds(inputs);
      const clean = await metricPerPrompt(context.model, { inputs, metric, interventions: [] });
      const changed = await metricPerPrompt(context.model, { inputs, metric, interventions: [change], graph, parameters });
      own.push(...clean.map((value, row) => per * (value - changed[row]!)));
      const spliced = `${output}.hook_sae_output`;
      const before = (await runtime.run(prune(model.graph(), [output]), feeds, model.parameters)).get(output)!;
      const after = intervene(graph, [change], feeds);
      const moved = (await runtime.run(prune(after.graph, [spliced]), after.feeds, parameters)).get(spliced)!;
      for (const [n, direction] of nulls.entries()) {
        const value = changeAlong(direction, before, moved);
        const result = await metricPerPrompt(context.model, { inputs, metric, interventions: [{ hook: output, kind: 'add', value }] });
        others[n]!.push(...clean.map((v, row) => per * (v - result[row]!)));
      }
    }
    const interval = meanInterval(own, context.seed);
    const control = nullOf('random directions of the same norm', others.map(mean));
    const onText = context.text('pairs') === undefined;
    return { metric: onText ? 'rise of loss' : 'loss of logit difference', unit: onText ? 'nats per token' : 'logits', value: mean(own), ...(interval && { interval }), ...(control && { control }) };
  },
};

interface Batch {
  readonly inputs: ReadonlyMap<string, Tensor>;
  readonly metric: Metric;
  /** Factor on (clean − changed), so that a harmful change counts up: −1/(tokens−1) for the loss. */
  readonly per: number;
}

function batchesOf(context: MethodContext): Batch[] {
  const [pairs, text] = [context.text('pairs'), context.text('text')];
  if ((pairs === undefined) === (text === undefined)) throw new MechanistError('argument', 'Give either pairs or a text.', { field: 'inputs' });
  if (pairs !== undefined) return pairGroups(context, 'pairs').map(({ clean, metric }) => ({ inputs: clean, metric, per: 1 }));
  return textLines(context.model, text!).filter(({ ids }) => ids.length > 1).map(({ ids }) => ({ inputs: idsFeed(ids), metric: { kind: 'loss' as const }, per: -1 / (ids.length - 1) }));
}

/** A change of the same norm at every token as the one from `before` to `after`, in a direction [width]; at a hook with heads all heads of a token are one vector. */
export function changeAlong(direction: Float64Array, before: Tensor, after: Tensor): Tensor<'float32'> {
  const width = direction.length;
  const [a, b] = [before.data as Float32Array, after.data as Float32Array];
  const data = new Float32Array(a.length);
  for (let token = 0; token < a.length; token += width) {
    let sum = 0;
    for (let i = token; i < token + width; i++) sum += (b[i]! - a[i]!) ** 2;
    const norm = Math.sqrt(sum);
    for (let i = 0; i < width; i++) data[token + i] = norm * direction[i]!;
  }
  return f32(before.dims, data);
}

/** A random direction of length 1. */
export function unit(random: Random, width: number): Float64Array {
  const values = Float64Array.from({ length: width }, () => random.normal());
  const norm = Math.hypot(...values);
  return values.map((value) => value / norm);
}
