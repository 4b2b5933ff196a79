/** From attention patterns and scores to rows, cells and charts. Pure. */
import type { AttentionPatterns, AttentionScores, CompositionScores, FeaturePairs } from '../../../src/protocol/methods/algorithmicResults.ts';
import type { HeatmapChart } from '../../shared/charts/spec.ts';
import { levelOf } from '../../shared/heat.ts';
import type { StripToken } from '../../shared/heat.ts';
import { probabilityText, visibleToken } from '../../shared/notation.ts';
import { t } from '../../shared/strings.ts';
import type { GridRow } from '../parts/heatGrid.ts';
import { positionLabels } from '../parts/names.ts';

/** The pattern of a head, [query, key]; undefined where it was not asked for. */
export function patternOf({ values, layers, heads, tokens }: AttentionPatterns, layer: number, head: number): Float32Array | undefined {
  const [row, column] = [layers.indexOf(layer), heads.indexOf(head)];
  if (row < 0 || column < 0) return undefined;
  const size = tokens.length ** 2;
  const from = (row * heads.length + column) * size;
  return values.subarray(from, from + size);
}

/** Weight below which a cell of a small pattern is not seen. */
const leastDrawn = 0.02;

/** What is drawn of a small pattern: wherever a query looks, also ahead of itself where a model may. */
export function drawnCells(pattern: Float32Array, count: number): { readonly query: number; readonly key: number; readonly weight: number }[] {
  return Array.from(pattern).flatMap((weight, index) => (weight < leastDrawn ? [] : [{ query: Math.floor(index / count), key: index % count, weight }]));
}

/** Query × key; only keys that the query may see have a text. */
export function patternRows(patterns: AttentionPatterns, pattern: Float32Array): GridRow[] {
  const names = positionLabels(patterns.tokens);
  const count = names.length;
  return names.map((name, query) => ({
    name,
    cells: names.map((keyName, key) => {
      const weight = pattern[query * count + key]!;
      return { text: key > query && weight === 0 ? '' : weight >= 0.005 ? weight.toFixed(2).replace(/^0/, '') : '·', level: levelOf(weight < 0.005 ? 0 : weight, 1), title: t('from {0} to {1}: {2}', name, keyName, probabilityText(weight)) };
    }),
  }));
}

export function patternChart(patterns: AttentionPatterns, pattern: Float32Array, name: string): HeatmapChart {
  const names = positionLabels(patterns.tokens);
  return { kind: 'heatmap', title: name, signed: false, values: pattern, valueTitle: t('attention'), x: { title: t('key'), names }, y: { title: t('query'), names } };
}

/** The prompt coloured by where one query looks. */
export function lookedAt(patterns: AttentionPatterns, pattern: Float32Array, query: number): StripToken[] {
  const count = patterns.tokens.length;
  return patterns.tokens.map(({ text }, key) => {
    const weight = pattern[query * count + key]!;
    return { label: visibleToken(text), level: levelOf(weight < 0.005 ? 0 : weight, 1), value: `${t('attention')} ${probabilityText(weight)}`, selected: key === query, breaks: false };
  });
}

export interface HeadRow {
  readonly layer: number;
  readonly head: number;
  readonly random: readonly number[];
  readonly text: readonly number[] | undefined;
}

/** Scores of a head on random tokens, and on the prompt beside. */
export function headRows({ random, text }: AttentionScores): HeadRow[] {
  const values = (row: AttentionScores['random'][number]): number[] => [row.previousToken, row.duplicateToken, row.induction, row.first, row.entropy];
  return random.map((row, index) => ({ layer: row.layer, head: row.head, random: values(row), text: text?.[index] === undefined ? undefined : values(text[index]) }));
}

/** What a head is called by its highest score, if that is clear. */
export function headType({ random }: HeadRow): string {
  const kinds = [t('previous token'), t('duplicate'), t('induction')];
  const best = kinds.map((_, kind) => kind).reduce((a, b) => (random[b]! > random[a]! ? b : a));
  return random[best]! >= 0.4 ? kinds[best]! : '';
}

export function compositionChart({ layers, heads, scores, nullHigh }: CompositionScores, kind: string): HeatmapChart {
  const names = Array.from({ length: layers * heads }, (_, index) => `L${Math.floor(index / heads)}H${index % heads}`);
  return {
    kind: 'heatmap', title: t('{0}-composition', kind.toUpperCase()), signed: false, valueTitle: t('score'), values: scores, control: nullHigh, x: { title: t('reading head'), names }, y: { title: t('writing head'), names },
  };
}

export interface ComposedPair {
  readonly writer: string;
  readonly reader: string;
  readonly score: number;
  readonly mean: number;
  readonly high: number;
}

/** Pairs above the 99th percentile of their null, farthest first. */
export function composedPairs({ layers, heads, scores, nullMean, nullHigh }: CompositionScores): ComposedPair[] {
  const count = layers * heads;
  const name = (index: number): string => `L${Math.floor(index / heads)}H${index % heads}`;
  const pairs: ComposedPair[] = [];
  scores.forEach((score, index) => {
    if (score > nullHigh[index]!) pairs.push({ writer: name(Math.floor(index / count)), reader: name(index % count), score, mean: nullMean[index]!, high: nullHigh[index]! });
  });
  return pairs.toSorted((a, b) => b.score - b.high - (a.score - a.high));
}

/** Name of a term of a decomposed score. */
export function termName(term: FeaturePairs['pairs'][number]['query']): string {
  return typeof term === 'number' ? `#${term}` : term === 'error' ? t('error') : t('bias');
}
