/** What a page shows as the figure of a pin: the data of the chart or drawing, with its table. The host draws it anew. */
import { largestNumber, mostCells, mostEdges } from '../../../src/protocol/views/figure.ts';
import type { PinnedFigure } from '../../../src/protocol/views/figure.ts';
import { chartTable } from './spec.ts';
import type { ChartSpec, DataTable, HeatmapChart, SeriesChart } from './spec.ts';

/** Undefined for a chart that is larger than a note's figure may be. */
export function figureOfChart(spec: ChartSpec, texts?: readonly string[]): PinnedFigure | undefined {
  const table = chartTable(spec);
  if (table.rows.length > mostCells || (spec.kind !== 'heatmap' && spec.series.some(({ y }) => y.length > 5_000))) return undefined;
  return { drawing: spec.kind === 'heatmap' ? heatmapDrawing(spec, texts) : seriesDrawing(spec), table: plainTable(table) };
}

interface Placed {
  readonly width: number;
  readonly height: number;
  readonly nodes: readonly { readonly id: string; readonly label: string; readonly x: number; readonly y: number }[];
  readonly edges: readonly { readonly from: string; readonly to: string; readonly weight: number }[];
}

/** Undefined for a drawing with too many boxes to read. */
export function figureOfDrawing(title: string, { width, height, nodes, edges }: Placed): PinnedFigure | undefined {
  if (nodes.length > 400) return undefined;
  const strongest = edges.toSorted((a, b) => Math.abs(b.weight) - Math.abs(a.weight)).slice(0, mostEdges).filter(({ weight }) => drawable(weight));
  return {
    drawing: {
      kind: 'diagram', title: cut(title, 300), width, height, nodes: nodes.map(({ id, label, x, y }) => ({ id: cut(id), label: cut(label), x, y })),
      edges: strongest.map(({ from, to, weight }) => ({ from: cut(from), to: cut(to), weight })),
    },
    table: { columns: ['from', 'to', 'weight'], rows: strongest.map(({ from, to, weight }) => [from, to, weight]) },
  };
}

function seriesDrawing({ kind, title, x, y, series }: SeriesChart): PinnedFigure['drawing'] {
  return {
    kind, title: cut(title, 300), x: { title: cut(x.title, 300) }, y: { title: cut(y.title, 300), ...(y.log === undefined ? {} : { log: y.log }) },
    series: series.slice(0, 20).map((one) => ({
      name: cut(one.name, 300), role: one.role, x: Array.from(one.x as ArrayLike<string | number>, (value) => (typeof value === 'string' ? cut(value) : value)), y: numbers(one.y),
      ...(one.low === undefined || one.high === undefined ? {} : { low: numbers(one.low), high: numbers(one.high) }), ...(one.joined === undefined ? {} : { joined: one.joined }),
    })),
  };
}

function heatmapDrawing({ title, x, y, values, valueTitle, signed, selected }: HeatmapChart, texts: readonly string[] | undefined): PinnedFigure['drawing'] {
  const axis = (one: HeatmapChart['x']): { title: string; names: string[] } => ({ title: cut(one.title, 300), names: one.names.map((name) => cut(name)) });
  return {
    kind: 'heatmap', title: cut(title, 300), x: axis(x), y: axis(y), values: numbers(values), valueTitle: cut(valueTitle, 300), signed,
    ...(texts === undefined ? {} : { texts: texts.map((text) => cut(text)) }), ...(selected === undefined ? {} : { selected: { row: selected.row, column: selected.column } }),
  };
}

function plainTable({ columns, rows }: DataTable): PinnedFigure['table'] {
  return { columns: columns.map((name) => cut(name, 300)), rows: rows.map((row) => row.map((value) => (typeof value === 'string' ? cut(value, 300) : drawable(value) ? value : null))) };
}

const numbers = (values: ArrayLike<number>): (number | null)[] => Array.from(values, (value) => (drawable(value) ? value : null));

const drawable = (value: number): boolean => Math.abs(value) <= largestNumber;

function cut(text: string, most = 200): string {
  return text.length <= most ? text : `${text.slice(0, most - 1).toWellFormed()}…`;
}
