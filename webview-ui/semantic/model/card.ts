/** From a feature's card to what is drawn. Pure. */
import type { LabelScore } from '../../../src/protocol/methods/labelResults.ts';
import type { Connection, ExampleBand, FeatureCard, FeatureExample, Neighbour, NeighbourWarning, TruthMatch } from '../../../src/protocol/methods/semanticResults.ts';
import type { Pin, Subject } from '../../../src/protocol/views/panel.ts';
import { figureOfChart } from '../../shared/charts/pinned.ts';
import type { SeriesChart } from '../../shared/charts/spec.ts';
import { activationText } from '../../shared/notation.ts';
import { t } from '../../shared/strings.ts';
import { exampleText } from './effect.ts';
import type { Place } from './place.ts';
import { scoreText, shareText } from './words.ts';

export interface Claim {
  readonly text: string;
  /** What it has to be compared with. */
  readonly control: string;
  /** Whether it is clearly better than its controls. */
  readonly holds: boolean;
}

/** A score must beat its controls by this much to count. */
const margin = 0.2;

/** Why to believe the label, each reason with its control. */
export function reasons(score: LabelScore | undefined, truth: TruthMatch | undefined): Claim[] {
  const claims: Claim[] = [];
  if (score !== undefined) {
    claims.push({
      text: t('label found again in held-out examples: {0}', scoreText(score.detection)), control: t('wrong label {0}, shuffled {1}', scoreText(score.wrongLabel), scoreText(score.shuffled)),
      holds: score.detection - Math.max(score.wrongLabel, score.shuffled) >= margin,
    });
    claims.push({ text: t('tokens found again: {0}', scoreText(score.fuzzing)), control: t('wrong label {0}', scoreText(score.fuzzingWrongLabel)), holds: score.fuzzing - score.fuzzingWrongLabel >= margin });
  }
  if (truth !== undefined) claims.push({ text: t('ground truth “{0}”: AUROC {1}', truth.variable, scoreText(truth.auroc)), control: t('shuffled {0}', scoreText(truth.shuffledAuroc)), holds: truth.auroc - truth.shuffledAuroc >= margin });
  return claims;
}

export interface Band {
  readonly title: string;
  readonly examples: readonly FeatureExample[];
}

/** The bands of a kind; quantiles from the strongest. */
export function bandsOf(card: FeatureCard, kind: Place['band']): Band[] {
  const bands = card.bands.filter((band) => band.kind === kind);
  return (kind === 'quantile' ? bands.toSorted((a, b) => b.low - a.low) : bands).map((band) => ({ title: bandTitle(band), examples: band.examples }));
}

/** The kinds of bands that have examples, for the tabs. */
export function bandKinds(card: FeatureCard): { readonly kind: Place['band']; readonly count: number }[] {
  return (['top', 'quantile', 'random', 'zero'] as const)
    .map((kind) => ({ kind, count: card.bands.filter((band) => band.kind === kind).reduce((sum, { examples }) => sum + examples.length, 0) }))
    .filter(({ count }) => count > 0);
}

/** Counts on a logarithmic axis; empty bins are left out, the logarithm has no place for them. */
export function histogramChart({ histogram, tokens, fired }: FeatureCard): SeriesChart {
  const { edges, counts, zeros } = histogram;
  const filled = counts.map((count, bin) => ({ count, middle: (edges[bin]! + edges[bin + 1]!) / 2 })).filter(({ count }) => count > 0);
  return {
    kind: 'bars', title: t('activations of {0} of {1} tokens; zero on {2}', fired.toLocaleString('en'), tokens.toLocaleString('en'), zeros.toLocaleString('en')),
    x: { title: t('activation') }, y: { title: t('tokens'), log: true },
    series: [{ name: t('tokens'), role: 'main', x: filled.map(({ middle }) => middle), y: filled.map(({ count }) => count) }],
  };
}

/** The card as the beginning of a finding: how strongly the feature fires, and the strongest example to measure it on. */
export function cardPin(card: FeatureCard, subject: Subject): Pin {
  const figure = figureOfChart(histogramChart(card));
  const text = exampleText(card);
  return { subjects: [subject], evidence: [], ...(figure === undefined ? {} : { figure }), ...(text === '' ? {} : { text: text.slice(0, 4000) }) };
}

export interface NeighbourRow {
  readonly feature: number;
  readonly name: string;
  readonly cosine: string;
  /** Both fire, of the tokens on which either does. */
  readonly together: string;
  readonly control: string;
  readonly warning: NeighbourWarning['kind'] | undefined;
}

/** Decoder neighbours and co-active features in one list, each once, the closest first. */
export function neighbourRows({ decoderNeighbours, coactive, warnings, randomCosine }: FeatureCard): NeighbourRow[] {
  const merged = new Map<number, Neighbour>();
  for (const one of [...decoderNeighbours, ...coactive]) merged.set(one.feature, { ...merged.get(one.feature), ...one });
  return Array.from(merged.values(), (neighbour) => ({
    feature: neighbour.feature, name: neighbour.label ?? neighbour.topTokens.slice(0, 3).join(' '),
    cosine: scoreText(neighbour.cosine), together: neighbour.jaccard === undefined ? '–' : scoreText(neighbour.jaccard),
    control: [t('random cos {0}', scoreText(randomCosine)), ...(neighbour.expected === undefined ? [] : [t('by chance {0}', shareText(neighbour.expected))])].join(' · '),
    warning: warnings.find(({ feature }) => feature === neighbour.feature)?.kind,
  }));
}

export function warningText({ kind, feature, cosine, jaccard }: NeighbourWarning): string {
  return kind === 'splitting'
    ? t('Perhaps one feature split in two: #{0} points the same way (cos {1}) and fires on other tokens (Jaccard at most {2}).', feature, scoreText(cosine), scoreText(jaccard))
    : t('Perhaps absorbed: #{0} points the same way (cos {1}) but fires elsewhere (Jaccard at most {2}); this one may be silent where that one speaks.', feature, scoreText(cosine), scoreText(jaccard));
}

/** Direct weights beside the weight of a random direction of the same norm. */
export function connectionRows(connections: readonly Connection[], limit: number): { readonly component: string; readonly value: number; readonly text: string; readonly control: number; readonly controlText: string }[] {
  return connections.slice(0, limit).map(({ component, weight, random }) => ({ component, value: weight, text: activationText(weight), control: random, controlText: activationText(random) }));
}

/** The largest value among the examples that are shown: one scale for all of them. */
export function strongest(bands: readonly Band[]): number {
  return bands.flatMap(({ examples }) => examples).reduce((most, { values }) => Math.max(most, ...values), 0);
}

function bandTitle({ kind, low, high, quantile }: ExampleBand): string {
  switch (kind) {
    case 'top': return t('strongest activations, down to {0}', activationText(low));
    case 'quantile': return t('{0}–{1} of the activations: {2} to {3}', shareText(quantile?.[0] ?? 0), shareText(quantile?.[1] ?? 1), activationText(low), activationText(high));
    case 'random': return t('drawn at random from where it fires');
    case 'zero': return t('drawn at random from where it is silent');
  }
}
