/** Attention heads: what they attend to, and what is lost without them. */
import { headScores } from '../../algorithmic/headScores.ts';
import type { HeadScores } from '../../algorithmic/headScores.ts';
import { MechanistError } from '../../engine/errors.ts';
import type { Intervention } from '../../engine/interventions/intervention.ts';
import { meanRules } from '../../engine/interventions/meanAblation.ts';
import type { MeanRule } from '../../engine/interventions/meanAblation.ts';
import type { TransformerConfig } from '../../engine/models/model.ts';
import { Random } from '../../engine/random.ts';
import type { EvidenceMethod, MethodContext, ParameterField } from '../method.ts';
import { metricPerPrompt } from '../../algorithmic/metricRuns.ts';
import { mean, meanInterval, nullOf } from '../numbers.ts';
import { pairGroups } from '../prompts.ts';

const kinds: Readonly<Record<string, (score: HeadScores) => number>> = {
  previous_token: ({ previousToken }) => previousToken, duplicate_token: ({ duplicateToken }) => duplicateToken, induction: ({ induction }) => induction,
};

export const headScore: EvidenceMethod = {
  id: 'attention.head_score', version: 1, title: 'Head score',
  summary: 'Attention of a head to the previous token, to earlier copies, or to what followed them, on repeated random tokens, beside the other heads.',
  models: 1, dictionary: false, inputs: [],
  parameters: [
    { name: 'head', type: 'text', description: 'LAYER.HEAD, such as 2.3.' },
    { name: 'score', type: 'text', choices: Object.keys(kinds), default: 'induction', description: 'What is scored.' },
    { name: 'span', type: 'integer', default: 30, description: 'Random tokens, which are then repeated.' },
    { name: 'sequences', type: 'integer', default: 10, description: 'How many sequences.' },
  ],
  async run(context) {
    const config = configOf(context);
    const [layer, head] = headNamed(context.word('head')!, config);
    const { tokenizer, model, runtime } = context.model;
    const special = new Set([tokenizer?.bosId, tokenizer?.eosId, tokenizer?.padId]);
    const tokenIds = Array.from({ length: config.dOut }, (_, id) => id).filter((id) => !special.has(id));
    const score = kinds[context.word('score')!]!;
    const sequences = Math.min(1000, context.integer('sequences')!);
    const span = Math.min(context.integer('span')!, Math.floor((config.nCtx - 1) / 2));
    const own: number[] = [];
    const others = new Map<string, number[]>();
    for (let i = 0; i < sequences; i++) {
      await context.step(i, sequences);
      const scores = await headScores(model, runtime, { tokenIds, span, rows: 1, seed: context.seed + i, signal: context.signal, ...(tokenizer?.bosId === undefined ? {} : { bosId: tokenizer.bosId }) });
      for (const found of scores) {
        if (found.layer === layer && found.head === head) own.push(score(found));
        else others.set(`${found.layer}.${found.head}`, [...(others.get(`${found.layer}.${found.head}`) ?? []), score(found)]);
      }
    }
    const interval = meanInterval(own, context.seed);
    const control = nullOf('other heads', [...others.values()].map(mean));
    return { metric: `${context.word('score')!.replace('_', ' ')} score`, unit: 'attention', value: mean(own), ...(interval && { interval }), ...(control && { control }) };
  },
};

/** Which mean an ablation takes, as a parameter. */
export const meanField: ParameterField = {
  name: 'over', type: 'text', choices: meanRules, default: 'all', description: 'The mean: over all prompts of a length and their positions, or over the prompts at each position, for prompts of one template.',
};

export const headAblation: EvidenceMethod = {
  id: 'ablation.head', version: 1, title: 'Head ablation',
  summary: 'What the logit difference of prompts loses without some heads, beside random sets of as many other heads.',
  models: 1, dictionary: false,
  inputs: [{ name: 'pairs', kind: 'pairs', description: 'Prompt pairs; the clean prompts are run.' }],
  parameters: [
    { name: 'heads', type: 'texts', description: 'LAYER.HEAD, …' },
    { name: 'replacement', type: 'text', choices: ['zero', 'mean'], default: 'mean', description: 'What stands for a head that is absent. Beside zero, which no prompt produces, the loss with the mean is recorded.' },
    meanField,
    { name: 'nulls', type: 'integer', default: 20, description: 'Random sets.' },
  ],
  async run(context) {
    const config = configOf(context);
    const heads = context.words('heads')!.map((name) => headNamed(name, config));
    const groups = pairGroups(context, 'pairs');
    const kind = context.word('replacement') as 'zero' | 'mean';
    const over = context.word('over') as MeanRule;
    const random = new Random(context.seed);
    const chosen = new Set(heads.map(String));
    const pool = Array.from({ length: config.nLayers * config.nHeads }, (_, i): [number, number] => [Math.floor(i / config.nHeads), i % config.nHeads]).filter((head) => !chosen.has(String(head)));
    if (pool.length < heads.length) throw new MechanistError('argument', 'There are not enough other heads to compare with.', { field: 'heads' });
    const nulls = Array.from({ length: Math.min(1000, context.integer('nulls')!) }, () => random.permutation(pool.length).slice(0, heads.length).map((at) => pool[at]!));
    const effect = async (set: readonly (readonly [number, number])[], by = kind): Promise<number[]> => {
      const lost: number[] = [];
      for (const { clean, metric } of groups) {
        const [whole, without] = [await run(clean, metric, [], by), await run(clean, metric, set, by)];
        lost.push(...whole.map((value, i) => value - without[i]!));
      }
      return lost;
    };
    const run = (inputs: (typeof groups)[number]['clean'], metric: (typeof groups)[number]['metric'], set: readonly (readonly [number, number])[], by: 'zero' | 'mean'): Promise<number[]> =>
      metricPerPrompt(context.model, { inputs, metric, interventions: ablations(set, config, by, over) });
    const own = await effect(heads);
    const others: number[] = [];
    for (const [i, set] of nulls.entries()) {
      await context.step(i, nulls.length);
      others.push(mean(await effect(set)));
    }
    const interval = meanInterval(own, context.seed);
    const control = nullOf(`random sets of ${heads.length} other heads`, others);
    return {
      metric: 'loss of logit difference', unit: 'logits', value: mean(own), ...(interval && { interval }), ...(control && { control }),
      ...(kind === 'zero' && { measures: { with_mean: mean(await effect(heads, 'mean')) } }),
    };
  },
};

/** Every layer has one, possibly of no head, so that all sets share one program. */
function ablations(set: readonly (readonly [number, number])[], { nLayers }: TransformerConfig, kind: 'zero' | 'mean', over: MeanRule): Intervention[] {
  return Array.from({ length: nLayers }, (_, layer) => ({ hook: `blocks.${layer}.attn.hook_z`, kind, ...(kind === 'mean' && { over }), where: { head: set.filter(([at]) => at === layer).map(([, head]) => head) } }));
}

export function configOf({ model }: Pick<MethodContext, 'model'>): TransformerConfig {
  const { config, source } = model.model;
  if (config === undefined) throw new MechanistError('unsupported', 'The layers and heads of this model are not known.', { file: source });
  return config;
}

/** `2.3` → layer 2, head 3. Errors: `argument`. */
function headNamed(name: string, { nLayers, nHeads }: TransformerConfig): [number, number] {
  const [, layer, head] = /^(\d{1,5})\.(\d{1,5})$/.exec(name) ?? [];
  if (layer === undefined || Number(layer) >= nLayers || Number(head) >= nHeads) {
    throw new MechanistError('argument', `"${name}" is no head of this model; it has layers 0 to ${nLayers - 1} with heads 0 to ${nHeads - 1}.`, { field: 'head' });
  }
  return [Number(layer), Number(head)];
}
