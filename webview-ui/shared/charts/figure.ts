/** From a chart's data and the theme's colours to what Plotly draws. Pure; nothing here knows the library. */
import { mix } from '../theme.ts';
import type { Palette } from '../theme.ts';
import type { Axis, ChartPoint, ChartSpec, HeatmapChart, Series, SeriesChart } from './spec.ts';

/** Plain data in Plotly's vocabulary. */
export interface Figure {
  readonly data: readonly Readonly<Record<string, unknown>>[];
  readonly layout: Readonly<Record<string, unknown>>;
}

/** `cursor` is the point that the keyboard is on. */
export function figureOf(spec: ChartSpec, palette: Palette, cursor?: ChartPoint): Figure {
  return spec.kind === 'heatmap' ? heatmapFigure(spec, palette, cursor) : seriesFigure(spec, palette, cursor);
}

export interface LegendEntry {
  readonly name: string;
  readonly color: string;
  readonly glyph: string;
  readonly control: boolean;
}

/** Series by colour and shape, for the legend that we draw ourselves; empty where there is one series only. */
export function legendOf(spec: ChartSpec, palette: Palette): LegendEntry[] {
  if (spec.kind === 'heatmap' || spec.series.length < 2) return [];
  let category = spec.series.some(({ role }) => role === 'main') ? 1 : 0;
  return spec.series.map(({ name, role }, index) => ({
    name, control: role === 'control', color: colorOf(role, palette, () => palette.categories[category++ % palette.categories.length]!),
    glyph: spec.kind === 'points' ? symbols.find(({ symbol }) => symbol === symbolOf(spec, index))!.glyph : spec.kind === 'lines' ? (role === 'control' ? '┄' : '━') : role === 'control' ? '▨' : '■',
  }));
}

/** Which point an event of the library is about. */
export function pickedPoint(spec: ChartSpec, event: { readonly curveNumber: number; readonly pointNumber: number | readonly [number, number] }): ChartPoint {
  if (spec.kind === 'heatmap' && Array.isArray(event.pointNumber)) {
    const [row, column] = event.pointNumber as [number, number];
    return { row, column };
  }
  return { series: event.curveNumber, index: event.pointNumber as number };
}

function seriesFigure(spec: SeriesChart, palette: Palette, cursor: ChartPoint | undefined): Figure {
  // Blue is the main series'.
  let category = spec.series.some(({ role }) => role === 'main') ? 1 : 0;
  const drawn = spec.series.map((series, index) => {
    const color = colorOf(series.role, palette, () => palette.categories[category++ % palette.categories.length]!);
    return { trace: trace(spec.kind, series, color, palette, symbolOf(spec, index)), color };
  });
  return {
    data: [...drawn.map(({ trace: one }) => one), ...cursorTrace(spec, cursor, palette)],
    layout: {
      ...baseLayout(palette), barmode: 'overlay', bargap: 0.08,
      showlegend: false,
      xaxis: axis(spec.x, palette), yaxis: axis(spec.y, palette),
    },
  };
}

/** Shapes of points: series are told apart without colour as well. A control is hollow. */
const symbols = [
  { symbol: 'circle', glyph: '●' }, { symbol: 'square', glyph: '■' }, { symbol: 'diamond', glyph: '◆' }, { symbol: 'triangle-up', glyph: '▲' }, { symbol: 'cross', glyph: '✚' }, { symbol: 'star', glyph: '★' },
  { symbol: 'circle-open', glyph: '○' },
];

function symbolOf({ series }: SeriesChart, index: number): string {
  return series[index]!.role === 'control' ? 'circle-open' : symbols[index % (symbols.length - 1)]!.symbol;
}

function trace(kind: SeriesChart['kind'], series: Series, color: string, palette: Palette, symbol: string): Record<string, unknown> {
  const control = series.role === 'control';
  const base = { name: series.name, x: plain(series.x), y: Array.from(series.y), text: series.labels, hoverinfo: 'none' };
  const error = series.low === undefined || series.high === undefined ? {} : {
    error_y: {
      type: 'data', symmetric: false, thickness: 1, width: 3, color: control ? palette.control : palette.quiet,
      array: Array.from(series.high, (high, index) => high - series.y[index]!), arrayminus: Array.from(series.low, (low, index) => series.y[index]! - low),
    },
  };
  switch (kind) {
    case 'bars': return {
      ...base, ...error, type: 'bar', opacity: control ? 0.7 : 1,
      marker: {
        color: control ? 'rgba(0, 0, 0, 0)' : series.role === 'effect' ? Array.from(series.y, (value) => (value < 0 ? palette.negative : palette.positive)) : color,
        line: { color: control ? palette.control : palette.highContrast ? palette.border : color, width: control || palette.highContrast ? 1 : 0 },
        pattern: control ? { shape: '/', fgcolor: palette.control, size: 6 } : undefined,
      },
    };
    case 'lines': return { ...base, ...error, type: 'scatter', mode: series.y.length > 60 ? 'lines' : 'lines+markers', line: { color, width: 1.5, dash: control ? 'dot' : 'solid' }, marker: { color, size: 4 } };
    case 'points': return series.joined === true ? { ...base, type: 'scatter', mode: 'lines', line: { color, width: 1, dash: 'dot' } } : { ...base, ...error, type: 'scatter', mode: 'markers', marker: { color, size: control ? 6 : 8, symbol, line: { width: control ? 1.5 : 0, color } } };
  }
}

/** A ring around the point. It is no data: the legend leaves it out. */
function cursorTrace(spec: SeriesChart, cursor: ChartPoint | undefined, palette: Palette): Record<string, unknown>[] {
  if (cursor === undefined || !('series' in cursor)) return [];
  const series = spec.series[cursor.series];
  if (series === undefined || cursor.index >= series.y.length) return [];
  return [{
    type: 'scatter', mode: 'markers', x: plain([series.x[cursor.index]!] as string[]), y: [series.y[cursor.index]!], hoverinfo: 'skip', showlegend: false,
    marker: { symbol: 'circle-open', size: 13, color: palette.focus, line: { width: 2, color: palette.focus } },
  }];
}

function heatmapFigure(spec: HeatmapChart, palette: Palette, cursor: ChartPoint | undefined): Figure {
  const columns = spec.x.names.length;
  const z = spec.y.names.map((_, row) => Array.from({ length: columns }, (__, column) => finite(spec.values[row * columns + column])));
  const most = z.flat().reduce<number>((largest, value) => Math.max(largest, Math.abs(value ?? 0)), 0) || 1;
  const ground = palette.background;
  const scale = spec.signed
    ? [[0, palette.negative], [0.5, ground], [1, palette.positive]]
    : Array.from({ length: 6 }, (_, step) => [step / 5, mix(palette.activation, ground, step / 5)]);
  const marked = [spec.selected, cursor !== undefined && 'row' in cursor ? cursor : undefined].filter((cell) => cell !== undefined);
  return {
    data: [{
      type: 'heatmap', z, x: spec.x.names.map((_, index) => index), y: spec.y.names.map((_, index) => index), hoverinfo: 'none', xgap: 1, ygap: 1,
      colorscale: scale, zmin: spec.signed ? -most : 0, zmax: most, hoverongaps: false,
      colorbar: { title: { text: spec.valueTitle, side: 'right', font: { color: palette.text } }, thickness: 10, outlinewidth: 0, tickfont: { color: palette.text } },
    }],
    layout: {
      ...baseLayout(palette),
      xaxis: { ...axis(spec.x, palette), ...named(spec.x.names), showgrid: false, zeroline: false, side: 'bottom' },
      yaxis: { ...axis(spec.y, palette), ...named(spec.y.names), showgrid: false, zeroline: false },
      shapes: marked.map(({ row, column }) => ({
        type: 'rect', x0: column - 0.5, x1: column + 0.5, y0: row - 0.5, y1: row + 0.5, line: { color: palette.focus, width: 2 },
      })),
    },
  };
}

/** At most 40 names along an axis; the others are in hover and table. */
function named(names: readonly string[]): Record<string, unknown> {
  const step = Math.max(1, Math.ceil(names.length / 40));
  const at = names.map((_, index) => index).filter((index) => index % step === 0);
  return { tickmode: 'array', tickvals: at, ticktext: at.map((index) => escapeMarkup(names[index]!)) };
}

function axis({ title, log = false, range }: Axis, palette: Palette): Record<string, unknown> {
  return {
    title: { text: escapeMarkup(title), font: { color: palette.quiet }, standoff: 8 }, type: log ? 'log' : undefined, automargin: true,
    ...(range === undefined ? {} : { range: log ? range.map((end) => Math.log10(end)) : range }),
    color: palette.text, gridcolor: palette.grid, zerolinecolor: palette.quiet, linecolor: palette.border, tickfont: { color: palette.text },
    ...(log ? { dtick: 1, exponentformat: 'power' } : {}),
  };
}

function baseLayout(palette: Palette): Record<string, unknown> {
  return {
    paper_bgcolor: 'rgba(0, 0, 0, 0)', plot_bgcolor: 'rgba(0, 0, 0, 0)', font: { family: palette.font, size: Math.max(10, palette.fontSize - 2), color: palette.text },
    margin: { l: 44, r: 8, t: 8, b: 36 }, hovermode: 'closest', dragmode: 'zoom', autosize: true,
  };
}

function colorOf(role: Series['role'], palette: Palette, next: () => string): string {
  switch (role) {
    case 'main': return palette.activation;
    case 'effect': return palette.positive;
    case 'control': return palette.control;
    case 'category': return next();
  }
}

/** The library takes some HTML in texts; ours are tokens and names. */
function escapeMarkup(text: string): string {
  return text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;');
}

function plain(values: ArrayLike<number> | readonly string[]): (string | number)[] {
  return Array.from(values as ArrayLike<string | number>, (value) => (typeof value === 'string' ? escapeMarkup(value) : value));
}

const finite = (value: number | undefined): number | null => (value === undefined || !Number.isFinite(value) ? null : value);
