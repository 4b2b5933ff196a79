/**
 * Charts as data: what is drawn, not how. A series has a role, from which its colour follows; the table behind the chart
 * and its CSV are made from the same data, so nothing can be seen that cannot be read.
 */
import { t } from '../strings.ts';

/** `control` is a null or baseline: always muted grey and dashed or hollow. */
export type Role = 'main' | 'effect' | 'category' | 'control';

export interface Axis {
  readonly title: string;
  readonly log?: boolean;
  readonly range?: readonly [number, number];
}

export interface Series {
  readonly name: string;
  readonly role: Role;
  readonly x: ArrayLike<number> | readonly string[];
  readonly y: ArrayLike<number>;
  /** Interval around y. */
  readonly low?: ArrayLike<number>;
  readonly high?: ArrayLike<number>;
  /** Name of each point, for hover and table. */
  readonly labels?: readonly string[];
  /** Points joined by a line, without marks: a line to compare points with. */
  readonly joined?: boolean;
}

export interface SeriesChart {
  readonly kind: 'bars' | 'lines' | 'points';
  readonly title: string;
  readonly x: Axis;
  readonly y: Axis;
  readonly series: readonly Series[];
}

export interface HeatmapChart {
  readonly kind: 'heatmap';
  readonly title: string;
  readonly x: Axis & { readonly names: readonly string[] };
  /** First name at the bottom. */
  readonly y: Axis & { readonly names: readonly string[] };
  /** [y, x] row-major. NaN is left blank. */
  readonly values: ArrayLike<number>;
  readonly valueTitle: string;
  /** Diverging around zero; otherwise one hue from zero. */
  readonly signed: boolean;
  /** Interval of each cell, and the control's value, for hover and table. */
  readonly low?: ArrayLike<number>;
  readonly high?: ArrayLike<number>;
  readonly control?: ArrayLike<number>;
  /** A cell to mark. */
  readonly selected?: { readonly row: number; readonly column: number } | undefined;
}

export type ChartSpec = SeriesChart | HeatmapChart;

/** A point of a chart: a series and an index in it, or a cell. */
export type ChartPoint = { readonly series: number; readonly index: number } | { readonly row: number; readonly column: number };

export interface DataTable {
  readonly columns: readonly string[];
  /** Numbers unrounded; the reader of a table or file rounds. */
  readonly rows: readonly (readonly (string | number)[])[];
}

export function chartTable(spec: ChartSpec): DataTable {
  return spec.kind === 'heatmap' ? heatmapTable(spec) : seriesTable(spec);
}

/** What is said about one point: by the line under the chart, for the keyboard and for screen readers. */
export function pointText(spec: ChartSpec, point: ChartPoint): string {
  if (spec.kind === 'heatmap') {
    if (!('row' in point)) return '';
    const index = point.row * spec.x.names.length + point.column;
    const parts = [`${spec.x.title} ${spec.x.names[point.column]}`, `${spec.y.title} ${spec.y.names[point.row]}`, `${spec.valueTitle} ${short(spec.values[index])}${interval(spec.low, spec.high, index)}`];
    if (spec.control !== undefined) parts.push(`${t('control')} ${short(spec.control[index])}`);
    return parts.join(' · ');
  }
  if (!('series' in point)) return '';
  const series = spec.series[point.series];
  if (series === undefined) return '';
  const { index } = point;
  const x = series.x[index];
  const label = series.labels?.[index];
  return [...(spec.series.length > 1 ? [series.name] : []), ...(label === undefined ? [] : [label]), `${spec.x.title} ${typeof x === 'number' ? short(x) : x}`, `${spec.y.title} ${short(series.y[index])}${interval(series.low, series.high, index)}`].join(' · ');
}

/** Where a key moves from a point; `undefined` for other keys and at the ends. */
export function movedPoint(spec: ChartSpec, point: ChartPoint | undefined, key: string): ChartPoint | undefined {
  if (spec.kind === 'heatmap') {
    const [rows, columns] = [spec.y.names.length, spec.x.names.length];
    if (rows === 0 || columns === 0) return undefined;
    const { row, column } = point !== undefined && 'row' in point ? point : { row: -1, column: 0 };
    const steps: Readonly<Record<string, readonly [number, number]>> = { ArrowUp: [1, 0], ArrowDown: [-1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
    const step = steps[key];
    if (step === undefined) return undefined;
    return row < 0 ? { row: 0, column: 0 } : { row: clamp(row + step[0], rows), column: clamp(column + step[1], columns) };
  }
  const { series, index } = point !== undefined && 'series' in point ? point : { series: 0, index: -1 };
  const current = spec.series[series];
  if (current === undefined) return undefined;
  switch (key) {
    case 'ArrowRight': return { series, index: clamp(index + 1, current.y.length) };
    case 'ArrowLeft': return { series, index: clamp(index - 1, current.y.length) };
    case 'ArrowUp': case 'ArrowDown': {
      const other = clamp(series + (key === 'ArrowUp' ? 1 : -1), spec.series.length);
      return { series: other, index: clamp(index, spec.series[other]!.y.length) };
    }
    default: return undefined;
  }
}

function seriesTable({ series, x, y }: SeriesChart): DataTable {
  const named = series.some(({ labels }) => labels !== undefined);
  const bounded = series.some(({ low }) => low !== undefined);
  const columns = [...(series.length > 1 ? [t('series')] : []), ...(named ? [t('name')] : []), x.title, y.title, ...(bounded ? [t('low'), t('high')] : [])];
  const rows = series.flatMap((one) => Array.from({ length: one.y.length }, (_, index) => [
    ...(series.length > 1 ? [one.name] : []), ...(named ? [one.labels?.[index] ?? ''] : []), one.x[index] ?? '', one.y[index]!, ...(bounded ? [one.low?.[index] ?? '', one.high?.[index] ?? ''] : []),
  ]));
  return { columns, rows };
}

function heatmapTable({ x, y, values, valueTitle, low, high, control }: HeatmapChart): DataTable {
  const rows: (string | number)[][] = [];
  for (let row = 0; row < y.names.length; row++) {
    for (let column = 0; column < x.names.length; column++) {
      const index = row * x.names.length + column;
      rows.push([y.names[row]!, x.names[column]!, values[index] ?? Number.NaN, ...(low === undefined ? [] : [low[index]!]), ...(high === undefined ? [] : [high[index]!]), ...(control === undefined ? [] : [control[index]!])]);
    }
  }
  return { columns: [y.title, x.title, valueTitle, ...(low === undefined ? [] : [t('low')]), ...(high === undefined ? [] : [t('high')]), ...(control === undefined ? [] : [t('control')])], rows };
}

export function short(value: number | undefined): string {
  if (value === undefined || Number.isNaN(value)) return '–';
  return Number.isInteger(value) && Math.abs(value) < 1e6 ? String(value) : value.toPrecision(3).replace(/\.?0+$/, '').replace(/e\+?/, 'e');
}

function interval(low: ArrayLike<number> | undefined, high: ArrayLike<number> | undefined, index: number): string {
  return low === undefined || high === undefined ? '' : ` (${short(low[index])} … ${short(high[index])})`;
}

const clamp = (value: number, count: number): number => Math.max(0, Math.min(count - 1, value));
