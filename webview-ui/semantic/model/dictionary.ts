/** Measures of a dictionary: rows, charts. Pure. */
import type { DictionaryPage, IntervalValue } from '../../../src/protocol/methods/semanticResults.ts';
import type { SeriesChart } from '../../shared/charts/spec.ts';
import { t } from '../../shared/strings.ts';

export interface MetricRow {
  readonly id: string;
  readonly name: string;
  readonly hint: string;
  readonly value: string;
  readonly interval: string;
}

/** Known measures in a fixed order, then whatever else there is under its own name. */
export function metricRows(scores: Readonly<Record<string, IntervalValue>>): MetricRow[] {
  const known = metricNames();
  const ids = [...Object.keys(known).filter((id) => id in scores), ...Object.keys(scores).filter((id) => !(id in known))];
  return ids.map((id) => {
    const { value, low, high } = scores[id]!;
    return { id, name: known[id]?.name ?? id, hint: known[id]?.hint ?? '', value: figure(value), interval: Number.isFinite(low) && Number.isFinite(high) ? `${figure(low)} … ${figure(high)}` : '–' };
  });
}

export type TradeoffMeasure = 'fvu' | 'ceRecovered' | 'dead';

/** The model's dictionaries: sparsity against fidelity, by kind of hook point. The one that is shown is the main series. */
export function tradeoffChart({ tradeoff }: DictionaryPage, current: string, measure: TradeoffMeasure): SeriesChart {
  const titles: Readonly<Record<TradeoffMeasure, string>> = { fvu: t('FVU (variance not explained)'), ceRecovered: t('cross-entropy recovered'), dead: t('dead features') };
  const groups = new Map<string, typeof tradeoff[number][]>();
  // What has not been measured has no place in the plot; the table below has it.
  for (const one of tradeoff.filter((dictionary) => Number.isFinite(dictionary[measure]))) {
    const group = one.hook.replace(/^blocks\.\d+\./, '');
    if (one.dictionary !== current) groups.set(group, [...(groups.get(group) ?? []), one]);
  }
  const here = tradeoff.filter(({ dictionary }) => dictionary === current);
  const series = (name: string, role: 'main' | 'category', list: readonly typeof tradeoff[number][]) => ({
    name, role, x: list.map(({ l0 }) => l0), y: list.map((one) => one[measure]), labels: list.map(({ hook, architecture, latents }) => `${hook} ${architecture} ${latents}`),
  });
  return {
    kind: 'points', title: t('sparsity against {0}', titles[measure]), x: { title: t('L0 (features per token)') }, y: { title: titles[measure] },
    series: [...(here.length === 0 ? [] : [series(t('this dictionary'), 'main', here)]), ...Array.from(groups, ([hook, list]) => series(hook, 'category', list))],
  };
}

export function densityChart({ density, dead, dense }: DictionaryPage): SeriesChart {
  const { edges, counts } = density;
  const bins = counts.map((count, bin) => ({ count, middle: (edges[bin]! + edges[bin + 1]!) / 2 }));
  return {
    kind: 'bars', title: t('how often features fire: {0} never, {1} on more than a tenth of the tokens', dead.total, dense.total), x: { title: t('log10 of the share of tokens') }, y: { title: t('features') },
    series: [{ name: t('features'), role: 'main', x: bins.map(({ middle }) => middle), y: bins.map(({ count }) => count) }],
  };
}

function metricNames(): Readonly<Record<string, { readonly name: string; readonly hint: string }>> {
  return {
    l0: { name: 'L0', hint: t('features per token') },
    fvu: { name: 'FVU', hint: t('part of the variance that the reconstruction misses; 0 is perfect') },
    explainedVariance: { name: t('explained variance'), hint: t('1 is perfect') },
    cosine: { name: t('cosine'), hint: t('between activation and reconstruction') },
    ceRecoveredZero: { name: t('cross-entropy recovered'), hint: t('1: the model predicts as well with the reconstruction in place; 0: as badly as with zeros') },
    ceRecoveredMean: { name: t('cross-entropy recovered (mean)'), hint: t('the same against the mean activation instead of zeros') },
    ceIncrease: { name: t('cross-entropy increase'), hint: t('nats per token with the reconstruction in place') },
    kl: { name: 'KL', hint: t('from the model’s own predictions, nats') },
    klRecovered: { name: t('KL recovered'), hint: t('1 is perfect, 0 is as bad as zeros') },
    ceClean: { name: t('cross-entropy'), hint: t('of the model as it is, nats per token') },
    ceDictionary: { name: t('cross-entropy with it'), hint: t('with the reconstruction in place, nats per token') },
    ceZero: { name: t('cross-entropy with zeros'), hint: t('with zeros in place, nats per token') },
    ceMean: { name: t('cross-entropy with means'), hint: t('with the mean activation in place, nats per token') },
    normRatio: { name: t('norm ratio'), hint: t('below 1 the reconstruction is too short') },
    reconstructionBias: { name: t('bias'), hint: t('1: unbiased') },
  };
}

/** Three figures; a dash for what has not been measured. */
export function figure(value: number): string {
  if (!Number.isFinite(value)) return '–';
  return Math.abs(value) >= 100 ? value.toFixed(0) : Math.abs(value) >= 10 ? value.toFixed(1) : value.toPrecision(3);
}

export function geometryText({ geometry }: DictionaryPage): string {
  return t('Nearest other decoder row: cosine {0} on average (95 % below {1}); for random rows {2}.', geometry.meanMaxCosine.toFixed(2), geometry.p95MaxCosine.toFixed(2), geometry.randomMeanMaxCosine.toFixed(2));
}

export function listNote(shown: number, total: number, tokens: number): string {
  return shown < total ? t('{0} of {1}; over {2} tokens', shown, total, tokens.toLocaleString('en')) : t('{0}; over {1} tokens', total, tokens.toLocaleString('en'));
}
