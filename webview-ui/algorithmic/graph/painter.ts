/** Paints a scene on a canvas, and writes it as SVG. */
import { escapeXml } from '../circuit/drawingFile.ts';
import type { Palette } from '../../shared/theme.ts';
import { nodeRadius } from './layout.ts';
import type { Scene, SceneEdge, SceneNode } from './scene.ts';

export function paintScene(context: CanvasRenderingContext2D, scene: Scene, palette: Palette): void {
  context.clearRect(0, 0, scene.width, scene.height);
  context.strokeStyle = palette.grid;
  context.lineWidth = 1;
  context.beginPath();
  for (const y of scene.lines) {
    context.moveTo(0, Math.round(y) + 0.5);
    context.lineTo(scene.width, Math.round(y) + 0.5);
  }
  context.stroke();
  for (const [{ width, negative, strength }, ...rest] of strokesOf(scene.edges)) {
    context.globalAlpha = 0.25 + 0.65 * strength;
    context.strokeStyle = negative ? palette.negative : palette.positive;
    context.lineWidth = width;
    context.setLineDash(negative ? [4, 2] : []);
    context.beginPath();
    for (const { x1, y1, x2, y2 } of rest) {
      const bend = (y1 - y2) / 2;
      context.moveTo(x1, y1);
      context.bezierCurveTo(x1, y1 - bend, x2, y2 + bend, x2, y2);
    }
    context.stroke();
  }
  context.setLineDash([]);
  for (const node of scene.nodes) paintNode(context, node, palette);
  context.globalAlpha = 1;
  context.fillStyle = palette.quiet;
  context.font = `${Math.max(10, palette.fontSize - 2)}px ${palette.font}`;
  context.textBaseline = 'middle';
  for (const { x, y, text, anchor, slanted } of scene.texts) {
    context.textAlign = anchor === 'middle' ? 'center' : anchor;
    context.save();
    context.translate(x, y);
    if (slanted === true) context.rotate(-Math.PI / 4);
    context.fillText(text, 0, 0);
    context.restore();
  }
}

/** Edges of one sign and about one strength are one stroke: a thousand strokes take longer than a frame. The first of each says how it is drawn. */
export function strokesOf(edges: readonly SceneEdge[]): [SceneEdge, ...SceneEdge[]][] {
  const groups = Map.groupBy(edges, ({ strength, negative }) => 2 * Math.min(strengthSteps - 1, Math.floor(strengthSteps * strength)) + Number(negative));
  return [...groups].toSorted(([a], [b]) => a - b).map(([, members]) => [members[Math.floor(members.length / 2)]!, ...members]);
}

const strengthSteps = 12;

function paintNode(context: CanvasRenderingContext2D, { x, y, kind, state, selected, hovered }: SceneNode, palette: Palette): void {
  context.globalAlpha = state === 'dimmed' ? 0.3 : 1;
  context.fillStyle = state === 'pinned' ? palette.text : palette.background;
  context.strokeStyle = kind === 'error' ? palette.control : palette.text;
  context.lineWidth = state === 'linked' ? 1.8 : 1.1;
  context.beginPath();
  for (const [command, ...points] of outline(kind, x, y)) {
    if (command === 'arc') context.arc(x, y, nodeRadius, 0, 2 * Math.PI);
    else if (command === 'move') context.moveTo(points[0]!, points[1]!);
    else context.lineTo(points[0]!, points[1]!);
  }
  context.closePath();
  context.fill();
  context.stroke();
  if (!selected && !hovered) return;
  context.globalAlpha = 1;
  context.strokeStyle = palette.focus;
  context.lineWidth = 2;
  context.beginPath();
  context.arc(x, y, nodeRadius + 4, 0, 2 * Math.PI);
  context.stroke();
}

type Stroke = readonly ['arc'] | readonly ['move' | 'line', number, number];

/** ○ feature, ◇ error, ▢ token, △ logit. */
function outline(kind: SceneNode['kind'], x: number, y: number): Stroke[] {
  const r = nodeRadius;
  switch (kind) {
    case 'feature': return [['arc']];
    case 'error': return [['move', x, y - r], ['line', x + r, y], ['line', x, y + r], ['line', x - r, y]];
    case 'token': return [['move', x - r, y - r], ['line', x + r, y - r], ['line', x + r, y + r], ['line', x - r, y + r]];
    case 'logit': return [['move', x, y - r], ['line', x + r, y + r], ['line', x - r, y + r]];
  }
}

export function sceneSvg(scene: Scene, palette: Palette): string {
  const n = (value: number): string => value.toFixed(1);
  const edges = scene.edges.map(({ x1, y1, x2, y2, width, negative, strength }) => {
    const bend = (y1 - y2) / 2;
    return `<path d="M ${n(x1)} ${n(y1)} C ${n(x1)} ${n(y1 - bend)}, ${n(x2)} ${n(y2 + bend)}, ${n(x2)} ${n(y2)}" fill="none" stroke="${negative ? palette.negative : palette.positive}" stroke-width="${width.toFixed(2)}" opacity="${(0.25 + 0.65 * strength).toFixed(2)}"${negative ? ' stroke-dasharray="4 2"' : ''}/>`;
  });
  const nodes = scene.nodes.map(({ x, y, kind, state }) => {
    const style = `fill="${state === 'pinned' ? palette.text : palette.background}" stroke="${kind === 'error' ? palette.control : palette.text}" opacity="${state === 'dimmed' ? 0.3 : 1}"`;
    return kind === 'feature' ? `<circle cx="${n(x)}" cy="${n(y)}" r="${nodeRadius}" ${style}/>` : `<path d="${outline(kind, x, y).map(([command, ...points]) => `${command === 'move' ? 'M' : 'L'} ${points.map(n).join(' ')}`).join(' ')} Z" ${style}/>`;
  });
  const texts = scene.texts.map(({ x, y, text, anchor, slanted }) => `<text x="${n(x)}" y="${n(y)}"${slanted === true ? ` transform="rotate(-45 ${n(x)} ${n(y)})"` : ''} text-anchor="${anchor}" dominant-baseline="central" font-size="10" fill="${palette.quiet}">${escapeXml(text)}</text>`);
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${scene.width} ${scene.height}" width="${scene.width}" height="${scene.height}" font-family="sans-serif"><rect width="100%" height="100%" fill="${palette.background}"/>${[...edges, ...nodes, ...texts].join('')}</svg>\n`;
}
