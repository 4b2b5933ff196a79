/** Boxes and the lines between them: thickness is size, a broken line is negative. */
import type { DiagramFigure } from './figure.ts';
import { clipped, ink, negative, paper, positive, quiet, sheet, short, widthOf, words } from './style.ts';
import { element } from './svg.ts';
import type { Svg } from './svg.ts';

const [boxWidth, boxHeight, top] = [62, 20, 34];

export function drawDiagram({ title, width, height, nodes, edges }: DiagramFigure): string {
  const placed = new Map(nodes.map((node) => [node.id, node]));
  const most = edges.reduce((largest, { weight }) => Math.max(largest, Math.abs(weight)), 0) || 1;
  const lines = edges.toSorted((a, b) => Math.abs(a.weight) - Math.abs(b.weight)).flatMap(({ from, to, weight }): Svg[] => {
    const [a, b] = [placed.get(from), placed.get(to)];
    if (a === undefined || b === undefined) return [];
    const [y1, y2] = [a.y + top - boxHeight / 2, b.y + top + boxHeight / 2];
    const bend = Math.max(12, Math.abs(y1 - y2) / 2);
    return [element('path', {
      d: `M${round(a.x)} ${round(y1)}C${round(a.x)} ${round(y1 - bend)} ${round(b.x)} ${round(y2 + bend)} ${round(b.x)} ${round(y2)}`, fill: 'none', 'stroke-opacity': 0.75,
      stroke: weight < 0 ? negative : positive, 'stroke-width': 0.6 + (4 * Math.abs(weight)) / most, 'stroke-dasharray': weight < 0 ? '5 3' : undefined,
    }, element('title', {}, `${a.label} → ${b.label}: ${short(weight)}`))];
  });
  const boxes = nodes.flatMap(({ x, y, label }) => [
    element('rect', { x: x - boxWidth / 2, y: y + top - boxHeight / 2, width: boxWidth, height: boxHeight, rx: 3, fill: paper, stroke: quiet }, element('title', {}, label)),
    words(x, y + top + 4, clipped(label, 10), { anchor: 'middle', fill: ink }),
  ]);
  return sheet(title, Math.max(width, Math.min(560, widthOf(title) + 24)), height + top + 22, [
    words(8, 18, clipped(title, 90), { weight: 'bold' }), ...lines, ...boxes, ...key(most, height + top + 8),
  ]);
}

/** What thickness and breaks mean. */
function key(most: number, y: number): Svg[] {
  const sample = (x: number, sign: 1 | -1): Svg[] => [
    element('line', { x1: x, x2: x + 26, y1: y, y2: y, stroke: sign < 0 ? negative : positive, 'stroke-width': 4.6, 'stroke-dasharray': sign < 0 ? '5 3' : undefined }), words(x + 32, y + 4, short(sign * most), { fill: quiet }),
  ];
  return [...sample(8, 1), ...sample(110, -1)];
}

const round = (value: number): number => Math.round(value * 100) / 100;
