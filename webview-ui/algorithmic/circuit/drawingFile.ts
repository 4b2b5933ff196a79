/** The drawing as a file of its own, colours written out. */
import type { Palette } from '../../shared/theme.ts';
import { nodeHeight, nodeWidth } from './drawing.ts';
import type { Drawing } from './drawing.ts';

export function drawingSvg({ width, height, nodes, edges }: Drawing, palette: Palette): string {
  const lines = edges.map(({ path, width: stroke, weight }) => `<path d="${path}" fill="none" stroke="${weight < 0 ? palette.negative : palette.positive}" stroke-width="${stroke.toFixed(2)}"${weight < 0 ? ' stroke-dasharray="4 2"' : ''}/>`);
  const boxes = nodes.map(({ x, y, label, kind }) => `<rect x="${x - nodeWidth / 2}" y="${y - nodeHeight / 2}" width="${nodeWidth}" height="${nodeHeight}" rx="${kind === 'head' || kind === 'feature' ? nodeHeight / 2 : 0}" fill="${palette.background}" stroke="${palette.text}"/>`
    + `<text x="${x}" y="${y}" text-anchor="middle" dominant-baseline="central" font-size="10" fill="${palette.text}">${escapeXml(label)}</text>`);
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="sans-serif"><rect width="100%" height="100%" fill="${palette.background}"/>${lines.join('')}${boxes.join('')}</svg>\n`;
}

/** Text as it may stand in XML. */
export function escapeXml(text: string): string {
  // Control characters have no place in XML 1.0, not even escaped.
  return Array.from(text, (character) => (character < ' ' && !'\t\n\r'.includes(character) ? '\uFFFD' : character)).join('').replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;').replace(/"/g, '&quot;');
}
