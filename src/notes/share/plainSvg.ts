/**
 * Whether an SVG file holds nothing but shapes and words, as figures of this product do: a closed set of elements and
 * attributes, no reference, no style sheet, no declaration, no entity but numbered ones. Anything else is not shown.
 */
const elements = new Set(['svg', 'g', 'rect', 'line', 'path', 'circle', 'text', 'title']);
const attributes = new Set([
  'xmlns', 'width', 'height', 'viewBox', 'role', 'font-family', 'font-size', 'font-weight', 'x', 'y', 'x1', 'x2', 'y1', 'y2', 'cx', 'cy', 'r', 'rx', 'd', 'fill', 'stroke', 'stroke-width', 'stroke-dasharray',
  'stroke-opacity', 'text-anchor', 'transform',
]);

export function isPlainSvg(text: string): boolean {
  const token = /<(\/?)([a-z]+)((?: [a-zA-Z0-9-]+="[^"<>&]*")*)(\/?)>|[^<>&]+|&#\d{1,7};/y;
  while (token.lastIndex < text.length) {
    const match = token.exec(text);
    if (match === null) return false;
    const [, , name, written] = match;
    if (name === undefined) continue;
    if (!elements.has(name)) return false;
    for (const [, key, value] of written!.matchAll(/ ([a-zA-Z0-9-]+)="([^"]*)"/g)) {
      if (!attributes.has(key!) || /url\s*\(|:/i.test(key === 'xmlns' ? '' : value!)) return false;
      if (key === 'xmlns' && value !== 'http://www.w3.org/2000/svg') return false;
    }
  }
  return text.startsWith('<svg ');
}
