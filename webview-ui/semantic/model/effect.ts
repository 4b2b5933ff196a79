/** What a feature does to the model's output: the request, the rows, the evidence. Pure. */
import type { FeatureCard, FeatureEffect, LossEffect } from '../../../src/protocol/methods/semanticResults.ts';
import type { FeatureAction } from '../../../src/protocol/methods/semantic.ts';
import type { Pin, Subject } from '../../../src/protocol/views/panel.ts';
import { figureOfChart } from '../../shared/charts/pinned.ts';
import type { SeriesChart } from '../../shared/charts/spec.ts';
import { textOfTokens, visibleToken } from '../../shared/notation.ts';
import { t } from '../../shared/strings.ts';

export type ActionKind = FeatureAction['kind'];

export interface Dial {
  readonly from: number;
  readonly to: number;
  readonly step: number;
}

/** Range of the slider: a clamp from −max to twice the largest activation, steering from −3 to 3 largest activations. */
export function dialOf(kind: ActionKind, max: number): Dial | undefined {
  if (kind === 'ablate') return undefined;
  if (kind === 'steer') return { from: -3, to: 3, step: 0.25 };
  const largest = max > 0 ? max : 1;
  const step = 10 ** Math.floor(Math.log10(largest / 10));
  const round = (value: number): number => Math.round(value / step) * step;
  return { from: -round(largest), to: round(2 * largest), step };
}

/** The value that each kind of action starts with: something that can be seen. */
export function firstValue(kind: ActionKind, max: number): number {
  return kind === 'steer' ? 1 : kind === 'clamp' ? Number((dialOf(kind, max)!.to).toPrecision(3)) : 0;
}

export function actionOf(kind: ActionKind, value: number): FeatureAction {
  switch (kind) {
    case 'ablate': return { kind };
    case 'clamp': return { kind, value };
    case 'steer': return { kind, strength: value };
  }
}

/** A text to start with: the strongest example up to its peak. */
export function exampleText(card: FeatureCard): string {
  const example = card.bands.find(({ kind }) => kind === 'top')?.examples[0];
  if (example === undefined) return '';
  const until = example.tokens.slice(0, example.peak + 1);
  // What stands before a mark such as <eos> is another text.
  const from = until.findLastIndex((token, index) => index < example.peak && /^<[^<>\s]+>$/.test(token)) + 1;
  return textOfTokens(until.slice(from)).trimStart();
}

export interface NextRow {
  readonly token: string;
  readonly unchanged: number;
  readonly changed: number;
  readonly random: number;
  /** Difference that the change makes, and that the random direction makes. */
  readonly difference: number;
  readonly randomDifference: number;
}

export function nextRows({ next }: FeatureEffect, limit: number): NextRow[] {
  return next.slice(0, limit).map(({ token, default: unchanged, changed, random }) => ({ token, unchanged, changed, random, difference: changed - unchanged, randomDifference: random - unchanged }));
}

/** Whether the effect is more than that of an arbitrary direction of the same size. */
export function verdict({ changed, random, norm }: FeatureEffect): string {
  if (norm === 0) return t('Nothing is changed: the feature is silent in this text, or clamped to the value that it has.');
  const times = changed.kl / Math.max(random.kl, 1e-9);
  const text = times >= 10 ? times.toFixed(0) : times.toFixed(1);
  if (times > 3) return t('The change is specific: {0} times that of a random direction of equal norm.', text);
  return t('Not clearly more than a random direction of equal norm ({0} times): no evidence that the feature itself does this.', text);
}

/** Probabilities of the next token in the three runs. */
function effectChart(effect: FeatureEffect, text: string): SeriesChart {
  const rows = nextRows(effect, 8);
  const x = rows.map(({ token }) => visibleToken(token));
  return {
    kind: 'bars', title: t('What follows “{0}”', text.length > 60 ? `…${text.slice(-58)}` : text), x: { title: t('next token') }, y: { title: t('probability') },
    series: [
      { name: t('unchanged'), role: 'category', x, y: rows.map(({ unchanged }) => unchanged) }, { name: t('changed'), role: 'category', x, y: rows.map(({ changed }) => changed) },
      { name: t('random direction'), role: 'control', x, y: rows.map(({ random }) => random) },
    ],
  };
}

/** `max`: the feature's largest activation, of which the strength of steering is a multiple. */
export function effectPin(subject: Subject, text: string, action: FeatureAction, effect: FeatureEffect, max: number): Pin {
  const figure = figureOfChart(effectChart(effect, text));
  const done = action.kind === 'clamp' ? { clamp: action.value } : action.kind === 'steer' ? { add: action.strength * max } : {};
  return {
    subjects: [subject], ...(figure === undefined ? {} : { figure }),
    evidence: [{
      method: action.kind === 'ablate' ? 'ablation.feature@1' : 'steering.feature@1', metric: 'KL of the next-token distribution from the unchanged one', unit: 'nats', value: effect.changed.kl,
      control: { name: 'random direction of equal norm', value: effect.random.kl }, inputs: { text }, parameters: { subject: subject.subject, ...done },
    }],
  };
}

/** The largest size in a loss effect, for one scale over its rows; NaN of first tokens is passed over. */
export function lossScale({ rows }: LossEffect): number {
  let most = 0;
  for (const { delta } of rows) for (const value of delta) if (Math.abs(value) > most) most = Math.abs(value);
  return most;
}
