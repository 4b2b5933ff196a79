import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { drawFigure } from '../../../src/figures/draw.ts';
import { evidenceFigure } from '../../../src/figures/evidenceFigure.ts';
import type { FigureDrawing } from '../../../src/figures/figure.ts';
import { isPlainSvg } from '../../../src/notes/share/plainSvg.ts';

const words = fc.oneof(fc.constantFrom('<script>alert(1)</script>', '" onload="x', ']]>', '&amp;', '<!--', 'javascript:x', '\u0000\ud800'), fc.string({ unit: 'grapheme', maxLength: 12 }));
const value = fc.oneof(fc.constant(null), fc.double({ noDefaultInfinity: true, noNaN: true, min: -1e30, max: 1e30 }));

const series: fc.Arbitrary<FigureDrawing> = fc.record({
  kind: fc.constantFrom('bars', 'lines', 'points'), title: words, x: fc.record({ title: words }), y: fc.record({ title: words, log: fc.boolean() }),
  series: fc.array(fc.array(fc.tuple(fc.oneof(words, fc.integer()), value), { maxLength: 8 }).chain((points) => fc.record({
    name: words, role: fc.constantFrom('main', 'effect', 'category', 'control'), x: fc.constant(points.map(([x]) => x)), y: fc.constant(points.map(([, y]) => y)),
  })), { maxLength: 4 }),
});
const heatmap: fc.Arbitrary<FigureDrawing> = fc.tuple(fc.array(words, { maxLength: 5 }), fc.array(words, { maxLength: 5 })).chain(([x, y]) => fc.record({
  kind: fc.constant('heatmap' as const), title: words, x: fc.record({ title: words, names: fc.constant(x) }), y: fc.record({ title: words, names: fc.constant(y) }),
  values: fc.array(value, { minLength: x.length * y.length, maxLength: x.length * y.length }), valueTitle: words, signed: fc.boolean(), selected: fc.constantFrom(undefined, { row: 0, column: 3 }),
}));
const diagram: fc.Arbitrary<FigureDrawing> = fc.record({
  kind: fc.constant('diagram' as const), title: words, width: fc.integer({ min: 1, max: 900 }), height: fc.integer({ min: 1, max: 900 }),
  nodes: fc.array(fc.record({ id: words, label: words, x: fc.integer(), y: fc.integer() }), { maxLength: 5 }), edges: fc.array(fc.record({ from: words, to: words, weight: fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e30, max: 1e30 }) }), { maxLength: 5 }),
});

describe('drawings', () => {
  it('are shapes and words only, whatever the data says', () => {
    fc.assert(fc.property(fc.oneof(series, heatmap, diagram), (drawing) => {
      const svg = drawFigure(drawing);
      expect(isPlainSvg(svg), svg.slice(0, 2000)).toBe(true);
      expect(svg).not.toMatch(/NaN|Infinity|undefined/);
    }), { numRuns: 400 });
  });

  it('have bars as long as their values, from zero', () => {
    const svg = drawFigure({ kind: 'bars', title: 't', x: { title: '' }, y: { title: 'logits' }, series: [{ name: 'own', role: 'main', x: ['a', 'b'], y: [4, 1] }] });
    const widths = Array.from(svg.matchAll(/<rect [^>]*width="([\d.]+)" height="9"/g), ([, width]) => Number(width));
    expect(widths[0]! / widths[1]!).toBeCloseTo(4);
  });

  it('show a control hollow beside its value, with the numbers of both in the table', () => {
    const { drawing, table } = evidenceFigure('t', [{ name: 'ablation.head', metric: 'loss', unit: 'logits', value: 3, interval: [2, 4], control: { name: 'other heads', value: 1, interval: [0, 2] } }])!;
    expect(table.rows).toEqual([['loss', 'measured', 3, 2, 4], ['other heads', 'control', 1, 0, 2]]);
    expect(drawFigure(drawing)).toMatch(/<rect [^>]*fill="none"[^>]*stroke-dasharray="3 2"[^>]*><title>control: 1<\/title>/);
    expect(evidenceFigure('t', [])).toBeUndefined();
  });
});
