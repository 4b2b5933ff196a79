/** Writes plain data as YAML for insertion into a note: block style for mappings, one line for short lists of scalars. */
import { MechanistError } from '../../engine/errors.ts';

/** What can be written: JSON with `undefined` left out. */
export type Writable = string | number | boolean | null | undefined | readonly Writable[] | { readonly [key: string]: Writable };

/**
 * Lines of a mapping, each without indent and line break. Errors: `argument` for numbers that are not finite, or a depth beyond 20.
 */
export function mapLines(map: { readonly [key: string]: Writable }, depth = 0): string[] {
  if (depth > 20) throw new MechanistError('argument', 'The value is nested too deeply for a note.');
  return Object.entries(map).flatMap(([key, value]) => (value === undefined ? [] : entryLines(`${scalar(key)}:`, value, depth)));
}

/** Lines of one list item: `- …`. */
export function itemLines(value: Writable, depth = 0): string[] {
  if (isMap(value) && Object.keys(value).length > 0) {
    const [first, ...rest] = mapLines(value, depth + 1);
    return [`- ${first}`, ...rest.map((text) => `  ${text}`)];
  }
  return [`- ${inline(value)}`];
}

/** One line of flow style, which is JSON. */
export function inline(value: Writable): string {
  if (isList(value)) return `[${value.map(inline).join(', ')}]`;
  if (isMap(value)) return `{${Object.entries(value).flatMap(([key, entry]) => (entry === undefined ? [] : [`${quoted(key)}: ${inline(entry)}`])).join(', ')}}`;
  return typeof value === 'string' ? quoted(value) : scalar(value ?? null);
}

function entryLines(head: string, value: Writable, depth: number): string[] {
  if (isMap(value)) {
    if (Object.keys(value).length === 0) return [`${head} {}`];
    return [head, ...mapLines(value, depth + 1).map((text) => `  ${text}`)];
  }
  if (isList(value)) {
    if (value.length === 0 || (value.every((item) => typeof item === 'number') && value.length <= 16)) return [`${head} ${inline(value)}`];
    return [head, ...value.flatMap((item) => itemLines(item, depth + 1)).map((text) => `  ${text}`)];
  }
  return [`${head} ${scalar(value ?? null)}`];
}

function scalar(value: string | number | boolean | null): string {
  if (typeof value === 'string') return isPlain(value) ? value : quoted(value);
  if (typeof value === 'number' && !Number.isFinite(value)) throw new MechanistError('argument', `${value} cannot be written into a note.`);
  return String(value);
}

/** Words that no YAML reader, old or new, takes for anything but text. */
function isPlain(text: string): boolean {
  return /^[A-Za-z](?:[\w ,./@()<>→·-]*[\w)/])?$/.test(text) && text.length <= 200 && !/^(?:true|false|null|yes|no|on|off|y|n|nan|inf)$/i.test(text);
}

function quoted(text: string): string {
  return JSON.stringify(text).replaceAll(/[\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

function isList(value: Writable): value is readonly Writable[] {
  return Array.isArray(value);
}

function isMap(value: Writable): value is { readonly [key: string]: Writable } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
