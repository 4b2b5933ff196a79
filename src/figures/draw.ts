/** A figure as SVG text: no script, no reference to anything outside, words escaped. */
import { drawBars } from './bars.ts';
import { drawDiagram } from './diagram.ts';
import type { FigureDrawing } from './figure.ts';
import { drawHeatmap } from './heatmap.ts';
import { drawPlane } from './plane.ts';

export function drawFigure(drawing: FigureDrawing): string {
  switch (drawing.kind) {
    case 'heatmap': return drawHeatmap(drawing);
    case 'diagram': return drawDiagram(drawing);
    case 'bars': return drawing.series.some(({ x }) => x.some((value) => typeof value === 'string')) ? drawBars(drawing) : drawPlane(drawing);
    case 'lines': case 'points': return drawPlane(drawing);
  }
}
