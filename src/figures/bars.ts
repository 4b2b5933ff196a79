/** Named quantities as horizontal bars from zero, with intervals; the bar of a control lies below its own, hollow. */
import type { FigureSeries, SeriesFigure } from './figure.ts';
import { clipped, colourOf, grid, ink, negative, quiet, sheet, short, ticks, widthOf, words } from './style.ts';
import { element } from './svg.ts';
import type { Svg } from './svg.ts';

/** Categories that are drawn; the table has all. */
const mostCategories = 40;
const longestName = 44;
const [plotWidth, barHeight, gap, top] = [360, 11, 7, 44];

export function drawBars(figure: SeriesFigure): string {
  const names = [...new Set(figure.series.flatMap(({ x }) => x.map(String)))];
  const shown = names.slice(0, mostCategories);
  const left = 16 + Math.max(40, ...shown.map((name) => widthOf(clipped(name, longestName))));
  const at = new Map(shown.map((name) => [name, figure.series.flatMap((series, index) => {
    const point = series.x.findIndex((value) => String(value) === name);
    return point < 0 ? [] : [{ series, index, point }];
  })]));
  const values = [...at.values()].flat().flatMap(({ series, point }) => [series.y[point], series.low?.[point], series.high?.[point]]).filter((value) => typeof value === 'number');
  const [low, high] = [Math.min(0, ...values), Math.max(0, ...values)];
  const span = high - low || 1;
  const xOf = (value: number): number => left + ((value - low) / span) * plotWidth;
  const parts: Svg[] = [words(8, 18, clipped(figure.title, 90), { weight: 'bold' })];
  let y = top;
  const bars: Svg[] = [];
  for (const [name, own] of at) {
    const middle = y + (own.length * barHeight) / 2;
    bars.push(words(left - 8, middle + 4, clipped(name, longestName), { anchor: 'end' }));
    for (const { series, index, point } of own) {
      bars.push(...bar(series, index, point, y, xOf));
      y += barHeight;
    }
    y += gap;
  }
  const marks = ticks(low, high || 1, 5).filter((value) => value >= low && value <= high);
  parts.push(...marks.flatMap((value) => [element('line', { x1: xOf(value), x2: xOf(value), y1: top - 4, y2: y, stroke: value === 0 ? quiet : grid }), words(xOf(value), y + 14, short(value), { anchor: 'middle', fill: quiet })]));
  parts.push(...bars, words(left + plotWidth / 2, y + 30, clipped(figure.y.title, 70), { anchor: 'middle', fill: quiet }));
  if (names.length > shown.length) parts.push(words(8, y + 30, `+ ${names.length - shown.length}`, { fill: quiet }));
  parts.push(...legend(figure.series, 8, 34));
  return sheet(figure.title, left + plotWidth + 70, y + 40, parts);
}

function bar({ y: values, low, high, role, name }: FigureSeries, index: number, point: number, y: number, xOf: (value: number) => number): Svg[] {
  const value = values[point];
  if (typeof value !== 'number') return [];
  const [from, to] = [xOf(Math.min(0, value)), xOf(Math.max(0, value))];
  const colour = role === 'effect' && value < 0 ? negative : colourOf(role, index);
  const hollow = role === 'control';
  const [a, b] = [low?.[point], high?.[point]];
  const middle = y + barHeight / 2;
  const bounded = typeof a === 'number' && typeof b === 'number';
  return [
    element('rect', { x: from, y: y + 1, width: Math.max(1, to - from), height: barHeight - 2, fill: hollow ? 'none' : colour, stroke: colour, 'stroke-dasharray': hollow ? '3 2' : undefined }, element('title', {}, `${name}: ${short(value)}`)),
    ...(bounded ? [element('path', { d: `M${round(xOf(a))} ${middle}H${round(xOf(b))}M${round(xOf(a))} ${middle - 3}v6M${round(xOf(b))} ${middle - 3}v6`, stroke: ink, fill: 'none' })] : []),
    words(Math.max(to, bounded ? xOf(b) : to) + 5, middle + 4, short(value), { fill: quiet }),
  ];
}

/** Names of the series with their look, in one line; nothing where there is one series. */
export function legend(series: readonly FigureSeries[], x: number, y: number): Svg[] {
  if (series.length < 2) return [];
  let at = x;
  return series.flatMap(({ name, role }, index) => {
    const colour = colourOf(role, index);
    const label = clipped(name, 40);
    const parts = [element('rect', { x: at, y: y - 8, width: 9, height: 8, fill: role === 'control' ? 'none' : colour, stroke: colour, 'stroke-dasharray': role === 'control' ? '3 2' : undefined }), words(at + 13, y, label, { fill: quiet })];
    at += widthOf(label) + 26;
    return parts;
  });
}

const round = (value: number): number => Math.round(value * 100) / 100;
