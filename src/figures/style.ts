/** How figures of notes look: dark on white, as in print, since a note is read in every theme and outside the editor. */
import { element } from './svg.ts';
import type { Svg } from './svg.ts';
import type { FigureRole } from './figure.ts';

export const ink = '#222222';
export const quiet = '#5f5f5f';
export const grid = '#d9d9d9';
export const paper = '#ffffff';
export const positive = '#1f6fb4';
export const negative = '#b5521b';
const controlInk = '#767676';
/** Told apart without hue by their lightness as well. */
const categories = ['#1f6fb4', '#b5521b', '#3c7a3c', '#7a4fa3', '#8a6d00', '#a33a5c'];

const fontSize = 11;
/** Mean width of a character of the font, in pixels. */
const characterWidth = 6.1;

export function colourOf(role: FigureRole, index: number): string {
  return role === 'control' ? controlInk : role === 'category' ? categories[index % categories.length]! : positive;
}

export function widthOf(text: string): number {
  return Array.from(text).length * characterWidth;
}

/** At most `most` characters, the end left out. */
export function clipped(text: string, most: number): string {
  const characters = Array.from(text);
  return characters.length <= most ? text : `${characters.slice(0, most - 1).join('')}…`;
}

export interface TextStyle {
  readonly anchor?: 'start' | 'middle' | 'end';
  readonly fill?: string;
  readonly weight?: 'bold';
  /** Degrees, around where it stands. */
  readonly turn?: number;
}

export function words(x: number, y: number, text: string, { anchor = 'start', fill = ink, weight, turn }: TextStyle = {}): Svg {
  return element('text', { x, y, fill, 'text-anchor': anchor, 'font-weight': weight, transform: turn === undefined ? undefined : `rotate(${turn} ${Math.round(x * 100) / 100} ${Math.round(y * 100) / 100})` }, text);
}

/** The whole drawing, with its title for those who do not see it. */
export function sheet(title: string, width: number, height: number, parts: readonly Svg[]): string {
  return element('svg', {
    xmlns: 'http://www.w3.org/2000/svg', width, height, viewBox: `0 0 ${Math.round(width)} ${Math.round(height)}`, role: 'img', 'font-family': 'system-ui, sans-serif', 'font-size': fontSize,
  }, element('title', {}, title), element('rect', { width, height, fill: paper }), ...parts).markup;
}

/** Round values in [low, high], about `count` of them. */
export function ticks(low: number, high: number, count: number): number[] {
  const raw = (high - low) / Math.max(1, count);
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((one) => one >= raw)!;
  const first = Math.ceil(low / step - 1e-9);
  return Array.from({ length: Math.floor(high / step + 1e-9) - first + 1 }, (_, i) => (first + i) * step).map((value) => Number(value.toPrecision(12)));
}

export function short(value: number): string {
  return Number.isInteger(value) && Math.abs(value) < 1e6 ? String(value) : String(Number(value.toPrecision(3)));
}
