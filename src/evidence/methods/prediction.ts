/** What a model predicts: the answer to prompts against a wrong one, and how surprised it is by a text. */
import { metricPerRowOutput } from '../../engine/metrics/append.ts';
import { metricGraph } from '../../engine/metrics/metricGraph.ts';
import { requireCausal } from '../../engine/models/causal.ts';
import { prune } from '../../engine/graph/prune.ts';
import { MechanistError } from '../../engine/errors.ts';
import { Random } from '../../engine/random.ts';
import { numbersOf } from '../../engine/tensor.ts';
import type { EvidenceMethod, OpenedModel } from '../method.ts';
import { metricPerPrompt } from '../../algorithmic/metricRuns.ts';
import { mean, meanInterval } from '../numbers.ts';
import { idsFeed, pairGroups, textLines } from '../prompts.ts';

export const logitDifference: EvidenceMethod = {
  id: 'prediction.logit_difference', version: 1, title: 'Logit difference',
  summary: 'Mean logit of the right answers less that of the wrong ones after the clean prompts, beside the corrupted prompts.',
  models: 1, dictionary: false,
  inputs: [{ name: 'pairs', kind: 'pairs', description: 'Prompt pairs with answers and distractors.' }],
  parameters: [],
  async run(context) {
    const clean: number[] = [];
    const corrupted: number[] = [];
    for (const group of pairGroups(context, 'pairs')) {
      clean.push(...await metricPerPrompt(context.model, { inputs: group.clean, metric: group.metric, interventions: [] }));
      corrupted.push(...await metricPerPrompt(context.model, { inputs: group.corrupted, metric: group.metric, interventions: [] }));
    }
    const [interval, null_] = [meanInterval(clean, context.seed), meanInterval(corrupted, context.seed)];
    return {
      metric: 'logit difference', unit: 'logits', value: mean(clean), ...(interval && { interval }),
      control: { name: 'corrupted prompts', value: mean(corrupted), ...(null_ && { interval: null_ }) },
      measures: { right: clean.filter((value) => value > 0).length / clean.length },
    };
  },
};

export const surprise: EvidenceMethod = {
  id: 'prediction.surprise', version: 1, title: 'Surprise',
  summary: 'Mean −log2 probability of the tokens of a text, beside the same tokens in random order.',
  models: 1, dictionary: false,
  inputs: [{ name: 'text', kind: 'text', description: 'Lines, each read on its own.' }],
  parameters: [],
  async run(context) {
    const random = new Random(context.seed);
    const lines = textLines(context.model, context.text('text')!).filter(({ ids }) => ids.length > 2);
    if (lines.length === 0) throw new MechanistError('argument', 'Every line is shorter than three tokens.', { field: 'text' });
    const values: number[] = [];
    const shuffled: number[] = [];
    for (const [i, { ids }] of lines.entries()) {
      await context.step(i, lines.length);
      const [first, ...rest] = ids;
      values.push(await bitsPerToken(context.model, ids));
      shuffled.push(await bitsPerToken(context.model, [first!, ...random.permutation(rest.length).map((at) => rest[at]!)]));
    }
    const [interval, null_] = [meanInterval(values, context.seed), meanInterval(shuffled, context.seed)];
    return {
      metric: 'surprise', unit: 'bits', value: mean(values), ...(interval && { interval }),
      control: { name: 'tokens in random order', value: mean(shuffled), ...(null_ && { interval: null_ }) },
    };
  },
};

/** Mean over all tokens but the first. */
async function bitsPerToken({ model, runtime }: OpenedModel, ids: readonly number[]): Promise<number> {
  requireCausal(model, 'the surprise of tokens');
  const graph = prune(metricGraph(model.graph(), { kind: 'loss' }, model.output), [metricPerRowOutput]);
  const run = await runtime.run(graph, model.feeds(idsFeed(ids)), model.parameters);
  return numbersOf(run.get(metricPerRowOutput)!)[0]! / (ids.length - 1) / Math.LN2;
}
