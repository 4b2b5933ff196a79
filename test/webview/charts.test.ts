import { describe, expect, it } from 'vitest';
import { figureOf, legendOf, pickedPoint } from '../../webview-ui/shared/charts/figure.ts';
import { tableCsv } from '../../src/figures/csv.ts';
import { chartTable, movedPoint, pointText } from '../../webview-ui/shared/charts/spec.ts';
import type { HeatmapChart, SeriesChart } from '../../webview-ui/shared/charts/spec.ts';
import { channels, mix } from '../../webview-ui/shared/theme.ts';
import type { Palette } from '../../webview-ui/shared/theme.ts';

const palette: Palette = {
  text: '#ffffff', quiet: '#aaaaaa', background: '#000000', grid: '#333333', border: '#444444', focus: '#0000ff', activation: '#3794ff', positive: '#3794ff', negative: '#d18616',
  control: '#888888', categories: ['#111111', '#222222'], font: 'sans', fontSize: 13, highContrast: false,
};
const lines: SeriesChart = {
  kind: 'lines', title: 'Faithfulness', x: { title: 'edges', log: true }, y: { title: 'faithfulness' },
  series: [
    { name: 'circuit', role: 'main', x: [1, 10], y: [0.2, 0.9], low: [0.1, 0.8], high: [0.3, 0.95] },
    { name: 'random', role: 'control', x: [1, 10], y: [0, 0.1] },
  ],
};
const heat: HeatmapChart = {
  kind: 'heatmap', title: 'Patching', x: { title: 'token', names: ['<b>', 'John', 'gave'] }, y: { title: 'layer', names: ['0', '1'] }, values: [0, 1, -2, Number.NaN, 0.5, 0],
  valueTitle: 'effect', signed: true, control: [0, 0, 0.1, 0, 0, 0],
};

describe('a chart', () => {
  it('has a table with everything that it shows', () => {
    expect(chartTable(lines)).toEqual({ columns: ['series', 'edges', 'faithfulness', 'low', 'high'], rows: [['circuit', 1, 0.2, 0.1, 0.3], ['circuit', 10, 0.9, 0.8, 0.95], ['random', 1, 0, '', ''], ['random', 10, 0.1, '', '']] });
    expect(chartTable(heat).columns).toEqual(['layer', 'token', 'effect', 'control']);
    expect(chartTable(heat).rows).toHaveLength(6);
    expect(chartTable(heat).rows[2]).toEqual(['0', 'gave', -2, 0.1]);
  });

  it('draws a control muted and dashed, in the same axes', () => {
    const { data } = figureOf(lines, palette);
    expect(data[1]).toMatchObject({ line: { color: palette.control, dash: 'dot' } });
    expect(data[0]).toMatchObject({ line: { color: palette.activation, dash: 'solid' } });
  });

  it('tells series apart by shape as well, and never gives another the main one’s blue', () => {
    const points: SeriesChart = { ...lines, kind: 'points', series: [lines.series[0]!, { ...lines.series[0]!, name: 'other', role: 'category' }, lines.series[1]!] };
    expect(legendOf(points, palette).map(({ glyph, color, control }) => [glyph, color, control])).toEqual([['●', palette.activation, false], ['■', palette.categories[1], false], ['○', palette.control, true]]);
    expect(figureOf(points, palette).data.map((one) => (one.marker as { symbol: string }).symbol)).toEqual(['circle', 'square', 'circle-open']);
    expect(legendOf({ ...lines, series: [lines.series[0]!] }, palette)).toEqual([]);
  });

  it('colours signs on both sides of nothing, symmetrically, and leaves blank what is no number', () => {
    const { data } = figureOf(heat, palette);
    expect(data[0]).toMatchObject({ zmin: -2, zmax: 2, z: [[0, 1, -2], [null, 0.5, 0]] });
  });

  it('passes on no markup from tokens', () => {
    expect(JSON.stringify(figureOf(heat, palette).layout)).not.toContain('<b>');
    expect(JSON.stringify(figureOf(heat, palette).layout)).toContain('&lt;b&gt;');
  });

  it('says what a point is', () => {
    expect(pointText(lines, { series: 0, index: 1 })).toBe('circuit · edges 10 · faithfulness 0.9 (0.8 … 0.95)');
    expect(pointText(heat, { row: 0, column: 2 })).toBe('token gave · layer 0 · effect -2 · control 0.1');
    expect(pickedPoint(heat, { curveNumber: 0, pointNumber: [1, 2] })).toEqual({ row: 1, column: 2 });
  });

  it.each([
    [lines, undefined, 'ArrowRight', { series: 0, index: 0 }], [lines, { series: 0, index: 1 }, 'ArrowRight', { series: 0, index: 1 }], [lines, { series: 0, index: 1 }, 'ArrowUp', { series: 1, index: 1 }],
    [heat, undefined, 'ArrowDown', { row: 0, column: 0 }], [heat, { row: 0, column: 0 }, 'ArrowUp', { row: 1, column: 0 }], [heat, { row: 1, column: 2 }, 'ArrowRight', { row: 1, column: 2 }], [heat, { row: 1, column: 2 }, 'x', undefined],
  ] as const)('moves by keys (%#)', (spec, from, key, to) => {
    expect(movedPoint(spec, from, key)).toEqual(to);
  });
});

it('a CSV quotes what needs it and lets no cell become a formula', () => {
  expect(tableCsv({ columns: ['token', 'value'], rows: [[' "a",', 1.5], ['=1+1', Number.NaN], ['-x', -2]] })).toBe('token,value\r\n" ""a"",",1.5\r\n\'=1+1,\r\n\'-x,-2\r\n');
});

it.each([['#f00', [255, 0, 0, 1]], ['#3794ff80', [55, 148, 255, 128 / 255]], ['rgba(1, 2, 3, 0.5)', [1, 2, 3, 0.5]], ['rgb(9 8 7)', [9, 8, 7, 1]]])('reads the colour %s', (color, expected) => {
  expect(channels(color)).toEqual(expected);
});

it('mixes colours', () => {
  expect(mix('#ffffff', '#000000', 0.5)).toBe('rgb(128, 128, 128)');
});
