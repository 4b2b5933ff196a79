/** SVG as text from names, numbers and words. Elements and attributes are literals of this folder; what is data is escaped. */

type ElementName = 'svg' | 'g' | 'rect' | 'line' | 'path' | 'circle' | 'text' | 'title' | 'pattern' | 'defs';

export type Svg = { readonly markup: string };

export type Attributes = Readonly<Record<string, string | number | undefined>>;

export function element(name: ElementName, attributes: Attributes, ...children: readonly (Svg | string)[]): Svg {
  const written = Object.entries(attributes).flatMap(([key, value]) => (value === undefined ? [] : [` ${key}="${typeof value === 'number' ? number(value) : escaped(value)}"`])).join('');
  const content = children.map((child) => (typeof child === 'string' ? escaped(child) : child.markup)).join('');
  return { markup: content === '' ? `<${name}${written}/>` : `<${name}${written}>${content}</${name}>` };
}

/** Escapes what XML has a meaning for, and replaces what it may not contain. */
function escaped(text: string): string {
  return text.toWellFormed().replaceAll(/[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu, '\uFFFD').replaceAll(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

function number(value: number): string {
  return String(Math.round(value * 100) / 100);
}
