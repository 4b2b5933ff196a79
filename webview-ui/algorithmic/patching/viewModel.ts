/** From a sweep to a chart, a cell and what it is compared with. Pure. */
import type { Params } from '../../../src/protocol/methods.ts';
import type { SweepScores } from '../../../src/protocol/methods/algorithmicResults.ts';
import type { ChartPoint, HeatmapChart } from '../../shared/charts/spec.ts';
import { t } from '../../shared/strings.ts';
import { hookLabel, positionLabels } from '../parts/names.ts';
import type { Place } from './patchingWork.ts';

type SweepParams = Params<'sweep.run'>;

/** What a value means: share of the way to the other prompt's metric, or change of the metric. */
interface Scale {
  readonly name: string;
  readonly of: (score: number) => number;
}

function scaleOf({ cleanMetric, corruptedMetric, normalized }: SweepScores, { direction = 'denoising', replacement = 'patch' }: Pick<SweepParams, 'direction' | 'replacement'>): Scale {
  const patch = replacement === 'patch';
  const [from, to] = patch && direction === 'denoising' ? [corruptedMetric, cleanMetric] : [cleanMetric, corruptedMetric];
  if (!patch || normalized === undefined) return { name: t('change of the metric'), of: (score) => score - from };
  return { name: direction === 'denoising' ? t('share restored') : t('share lost'), of: (score) => (score - from) / (to - from) };
}

/** Columns are the first axis, or the one place there is; rows are hooks by the other axes. */
export function layoutOf({ hooks, axes }: SweepScores): { readonly columns: number; readonly rows: number; readonly inner: readonly number[] } {
  const inner = axes.slice(1).map(({ size }) => size);
  return { columns: axes[0]?.size ?? 1, rows: hooks.length * inner.reduce((product, size) => product * size, 1), inner };
}

/** Index among the scores of a cell of the chart. */
export function scoreIndex(scores: SweepScores, { row, column }: { readonly row: number; readonly column: number }): number {
  const { columns, inner } = layoutOf(scores);
  const per = inner.reduce((product, size) => product * size, 1);
  const [hook, rest] = [Math.floor(row / per), row % per];
  return (hook * columns + column) * per + rest;
}

export function placeOf(scores: SweepScores, point: { readonly row: number; readonly column: number }): Place {
  const { inner } = layoutOf(scores);
  const per = inner.reduce((product, size) => product * size, 1);
  let rest = point.row % per;
  const tail = inner.toReversed().map((size) => {
    const at = rest % size;
    rest = Math.floor(rest / size);
    return at;
  }).toReversed();
  return { hook: Math.floor(point.row / per), at: scores.axes.length === 0 ? [] : [point.column, ...tail] };
}

export function cellOf(scores: SweepScores, { hook, at }: Place): { readonly row: number; readonly column: number } {
  const { inner } = layoutOf(scores);
  const rest = at.slice(1).reduce((index, value, axis) => index * inner[axis]! + value, 0);
  return { row: hook * inner.reduce((product, size) => product * size, 1) + rest, column: at[0] ?? 0 };
}

/** Signed heat map around “nothing changed”; intervals and control go along for hover, table and file. */
export function sweepChart(scores: SweepScores, params: SweepParams, control: SweepScores | undefined, selected: Place | undefined): HeatmapChart {
  const { columns, rows } = layoutOf(scores);
  const scale = scaleOf(scores, params);
  const arranged = (values: ArrayLike<number>): Float32Array => Float32Array.from({ length: rows * columns }, (_, index) => scale.of(values[scoreIndex(scores, { row: Math.floor(index / columns), column: index % columns })]!));
  return {
    kind: 'heatmap', title: t('{0} by {1}', scale.name, [t('layer'), ...scores.axes.map(({ name }) => name)].join(' × ')), signed: true, valueTitle: scale.name,
    x: { title: scores.axes[0]?.name ?? t('whole'), names: columnNames(scores) }, y: { title: t('hook point'), names: rowNames(scores) }, values: arranged(scores.scores),
    ...(scores.low === undefined || scores.high === undefined ? {} : { low: arranged(scores.low), high: arranged(scores.high) }),
    ...(control === undefined ? {} : { control: arranged(control.scores) }), selected: selected === undefined ? undefined : cellOf(scores, selected),
  };
}

export const isCell = (point: ChartPoint): point is { readonly row: number; readonly column: number } => 'row' in point;

/** A cell beside all others of its kind: where among them it lies. */
export function amongOthers(scores: SweepScores, params: SweepParams, place: Place): { readonly value: number; readonly median: number; readonly high: number; readonly rank: number; readonly of: number; readonly interval: readonly [number, number] | undefined } {
  const scale = scaleOf(scores, params);
  const own = scoreIndex(scores, cellOf(scores, place));
  const value = scale.of(scores.scores[own]!);
  const sizes = Array.from(scores.scores, (score) => Math.abs(scale.of(score))).filter((_, index) => index !== own).toSorted((a, b) => a - b);
  const ends = scores.low === undefined || scores.high === undefined ? undefined : [scale.of(scores.low[own]!), scale.of(scores.high[own]!)].toSorted((a, b) => a - b) as [number, number];
  return { value, median: quantile(sizes, 0.5), high: quantile(sizes, 0.99), rank: 1 + sizes.filter((size) => size > Math.abs(value)).length, of: sizes.length + 1, interval: ends };
}

export function placeName(scores: SweepScores, { hook, at }: Place): string {
  return [hookLabel(scores.hooks[hook]!), ...scores.axes.map(({ name }, axis) => (name === 'position' && scores.tokens !== undefined ? t('position {0}', positionLabels(scores.tokens)[at[axis]!]!) : entryName(scores, name, at[axis]!)))].join(' · ');
}

/** Of sorted values; NaN when there are none. */
export function quantile(sorted: readonly number[], share: number): number {
  return sorted.length === 0 ? Number.NaN : sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(share * sorted.length) - 1))]!;
}

/** `H2`, `#137`, `key 3`: which head, neuron or feature, or key it is. */
function entryName({ neurons }: SweepScores, axis: SweepScores['axes'][number]['name'], index: number): string {
  switch (axis) {
    case 'head': return `H${index}`;
    case 'neuron': return `#${neurons?.[index] ?? index}`;
    case 'key': return t('key {0}', index);
    case 'position': return String(index);
  }
}

function columnNames(scores: SweepScores): string[] {
  const [first] = scores.axes;
  if (first === undefined) return [t('whole')];
  if (first.name === 'position' && scores.tokens !== undefined) return positionLabels(scores.tokens);
  return Array.from({ length: first.size }, (_, index) => entryName(scores, first.name, index));
}

function rowNames(scores: SweepScores): string[] {
  const { inner, rows } = layoutOf(scores);
  const per = inner.reduce((product, size) => product * size, 1);
  return Array.from({ length: rows }, (_, row) => {
    const place = placeOf(scores, { row, column: 0 });
    const label = hookLabel(scores.hooks[Math.floor(row / per)]!);
    return [label, ...place.at.slice(1).map((at, axis) => entryName(scores, scores.axes[axis + 1]!.name, at))].join(' ');
  });
}
