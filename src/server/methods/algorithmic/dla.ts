/** `dla.run`: direct contributions to a metric, by layer, head, neuron or feature. */
import { directLogitAttribution } from '../../../algorithmic/directLogitAttribution.ts';
import { featureAttribution, neuronAttribution } from '../../../algorithmic/directNeuronAttribution.ts';
import { MechanistError } from '../../../engine/errors.ts';
import type { Metric } from '../../../engine/metrics/parse.ts';
import { checkMetric } from '../../../engine/metrics/append.ts';
import { numbersOf } from '../../../engine/tensor.ts';
import type { Tensor } from '../../../engine/tensor.ts';
import type { ParsedParams } from '../../../protocol/methods.ts';
import type { DirectAttributionReport, DirectContribution } from '../../../protocol/methods/algorithmicResults.ts';
import type { Job } from '../../scheduler.ts';
import type { Session } from '../../session.ts';
import { inputsOf, promptIds, shownTokens } from './prompts.ts';

/** Contributions of all positions together. Errors: `argument`, `unsupported`: those of the functions behind it. */
export async function* dlaRun(session: Session, params: ParsedParams<'dla.run'>): Job<DirectAttributionReport> {
  const open = session.model(params.model);
  const { model, runtime } = open;
  const ids = promptIds(open, params.text);
  const metric: Metric = params.metric.kind === 'logit' ? { kind: 'logit', token: params.metric.target, position: -1 } : { kind: 'logit_diff', rows: [{ right: params.metric.target, wrong: params.metric.distractor }], position: -1 };
  checkMetric(metric, model.graph(), model.output);
  const options = { inputs: inputsOf(ids), metric };
  yield { stage: 'components' };
  const whole = await directLogitAttribution(model, runtime, { ...options, heads: params.by === 'head' });
  const parts = new Map<string, DirectContribution[]>([...whole.contributions].map(([hook, value]) => [hook, componentParts(hook, value)]));
  if (params.by === 'neuron') {
    yield { stage: 'neurons' };
    const { neurons, biases } = await neuronAttribution(model, runtime, options);
    neurons.forEach((values, layer) => {
      const hook = `blocks.${layer}.mlp.hook_post`;
      const bias = biases[layer];
      parts.set(`blocks.${layer}.hook_mlp_out`, [
        ...Array.from(sumOverPositions(values), (contribution, index): DirectContribution => ({ name: `m${layer}.n${index}`, hook, layer, index, contribution })),
        ...(bias === undefined ? [] : [{ name: `m${layer}.bias`, hook: `blocks.${layer}.mlp.b_out`, layer, index: undefined, contribution: total(bias) }]),
      ]);
    });
  }
  if (params.by === 'feature') {
    if (params.dictionary === undefined) throw new MechanistError('argument', 'Features need a dictionary.', { field: 'dictionary', hint: 'Open one for this model.' });
    const { weights } = open.dictionary(params.dictionary);
    if (weights.kind === 'clt') throw new MechanistError('unsupported', 'Features of a cross-layer transcoder write to several layers; use an attribution graph.', { field: 'dictionary' });
    yield { stage: 'features' };
    const { features, error, bias } = await featureAttribution(model, runtime, weights, options);
    const hook = weights.hooks.output!;
    const layer = Number(/^blocks\.(\d+)\./.exec(hook)![1]);
    const replaced = coveredBy(hook, [...parts.keys()]);
    for (const name of replaced) parts.delete(name);
    parts.set(hook, [
      ...Array.from(sumOverPositions(features), (contribution, index): DirectContribution => ({ name: `L${layer}#${index}`, hook, layer, index, contribution })).filter(({ contribution }) => contribution !== 0),
      { name: 'error', hook, layer, index: undefined, contribution: total(error) }, { name: 'bias', hook, layer, index: undefined, contribution: total(bias) },
    ]);
  }
  const all = [...parts.values()].flat().toSorted((a, b) => Math.abs(b.contribution) - Math.abs(a.contribution));
  const sum = (list: readonly DirectContribution[]): number => list.reduce((value, { contribution }) => value + contribution, 0);
  const unlisted = all.slice(params.top);
  return {
    tokens: shownTokens(open, ids), contributions: all.slice(0, params.top), total: sum(all), unlisted: { count: unlisted.length, sum: sum(unlisted) },
    metric: whole.metric, constant: whole.metric - sum(all),
  };
}

/** Components whose sum a dictionary's output hook is. */
function coveredBy(hook: string, components: readonly string[]): string[] {
  const [, at, name] = /^blocks\.(\d+)\.hook_(\w+)$/.exec(hook)!;
  if (name === 'attn_out' || name === 'mlp_out') return [hook];
  return components.filter((component) => {
    const [, layer, part] = /^blocks\.(\d+)\.hook_(\w+)$/.exec(component) ?? [undefined, '-1', ''];
    const [own, limit] = [Number(layer), Number(at)];
    return own < limit || (own === limit && (name === 'resid_post' || (name === 'resid_mid' && part === 'attn_out')));
  });
}

function componentParts(hook: string, value: Tensor): DirectContribution[] {
  const layer = /^blocks\.(\d+)\./.exec(hook)?.[1];
  const at = layer === undefined ? undefined : Number(layer);
  if (hook.endsWith('.hook_result')) {
    return Array.from(sumOverPositions(value), (contribution, index) => ({ name: `a${at}.h${index}`, hook, layer: at, index, contribution }));
  }
  const names: Record<string, string> = { hook_embed: 'embed', hook_pos_embed: 'pos_embed', [`blocks.${at}.attn.b_O`]: `a${at}.bias`, [`blocks.${at}.hook_attn_out`]: `a${at}`, [`blocks.${at}.hook_mlp_out`]: `m${at}` };
  return [{ name: names[hook] ?? hook, hook, layer: at, index: undefined, contribution: total(value) }];
}

/** [1,p,n] → [n]. */
function sumOverPositions({ dims, data }: Tensor): Float64Array {
  const width = dims.at(-1)!;
  const sums = new Float64Array(width);
  (data as Float32Array).forEach((value, i) => (sums[i % width]! += value));
  return sums;
}

function total(value: Tensor): number {
  return Array.from(numbersOf(value)).reduce((sum, number) => sum + number, 0);
}
