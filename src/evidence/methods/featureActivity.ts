/** Where a dictionary's feature is active: on a text, and against labels. */
import type { Dictionary } from '../../engine/dictionaries/dictionary.ts';
import { MechanistError } from '../../engine/errors.ts';
import { Random } from '../../engine/random.ts';
import { i64 } from '../../engine/tensor.ts';
import { aurocInterval, aurocOfScores } from '../../semantic/groundTruth/auroc.ts';
import { columnOf } from '../../semantic/groundTruth/columns.ts';
import type { Activations } from '../../semantic/groundTruth/columns.ts';
import { harvest } from '../../semantic/groundTruth/harvest.ts';
import type { EvidenceMethod, OpenedModel } from '../method.ts';
import { labelledExamples } from '../labels.ts';
import { mean, meanInterval, nullOf } from '../numbers.ts';
import { textLines } from '../prompts.ts';

export const featureStatistics: EvidenceMethod = {
  id: 'feature.statistics', version: 1, title: 'Feature statistics',
  summary: 'Share of the tokens of a text on which a feature is active, with its mean and largest activation, beside all features of the dictionary.',
  models: 1, dictionary: true,
  inputs: [{ name: 'text', kind: 'text', description: 'Lines, each read on its own.' }],
  parameters: [{ name: 'feature', type: 'integer', description: 'Index.' }],
  async run(context) {
    const [dictionary] = context.dictionaries as [Dictionary];
    const feature = featureIn(dictionary, context.integer('feature')!);
    const lines = textLines(context.model, context.text('text')!);
    const perLine: number[] = [];
    const values: number[] = [];
    const active = new Float64Array(dictionary.nLatents);
    for (const [i, { ids }] of lines.entries()) {
      await context.step(i, lines.length);
      const acts = await activations(context.model, dictionary, ids, context.signal);
      const own = acts.dense(feature);
      values.push(...own);
      perLine.push(own.filter((value) => value > 0).length / own.length);
      for (let f = 0; f < dictionary.nLatents; f++) active[f]! += acts.column(f).rows.length;
    }
    const firing = values.filter((value) => value > 0);
    const share = firing.length / values.length;
    const interval = meanInterval(perLine, context.seed);
    return {
      metric: 'share of active tokens', value: share, ...(interval && { interval: [Math.min(interval[0], share), Math.max(interval[1], share)] as const }),
      control: nullOf('all features', active.map((count) => count / values.length))!,
      measures: { mean_activation: firing.length === 0 ? 0 : mean(firing), largest_activation: firing.reduce((a, b) => Math.max(a, b), 0) },
    };
  },
};

export const featureAuroc: EvidenceMethod = {
  id: 'feature.auroc', version: 1, title: 'Feature against labels',
  summary: 'AUROC of a feature for a label of tokens on held-out contexts, beside the same labels shuffled.',
  models: 1, dictionary: true,
  inputs: [{ name: 'labelled', kind: 'labelled', description: 'Tokens with the class of each.' }],
  parameters: [
    { name: 'feature', type: 'integer', description: 'Index.' },
    { name: 'variable', type: 'text', description: 'Variable of the file.' },
    { name: 'class', type: 'integer', default: 1, description: 'Class that is asked for.' },
    { name: 'nulls', type: 'integer', default: 50, description: 'Shuffles.' },
  ],
  async run(context) {
    const [dictionary] = context.dictionaries as [Dictionary];
    const feature = featureIn(dictionary, context.integer('feature')!);
    const { heldOut } = labelledExamples(context.file('labelled'), context.word('variable')!, context.integer('class')!);
    const { features } = await harvest({ model: context.model.model, runtime: context.model.runtime, contexts: heldOut.contexts, hooks: [], dictionaries: [dictionary], signal: context.signal });
    const all = features.get(dictionary.id)!.dense(feature);
    const scores = Float32Array.from(heldOut.rows, (row) => all[row]!);
    const auroc = aurocOfScores(columnOf(scores), heldOut.y);
    const random = new Random(context.seed);
    const nulls = Array.from({ length: Math.min(1000, context.integer('nulls')!) }, () => {
      const order = random.permutation(scores.length);
      return aurocOfScores(columnOf(scores), Uint8Array.from(order, (at) => heldOut.y[at]!));
    });
    const positive = heldOut.y.reduce((sum, value) => sum + value, 0);
    const control = nullOf('shuffled labels', nulls);
    return { metric: 'AUROC', value: auroc, interval: aurocInterval(auroc, positive, heldOut.y.length - positive), ...(control && { control }) };
  },
};

/** Errors: `argument` for a feature the dictionary does not have. */
export function featureIn({ nLatents }: Dictionary, feature: number): number {
  if (feature < 0 || feature >= nLatents) throw new MechanistError('argument', `The dictionary has features 0 to ${nLatents - 1}.`, { field: `feature ${feature}` });
  return feature;
}

/** Activations of all features on one line of tokens. */
export async function activations({ model, runtime }: OpenedModel, dictionary: Dictionary, ids: readonly number[], signal: AbortSignal): Promise<Activations> {
  const { features } = await harvest({ model, runtime, contexts: i64([1, ids.length], ids), hooks: [], dictionaries: [dictionary], signal });
  return features.get(dictionary.id)!;
}
