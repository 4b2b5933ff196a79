/** The README of one model, written from its plan, its curve and its evaluation. */
import type { HeadScores } from '../../src/algorithmic/headScores.ts';
import type { CurvePoint } from '../train.ts';
import { zooModels } from '../plans.ts';
import type { ZooModel } from '../plans.ts';
import { mixChanges } from '../stream.ts';
import type { BehaviorScore, Measure, StoryScore } from './behaviors.ts';
import { meanLoss } from './curveSvg.ts';
import type { Evaluation, PredictorScores } from './evaluation.ts';
import { grouped, percent, table } from './markdown.ts';
import { behaviorTargets, headScoreTarget, storyRatioTarget } from './targets.ts';

export interface ModelReport {
  readonly plan: ZooModel;
  readonly curve: readonly CurvePoint[];
  readonly evaluation: Evaluation;
  /** How long training took, where it was measured. */
  readonly training: { readonly seconds: number; readonly threads: number } | undefined;
  readonly parameters: number;
  readonly bytes: number;
}

export const behaviorTitles: Readonly<Record<string, string>> = {
  induction20: 'induction, spans of 20',
  induction40: 'induction, spans of 40',
  ioi: 'indirect object',
  agreement: 'agreement',
  bracket: 'bracket type',
  greaterThan: 'greater-than',
  docstring: 'docstring',
};

const measureTitles: Readonly<Record<Measure, string>> = {
  top1: 'right token is the most probable',
  preferred: 'right token above the wrong ones',
  mass: 'probability of all right tokens',
};

/** `others`: models of the zoo shown beside this one. `remarks`: what a target that was not reached is due to. */
export function modelReadme(report: ModelReport, others: readonly Evaluation[], remarks: Readonly<Record<string, string>> = {}): string {
  const { plan, evaluation } = report;
  return `${[
    `# ${plan.id}`,
    `A language model of the zoo, trained by this project's engine on the corpus Fable (\`zoo/corpus\`). Written by \`npm run zoo:report\`; numbers are in \`evaluation.json\`.`,
    '```\n'
    + `npm run zoo:train -- ${plan.id}\n`
    + '```',
    architecture(report),
    '## Loss',
    '![Loss against step](curve.svg)',
    lossTable(report.curve),
    `Mean of the 20 steps up to the one named, nats per token. The mix, described in \`zoo/corpus\`, changes at steps ${mixChanges(plan).map(grouped).join(', ')}, and spans of random tokens are part of it, so that the curve is no measure of language alone. Every step is in \`curve.json\`.`,
    '## Behaviours',
    'Held-out templates and held-out combinations of entities. Intervals are 95 %: Wilson where items are independent, otherwise a bootstrap over documents.',
    behaviors(evaluation),
    ...shortfalls(plan, evaluation, remarks),
    '### Beside others',
    comparison(evaluation, others),
    storyLine(evaluation),
    '## Heads',
    heads(evaluation),
  ].join('\n\n')}\n`;
}

/** "98.7 % [98.1, 99.1]". */
function withInterval({ score, low, high }: BehaviorScore, digits = 1): string {
  return `${percent(score, digits)} [${(100 * low).toFixed(digits)}, ${(100 * high).toFixed(digits)}]`;
}

/** "1.08 [1.06, 1.10]"; large ratios without decimals. */
export function ratioWithInterval({ ratio, low, high }: StoryScore): string {
  const digits = ratio < 10 ? 2 : 0;
  return `${ratio.toFixed(digits)} [${low.toFixed(digits)}, ${high.toFixed(digits)}]`;
}

/** Names of the targets that the scores do not reach. */
export function missedTargets({ behaviors: scores, story }: PredictorScores): string[] {
  return [
    ...scores.filter(({ name, score }) => score < behaviorTargets[name]!).map(({ name }) => name),
    ...(story.ratio > storyRatioTarget ? ['story'] : []),
  ];
}

/** The head with the highest score of a kind. */
export function bestHead(scores: readonly HeadScores[], kind: 'previousToken' | 'duplicateToken' | 'induction'): HeadScores {
  return scores.reduce((best, head) => (head[kind] > best[kind] ? head : best));
}

function architecture({ plan, parameters, bytes, training, evaluation }: ModelReport): string {
  const { hidden_size: d, num_hidden_layers: layers, num_attention_heads: heads, intermediate_size: mlp } = plan.config;
  const rows: [string, string][] = [
    ['architecture', `Llama (rotary positions, RMS norms${plan.attentionOnly ? '; the MLPs are zero and not trained' : ', gated MLPs'}): ${layers} layers, width ${d}, ${heads} heads of ${d / heads}${plan.attentionOnly ? '' : `, MLP width ${mlp}`}`],
    ['parameters', `${grouped(parameters)}, half precision, ${(bytes / 1e6).toFixed(1)} MB`],
    ['seed', String(plan.seed)],
    ['training', `${grouped(plan.steps)} steps of ${plan.batch} × ${plan.context} tokens, ${(plan.steps * plan.batch * plan.context / 1e6).toFixed(1)} M in all; AdamW; ${plan.stages.map(({ through, peak, mix }) => `to step ${grouped(through)} on the ${mix} mix from a learning rate of ${peak}`).join(', then ')}`],
    ...(training === undefined ? [] : [['time', `${Math.round(training.seconds / 60)} minutes by the clock on ${training.threads} thread${training.threads === 1 ? '' : 's'}, with other work beside it`] as [string, string]]),
    ['weights', `SHA-256 \`${evaluation.hash.slice(0, 16)}…\``],
  ];
  return rows.map(([name, value]) => `- **${name}**: ${value}`).join('\n');
}

function lossTable(curve: readonly CurvePoint[]): string {
  const steps = [20, 100, 200, 400, 600, 800, 1000, 1200, 1500, 1800, 2100, 2400, 3000, 4000].filter((step) => step < curve.length).concat(curve.length);
  return table(['step', ...steps.map(grouped)], [['loss', ...steps.map((step) => meanLoss(curve.slice(Math.max(0, step - 20), step)).toFixed(3))]]);
}

function behaviors({ trained: { behaviors: scores, story } }: Evaluation): string {
  return table(
    ['behaviour', 'measure', 'n', 'score', 'target'],
    scores.map((score) => [
      behaviorTitles[score.name]!, measureTitles[score.measure], score.items === score.documents ? grouped(score.items) : `${grouped(score.items)} in ${score.documents} documents`,
      withInterval(score, 2), `≥ ${percent(behaviorTargets[score.name]!, 0)}`,
    ]).concat([[
      'stories', 'perplexity / that of the grammar', `${grouped(story.tokens)} in ${story.stories} documents`, ratioWithInterval(story), `≤ ${storyRatioTarget}`,
    ]]),
    2,
  );
}

/** The same questions put to the other models, to the n-gram model and to this model before training. */
function comparison({ trained, untrained, ngram }: Evaluation, others: readonly Evaluation[]): string {
  const columns: [string, PredictorScores][] = [...others.map((other): [string, PredictorScores] => [other.model, other.trained]), [`${ngram.order}-gram`, ngram], ['untrained', untrained]];
  return table(['behaviour', 'n', ...columns.map(([title]) => title)], [
    ...trained.behaviors.map(({ name, items }) => [
      behaviorTitles[name]!, grouped(items), ...columns.map(([, { behaviors: scores }]) => withInterval(scores.find((score) => score.name === name)!)),
    ]),
    ['stories', grouped(trained.story.tokens), ...columns.map(([, { story }]) => ratioWithInterval(story))],
  ]);
}

function storyLine({ trained: { story }, ngram }: Evaluation): string {
  return `On the stories, from the second sentence on, the model's cross-entropy is ${story.nats.toFixed(3)} nats per token (perplexity ${Math.exp(story.nats).toFixed(3)}); the grammar's own is ${story.grammarNats.toFixed(3)} (${Math.exp(story.grammarNats).toFixed(3)}). `
    + `The ${ngram.order}-gram model (interpolated, absolute discounting) counted ${grouped(ngram.tokens)} tokens of the same stream. "Untrained" is the same architecture and seed before the first step.`;
}

function shortfalls(plan: ZooModel, { trained }: Evaluation, remarks: Readonly<Record<string, string>>): string[] {
  const missed = missedTargets(trained);
  if (missed.length === 0) return [];
  const title = (name: string): string => behaviorTitles[name] ?? 'stories';
  return [
    '### Not reached',
    ...(plan === zooModels[0] ? [] : ['The targets were set for the main model of the zoo, which this one is not.']),
    `${missed.map((name) => `- **${title(name)}**${remarks[name] === undefined ? '' : `: ${remarks[name]}`}`).join('\n')}`,
  ];
}

function heads({ trained, untrained }: Evaluation): string {
  const kinds = ['previousToken', 'duplicateToken', 'induction'] as const;
  const bold = (score: number): string => (score >= headScoreTarget ? `**${score.toFixed(2)}**` : score.toFixed(2));
  const highest = (scores: readonly HeadScores[]): string[] => kinds.map((kind) => bestHead(scores, kind)[kind].toFixed(2));
  return [
    'On 20 spans of 40 random tokens, each repeated once: mean attention to the previous token, to the earlier copy of the current token, and to the token after it. Scores of 0.5 and more are bold.',
    table(
      ['head (layer.head)', 'previous token', 'duplicate token', 'induction'],
      [
        ...trained.heads.map((head) => [`${head.layer}.${head.head}`, ...kinds.map((kind) => bold(head[kind]))]),
        ['highest, untrained', ...highest(untrained.heads)],
      ],
    ),
  ].join('\n\n');
}
