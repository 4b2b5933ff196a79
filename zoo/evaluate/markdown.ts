/** The little Markdown that the zoo's reports need. */
import { MechanistError } from '../../src/engine/errors.ts';

/** A table; columns after the first `left` ones are aligned to the right. */
export function table(head: readonly string[], rows: readonly (readonly string[])[], left = 1): string {
  const rule = head.map((_, i) => (i < left ? '---' : '---:'));
  return [head, rule, ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

/** 0.9876 → "98.8 %". */
export function percent(share: number, digits = 1): string {
  return `${(100 * share).toFixed(digits)} %`;
}

/** 9830400 → "9,830,400". */
export function grouped(value: number): string {
  return value.toLocaleString('en-US');
}

/** Replaces what stands between `<!-- begin NAME -->` and `<!-- end NAME -->`. Errors: `parse` without the two marks. */
export function replaceSection(text: string, name: string, content: string): string {
  const [begin, end] = [`<!-- begin ${name} -->`, `<!-- end ${name} -->`];
  const from = text.indexOf(begin);
  const to = text.indexOf(end, from);
  if (from < 0 || to < 0) throw new MechanistError('parse', `The marks "${begin}" and "${end}" are missing.`);
  return `${text.slice(0, from + begin.length)}\n${content}\n${text.slice(to)}`;
}
