/** The table of all models in the zoo's README. */
import { grouped, percent, table } from './markdown.ts';
import { behaviorTitles, bestHead, ratioWithInterval } from './modelReadme.ts';
import type { ModelReport } from './modelReadme.ts';

/** One column per model, then the n-gram model and the first model before training. */
export function modelTable(reports: readonly ModelReport[]): string {
  const [main] = reports;
  if (main === undefined) return 'No model has been trained.';
  const { ngram, untrained } = main.evaluation;
  const blank = ['', ''];
  const row = (title: string, value: (report: ModelReport) => string, controls: readonly string[] = blank): string[] => [title, ...reports.map(value), ...controls];
  const scoreOf = (scores: { readonly behaviors: ModelReport['evaluation']['trained']['behaviors'] }, name: string): string => percent(scores.behaviors.find((score) => score.name === name)!.score, 2);
  const head = (kind: 'previousToken' | 'induction') => (scores: ModelReport['evaluation']['trained']): string => {
    const best = bestHead(scores.heads, kind);
    return `${best[kind].toFixed(2)} (${best.layer}.${best.head})`;
  };
  return table(['', ...reports.map(({ plan }) => `[${plan.id}](models/${plan.id}/README.md)`), `${ngram.order}-gram`, 'untrained'], [
    row('layers, width, heads', ({ plan: { config } }) => `${config.num_hidden_layers}, ${config.hidden_size}, ${config.num_attention_heads}`),
    row('parameters', ({ parameters }) => grouped(parameters)),
    row('file', ({ bytes }) => `${(bytes / 1e6).toFixed(1)} MB`),
    row('tokens seen', ({ plan }) => `${(plan.steps * plan.batch * plan.context / 1e6).toFixed(1)} M`, [`${(ngram.tokens / 1e6).toFixed(1)} M`, '']),
    ...Object.entries(behaviorTitles).map(([name, title]) => row(title, ({ evaluation }) => scoreOf(evaluation.trained, name), [scoreOf(ngram, name), scoreOf(untrained, name)])),
    row('stories: perplexity / grammar', ({ evaluation }) => ratioWithInterval(evaluation.trained.story), [ngram.story.ratio.toFixed(2), untrained.story.ratio.toFixed(0)]),
    row('best previous-token head', ({ evaluation }) => head('previousToken')(evaluation.trained), ['', head('previousToken')(untrained)]),
    row('best induction head', ({ evaluation }) => head('induction')(evaluation.trained), ['', head('induction')(untrained)]),
  ]);
}
