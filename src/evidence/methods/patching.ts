/**
 * One place of the model changed: taken from the clean run (does the behaviour come back?), from the corrupted run (is it
 * lost?), or ablated. Each beside all other places of its kind.
 */
import { inBatches } from '../../algorithmic/circuits/promptSets.ts';
import type { PromptGroup } from '../../algorithmic/circuits/promptSets.ts';
import { activeFeatures, splicedFeatures } from '../../algorithmic/sweepFeatures.ts';
import type { SplicedFeatures } from '../../algorithmic/sweepFeatures.ts';
import type { Dictionary } from '../../engine/dictionaries/dictionary.ts';
import { MechanistError } from '../../engine/errors.ts';
import type { MeanRule } from '../../engine/interventions/meanAblation.ts';
import { Random } from '../../engine/random.ts';
import { sweep } from '../../engine/sweeps/sweep.ts';
import type { SweepOptions } from '../../engine/sweeps/sweep.ts';
import type { SweepAxis } from '../../engine/sweeps/sites.ts';
import { differ } from '../../engine/statistics.ts';
import type { EvidenceMethod, Measurement, MethodContext, ParameterField } from '../method.ts';
import { intervalOf, mean, nullOf } from '../numbers.ts';
import { metricField, metricName, questionGroups } from '../prompts.ts';
import { configOf, meanField } from './heads.ts';

const inputs = [{ name: 'pairs', kind: 'pairs', description: 'Prompt pairs.' }] as const;
const place: readonly ParameterField[] = [
  { name: 'hook', type: 'text', description: 'Hook point of a layer, such as blocks.2.attn.hook_z; with a dictionary, its output with .hook_sae_acts_post.' },
  { name: 'head', type: 'integer', optional: true, description: 'Only this head.' },
  { name: 'position', type: 'integer', optional: true, description: 'Only this position; from the end if negative.' },
  { name: 'neuron', type: 'integer', optional: true, description: 'Only this neuron, or with a dictionary this feature.' },
  metricField,
];

export const activationPatching: EvidenceMethod = {
  id: 'patching.activation', version: 1, title: 'Activation patching',
  summary: 'Share of the metric that returns when one place (hook point, head, position, neuron or feature) of the corrupted run is taken from the clean run, beside all other places of its kind.',
  models: 1, dictionary: 'optional', inputs, parameters: place,
  run: (context) => measurePlace(context, 'denoising', 'patch'),
};

export const noising: EvidenceMethod = {
  id: 'patching.noising', version: 1, title: 'Patching in the other direction',
  summary: 'Share of the metric that is lost when one place of the clean run is taken from the corrupted run, beside all other places of its kind.',
  models: 1, dictionary: 'optional', inputs, parameters: place,
  run: (context) => measurePlace(context, 'noising', 'patch'),
};

export const activationAblation: EvidenceMethod = {
  id: 'ablation.activation', version: 2, title: 'Ablation of a place',
  changed: 'Version 1 recorded the change of the metric, with the opposite sign, and took the mean at each position; measure it anew.',
  summary: 'What the metric of the clean prompts loses (KL divergence: gains) when one place is set to zero, to its mean, or to its value on another prompt, beside all other places of its kind.',
  models: 1, dictionary: 'optional', inputs,
  parameters: [
    ...place,
    { name: 'replacement', type: 'text', choices: ['zero', 'mean', 'resample'], default: 'mean', description: 'What stands there. Beside zero, which no prompt produces, the loss with the mean is recorded.' },
    meanField,
  ],
  async run(context) {
    const replacement = context.word('replacement') as 'zero' | 'mean' | 'resample';
    const measured = await measurePlace(context, 'noising', replacement);
    return replacement === 'zero' ? { ...measured, measures: { with_mean: (await measurePlace(context, 'noising', 'mean')).value } } : measured;
  },
};

/** Neurons and features beside which one is measured. */
const mostOthers = 256;

async function measurePlace(context: MethodContext, direction: 'denoising' | 'noising', replacement: 'patch' | 'zero' | 'mean' | 'resample'): Promise<Measurement> {
  const groups = await questionGroups(context, 'pairs');
  const [at, sites] = await sitesOf(context, groups);
  const by = at.map(([axis]) => axis);
  if (by.includes('position') && groups.length > 1) throw new MechanistError('argument', 'One position is compared over prompts of one length.', { field: 'position', hint: 'Choose pairs of equal length.' });
  // Per site: changed less the base run for each prompt; the whole difference for each prompt.
  const gained: number[][] = [];
  const whole: number[] = [];
  const bases: number[] = [];
  // An ablation has no other run to be a share of; what it harms counts up.
  const harm = context.word('metric') === 'kl' ? 1 : -1;
  let own = 0;
  // Resampling exchanges prompts of a batch; these are the batches of a sweep in the view.
  const batches = groups.flatMap((group) => inBatches(group, 64));
  for (const [g, batch] of batches.entries()) {
    const { perRow, cleanPerRow, corruptedPerRow } = await sweep(context.model.model, context.model.runtime, {
      ...batch, ...sites, by, direction, replacement, over: (context.word('over') ?? 'all') as MeanRule, seed: context.seed, signal: context.signal, onProgress: (done, total) => context.progress(g * total + done, batches.length * total),
    });
    const [base, source] = direction === 'denoising' ? [corruptedPerRow, cleanPerRow] : [cleanPerRow, corruptedPerRow];
    const rows = base.length;
    own = siteIndex(sites.hooks.indexOf(context.word('hook')!), perRow.dims.slice(1, -1), at, sites.neurons);
    for (let site = 0; site < perRow.data.length / rows; site++) {
      (gained[site] ??= []).push(...Array.from({ length: rows }, (_, row) => perRow.data[site * rows + row]! - base[row]!));
    }
    bases.push(...base);
    whole.push(...base.map((value, row) => (replacement === 'patch' ? source[row]! - value : harm)));
  }
  if (replacement === 'patch' && !differ(mean(bases), mean(bases) + mean(whole))) throw new MechanistError('argument', 'Clean and corrupted prompts are answered alike, so nothing can be restored or lost.', { field: 'pairs' });
  const share = (values: readonly number[]): number => mean(values) / mean(whole);
  const sums = (drawn: Int32Array, from: readonly number[]): number => drawn.reduce((sum, i) => sum + from[i]!, 0);
  const values = gained[own]!;
  const control = nullOf(othersName(sites, by), gained.filter((_, site) => site !== own).map(share));
  const name = metricName(context);
  return {
    metric: replacement === 'patch' ? `share of the ${name} ${direction === 'denoising' ? 'restored' : 'lost'}` : harm > 0 ? name : `loss of the ${name}`, value: share(values),
    ...(values.length > 1 && { interval: intervalOf(values.length, (drawn) => sums(drawn, values) / sums(drawn, whole), context.seed) }), ...(control && { control }),
  };
}

type At = readonly (readonly [axis: SweepAxis, index: number])[];
type SweptSites = Pick<SweepOptions, 'hooks' | 'neurons' | 'graph' | 'parameters'>;

/** What is asked about, and the places of its kind. Errors: `argument` for a hook that is none of a block, or not that of the dictionary. */
async function sitesOf(context: MethodContext, groups: readonly PromptGroup[]): Promise<[At, SweptSites]> {
  const at: At = (['head', 'position', 'neuron'] as const).flatMap((axis) => {
    const index = context.integer(axis);
    return index === undefined ? [] : [[axis, index] as const];
  });
  const hook = context.word('hook')!;
  const neuron = context.integer('neuron');
  const [dictionary] = context.dictionaries;
  if (dictionary !== undefined) {
    const spliced = splicedFeatures(context.model.model, dictionary);
    if (hook !== spliced.hook || neuron === undefined) throw new MechanistError('argument', `A feature of this dictionary is named by ${spliced.hook} and its index.`, { field: 'hook', hint: 'Without the dictionary, places of the model are patched.' });
    return [at, { ...spliced, hooks: [hook], neurons: await featuresBeside(context, dictionary, spliced, groups, neuron) }];
  }
  const { nLayers } = configOf(context);
  const [, layer, part] = /^blocks\.(\d+)\.(.+)$/.exec(hook) ?? [];
  if (layer === undefined || Number(layer) >= nLayers) throw new MechanistError('argument', 'A hook point inside a block is needed.', { field: 'hook' });
  const hooks = Array.from({ length: nLayers }, (_, i) => `blocks.${i}.${part}`);
  if (neuron === undefined) return [at, { hooks }];
  const width = context.model.model.hookPoints().find(({ name }) => name === hook)?.type.shape?.at(-1);
  if (typeof width !== 'number') throw new MechanistError('argument', `There is no hook point ${hook} with neurons.`, { field: 'hook' });
  return [at, { hooks, neurons: among(context, Array.from({ length: width }, (_, i) => i), neuron) }];
}

/** Active features: others have nothing to patch. One that is not active is measured all the same: nothing happens. */
async function featuresBeside(context: MethodContext, dictionary: Dictionary, spliced: SplicedFeatures, groups: readonly PromptGroup[], feature: number): Promise<number[]> {
  if (feature < 0 || feature >= dictionary.nLatents) throw new MechanistError('argument', `The dictionary has features 0 to ${dictionary.nLatents - 1}.`, { field: 'neuron' });
  return among(context, await activeFeatures(context.model.model, context.model.runtime, spliced, groups), feature);
}

/** One of a list with at most `mostOthers` others of it, drawn by the seed; ascending. */
function among({ seed }: MethodContext, all: readonly number[], own: number): number[] {
  const others = all.filter((index) => index !== own);
  const drawn = others.length <= mostOthers ? others : new Random(seed).permutation(others.length).slice(0, mostOthers).map((i) => others[i]!);
  return [...drawn, own].toSorted((a, b) => a - b);
}

function othersName({ hooks, neurons }: SweptSites, by: readonly SweepAxis[]): string {
  const layers = hooks.length === 1 ? '' : `${hooks.length} layers`;
  const parts = by.map((axis) => (axis === 'neuron' ? `${neurons!.length} ${hooks.length === 1 ? 'active features' : 'neurons'}` : axis === 'head' ? 'all heads' : 'all positions'));
  return `other places: ${[layers, ...parts].filter((part) => part !== '').join(', ')}`;
}

/** Errors: `argument` for an index out of range. */
function siteIndex(layer: number, sizes: readonly number[], at: At, neurons: readonly number[] | undefined): number {
  return at.reduce((index, [name, value], axis) => {
    const size = sizes[axis]!;
    const resolved = name === 'neuron' ? neurons!.indexOf(value) : value < 0 ? value + size : value;
    if (resolved < 0 || resolved >= size) throw new MechanistError('argument', `${value} is out of range; there are ${size}.`, { field: name });
    return index * size + resolved;
  }, layer);
}
