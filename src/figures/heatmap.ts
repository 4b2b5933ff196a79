/** Values over two named axes as coloured cells; one hue from zero, or two around it. */
import type { HeatmapFigure } from './figure.ts';
import { clipped, grid, ink, quiet, sheet, short, widthOf, words } from './style.ts';
import { element } from './svg.ts';
import type { Svg } from './svg.ts';

/** Columns that are drawn; those around the selected cell where there are more. The table has all. */
const mostColumns = 120;
const mostRows = 200;
const longestName = 30;

export function drawHeatmap(figure: HeatmapFigure): string {
  const columns = figure.x.names.length;
  const selectedColumn = figure.selected?.column ?? 0;
  const from = columns <= mostColumns ? 0 : Math.min(Math.max(0, selectedColumn - mostColumns / 2), columns - mostColumns);
  const shown = figure.x.names.slice(from, from + mostColumns);
  const rows = figure.y.names.slice(0, mostRows);
  const [cellWidth, cellHeight] = [figure.texts === undefined ? Math.max(8, Math.min(34, 560 / Math.max(1, shown.length))) : 52, 18];
  const left = 16 + Math.max(30, ...rows.map((name) => widthOf(clipped(name, longestName))));
  const bottom = 40 + rows.length * cellHeight;
  const most = figure.values.reduce<number>((largest, value) => Math.max(largest, Math.abs(value ?? 0)), 0) || 1;
  const yOf = (row: number): number => bottom - (row + 1) * cellHeight;
  const cells = rows.flatMap((_, row) => shown.flatMap((__, offset) => {
    const index = row * columns + from + offset;
    const value = figure.values[index] ?? null;
    const x = left + offset * cellWidth;
    const share = value === null ? 0 : value / most;
    const text = figure.texts?.[index];
    return [
      element('rect', { x, y: yOf(row), width: cellWidth, height: cellHeight, fill: value === null ? 'none' : heat(share), stroke: grid, 'stroke-width': 0.5 }, ...(value === null ? [] : [element('title', {}, short(value))])),
      ...(text === undefined ? [] : [words(x + cellWidth / 2, yOf(row) + 13, clipped(text, 8), { anchor: 'middle', fill: Math.abs(share) > 0.6 ? '#ffffff' : ink })]),
    ];
  }));
  const every = Math.max(1, Math.ceil(14 / cellWidth));
  const right = left + shown.length * cellWidth;
  return sheet(figure.title, Math.max(right + 24, widthOf(figure.title) + 32, 360), bottom + 118, [
    words(8, 18, clipped(figure.title, 90), { weight: 'bold' }), ...cells, ...mark(figure, { left, from, shown: shown.length, cellWidth, cellHeight, yOf }),
    ...rows.map((name, row) => words(left - 6, yOf(row) + 13, clipped(name, longestName), { anchor: 'end', fill: quiet })),
    ...shown.flatMap((name, offset) => (offset % every === 0 ? [words(left + (offset + 0.5) * cellWidth + 3, bottom + 12, clipped(name, 12), { anchor: 'end', fill: quiet, turn: -50 })] : [])),
    words(8, bottom + 86, clipped(`${figure.y.title} × ${figure.x.title}${from > 0 || columns > shown.length ? ` (${from}–${from + shown.length - 1} / ${columns})` : ''}`, 70), { fill: quiet }),
    ...scale(figure, most, 8, bottom + 94),
  ]);
}

function mark({ selected }: HeatmapFigure, { left, from, shown, cellWidth, cellHeight, yOf }: { left: number; from: number; shown: number; cellWidth: number; cellHeight: number; yOf: (row: number) => number }): Svg[] {
  if (selected === undefined || selected.column < from || selected.column >= from + shown || selected.row >= mostRows) return [];
  return [element('rect', { x: left + (selected.column - from) * cellWidth, y: yOf(selected.row), width: cellWidth, height: cellHeight, fill: 'none', stroke: ink, 'stroke-width': 2 })];
}

/** What the colours mean, in five steps. */
function scale({ signed, valueTitle }: HeatmapFigure, most: number, x: number, y: number): Svg[] {
  const steps = signed ? [-1, -0.5, 0, 0.5, 1] : [0, 0.25, 0.5, 0.75, 1];
  return [
    ...steps.map((share, i) => element('rect', { x: x + i * 22, y, width: 22, height: 9, fill: heat(share), stroke: grid, 'stroke-width': 0.5 })),
    words(x + 116, y + 9, `${short(steps[0]! * most)} … ${short(most)} ${clipped(valueTitle, 50)}`, { fill: quiet }),
  ];
}

/** From white to blue, or to brown below zero. `share` from −1 to 1. */
function heat(share: number): string {
  const size = Math.min(1, Math.abs(share));
  const [r, g, b] = share < 0 ? [168, 66, 12] : [14, 88, 160];
  return `#${[r, g, b].map((channel) => Math.round(255 + (channel - 255) * size).toString(16).padStart(2, '0')).join('')}`;
}
