/** The question that every tab answers: why this token rather than that one, after this prompt. Pure. */
import type { Prediction } from '../../../src/protocol/methods.ts';
import type { Prompts, QuestionMetric } from '../../../src/protocol/methods/algorithmic.ts';
import type { PromptToken } from '../../../src/protocol/methods/algorithmicResults.ts';
import { visibleToken } from '../../shared/notation.ts';
import { plainToken } from '../../../src/protocol/shownToken.ts';
import { t } from '../../shared/strings.ts';

export type MetricKind = QuestionMetric['kind'];

export interface Answer {
  readonly token: string;
  readonly id: number;
}

/** A file of prompt pairs. `line`: the pair that the question is; without `all`, only that one is measured. */
export interface PairSet {
  readonly path: string;
  readonly count: number;
  readonly all: boolean;
}

export interface Question {
  readonly text: string;
  /** Empty: none yet. */
  readonly corrupted: string;
  readonly metric: MetricKind;
  readonly target: Answer | undefined;
  readonly distractor: Answer | undefined;
  readonly pairs: PairSet | undefined;
}

export const emptyQuestion: Question = { text: '', corrupted: '', metric: 'logit_diff', target: undefined, distractor: undefined, pairs: undefined };

/** The metric as the engine takes it; undefined while an answer is missing. */
export function metricOf({ metric, target, distractor }: Question): QuestionMetric | undefined {
  switch (metric) {
    case 'kl': return { kind: 'kl' };
    case 'log_prob': return target === undefined ? undefined : { kind: 'log_prob', target: target.id };
    case 'logit_diff': return target === undefined || distractor === undefined ? undefined : { kind: 'logit_diff', target: target.id, distractor: distractor.id };
  }
}

/** What patching and circuits run on; undefined while something is missing. */
export function promptsOf(question: Question): Prompts | undefined {
  const { text, corrupted, pairs } = question;
  if (pairs?.all === true) return { kind: 'pairs', source: { kind: 'file', path: pairs.path }, limit: 200 };
  const metric = metricOf(question);
  return metric === undefined || text === '' || corrupted === '' ? undefined : { kind: 'pair', clean: text, corrupted, metric };
}

export interface Alignment {
  /** Positions that differ; undefined when the two cannot be laid beside each other. */
  readonly differing: readonly number[] | undefined;
  readonly lengths: readonly [number, number];
}

/** Lays two prompts beside each other token by token. */
export function align(clean: readonly PromptToken[], corrupted: readonly PromptToken[]): Alignment {
  const lengths = [clean.length, corrupted.length] as const;
  if (lengths[0] !== lengths[1]) return { differing: undefined, lengths };
  return { differing: clean.flatMap(({ id }, position) => (id === corrupted[position]!.id ? [] : [position])), lengths };
}

/** The tokens of a text, without the special ones that were put in front of it. */
export function ownTokens(tokens: readonly PromptToken[], text: string): readonly PromptToken[] {
  for (let from = 0; from < tokens.length; from++) {
    if (tokens.slice(from).map((token) => plainToken(token.text)).join('') === text) return tokens.slice(from);
  }
  return tokens;
}

/** The answer that a text stands for, among predictions first: they need no further request. */
export function answerAmong(predictions: readonly Prediction[], text: string): Answer | undefined {
  const found = predictions.find(({ token }) => plainToken(token) === text);
  return found === undefined ? undefined : { token: found.token, id: found.id };
}

/** Unit and name of the metric, for axes and headings. */
export function metricName(kind: MetricKind): string {
  switch (kind) {
    case 'logit_diff': return t('logit difference');
    case 'log_prob': return t('log-probability (nats)');
    case 'kl': return t('KL from the clean prediction (nats)');
  }
}

/** A short name for the tab: “Mary, not John”. */
export function questionTitle({ target, distractor, metric }: Question): string | undefined {
  if (target === undefined) return undefined;
  const name = visibleToken(target.token);
  return metric === 'logit_diff' && distractor !== undefined ? `${name} / ${visibleToken(distractor.token)}` : name;
}

/** Whether two questions are about different runs, so that results no longer hold. */
export function sameQuestion(a: Question, b: Question): boolean {
  return a.text === b.text && a.corrupted === b.corrupted && a.metric === b.metric && a.target?.id === b.target?.id && a.distractor?.id === b.distractor?.id
    && a.pairs?.path === b.pairs?.path && a.pairs?.all === b.pairs?.all;
}
