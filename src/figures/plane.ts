/** Lines, points and histograms over two axes. Controls are dashed or hollow. */
import { legend } from './bars.ts';
import type { FigureSeries, SeriesFigure } from './figure.ts';
import { clipped, colourOf, grid, quiet, sheet, short, ticks, words } from './style.ts';
import { element } from './svg.ts';
import type { Svg } from './svg.ts';

const [left, top, width, height] = [64, 48, 480, 240];

interface Scale {
  readonly of: (value: number) => number;
  readonly marks: readonly { readonly at: number; readonly name: string }[];
}

export function drawPlane(figure: SeriesFigure): string {
  const names = [...new Set(figure.series.flatMap(({ x }) => x.filter((value) => typeof value === 'string')))];
  const x = names.length > 0 ? categoryScale(names) : numberScale(figure.series.flatMap(({ x: values }) => values.filter((value) => typeof value === 'number')), left, width, { inset: figure.kind === 'bars' ? width / (2 * Math.max(3, longest(figure))) : 12 });
  const yValues = figure.series.flatMap(({ y, low = [], high = [] }) => [...y, ...low, ...high]).filter((value) => value !== null);
  const y = numberScale(yValues, top + height, -height, { fromZero: figure.kind === 'bars', log: figure.y.log === true });
  const place = (value: string | number): number => x.of(typeof value === 'string' ? names.indexOf(value) : value);
  const bottom = top + height;
  const turned = names.some((name) => name.length > 6);
  return sheet(figure.title, left + width + 24, bottom + (turned ? 92 : 52), [
    words(8, 18, clipped(figure.title, 90), { weight: 'bold' }), ...legend(figure.series, 8, 36),
    ...y.marks.flatMap(({ at, name }) => [element('line', { x1: left, x2: left + width, y1: at, y2: at, stroke: grid }), words(left - 6, at + 4, name, { anchor: 'end', fill: quiet })]),
    ...x.marks.map(({ at, name }) => (turned ? words(at, bottom + 14, clipped(name, 14), { anchor: 'end', fill: quiet, turn: -40 }) : words(at, bottom + 15, name, { anchor: 'middle', fill: quiet }))),
    element('line', { x1: left, x2: left + width, y1: bottom, y2: bottom, stroke: quiet }),
    ...figure.series.flatMap((series, index) => drawSeries(figure, series, index, place, y.of, bottom)),
    words(left + width / 2, bottom + (turned ? 84 : 38), clipped(figure.x.title, 70), { anchor: 'middle', fill: quiet }),
    words(14, top + height / 2, clipped(figure.y.title, 40), { anchor: 'middle', fill: quiet, turn: -90 }),
  ]);
}

function drawSeries({ kind, y: { log } }: SeriesFigure, series: FigureSeries, index: number, x: (value: string | number) => number, y: (value: number) => number, bottom: number): Svg[] {
  const colour = colourOf(series.role, index);
  const control = series.role === 'control';
  const points = series.y.flatMap((value, i) => (value === null || (log === true && value <= 0) ? [] : [{ x: x(series.x[i]!), y: y(value), value, low: series.low?.[i], high: series.high?.[i] }]));
  const line = (): Svg => element('path', { d: points.map((point, i) => `${i === 0 ? 'M' : 'L'}${round(point.x)} ${round(point.y)}`).join(''), fill: 'none', stroke: colour, 'stroke-width': 1.5, 'stroke-dasharray': control ? '4 3' : undefined });
  const ends = points.flatMap(({ x: at, low, high }) => (typeof low === 'number' && typeof high === 'number' && low !== high ? [element('path', { d: `M${round(at)} ${round(y(low))}V${round(y(high))}`, stroke: colour, fill: 'none' })] : []));
  if (kind === 'bars') {
    const step = points.length < 2 ? 20 : Math.max(1, (width / points.length) * 0.85);
    const zero = log === true ? bottom : y(0);
    return points.map(({ x: at, y: end, value }) => element('rect', { x: at - step / 2, y: Math.min(end, zero), width: step, height: Math.max(0.5, Math.abs(end - zero)), fill: control ? 'none' : colour, stroke: control ? colour : undefined, 'stroke-dasharray': control ? '3 2' : undefined }, element('title', {}, short(value))));
  }
  if (series.joined === true) return [line()];
  const marks = kind === 'lines' && points.length > 60 ? [] : points.map((point) => element('circle', { cx: point.x, cy: point.y, r: kind === 'lines' ? 2.2 : 3.4, fill: control ? '#ffffff' : colour, stroke: colour }, element('title', {}, short(point.value))));
  return kind === 'lines' ? [line(), ...ends, ...marks] : [...ends, ...marks];
}

/** Room of `inset` beside the first and the last value. */
function numberScale(values: readonly number[], start: number, length: number, { fromZero = false, log = false, inset = 0 }: { readonly fromZero?: boolean; readonly log?: boolean; readonly inset?: number }): Scale {
  const usable = log ? values.filter((value) => value > 0).map((value) => Math.log10(value)) : values;
  let [low, high] = usable.length === 0 ? [0, 1] : [usable.reduce((a, b) => Math.min(a, b)), usable.reduce((a, b) => Math.max(a, b))];
  if (log) [low, high] = [Math.floor(low), Math.ceil(high)];
  else if (fromZero) [low, high] = [Math.min(0, low), Math.max(0, high)];
  const around = Math.max(0.5, Math.abs(low) / 1000);
  if (low === high) [low, high] = [low - around, high + around];
  const along = (value: number): number => start + inset + ((value - low) / (high - low)) * (length - 2 * inset);
  return {
    of: (value) => along(log ? Math.log10(value) : value),
    marks: ticks(low, high, 5).filter((value) => !log || Number.isInteger(value)).map((value) => ({ at: along(value), name: log ? `1e${value}` : short(value) })),
  };
}

/** At most 24 names; the table has all. */
function categoryScale(names: readonly string[]): Scale {
  const step = width / names.length;
  const every = Math.ceil(names.length / 24);
  const of = (index: number): number => left + step * (index + 0.5);
  return { of, marks: names.flatMap((name, index) => (index % every === 0 ? [{ at: of(index), name }] : [])) };
}

/** Points of the longest series. */
function longest({ series }: SeriesFigure): number {
  return series.reduce((most, { x }) => Math.max(most, x.length), 0);
}

const round = (value: number): number => Math.round(value * 100) / 100;
