/**
 * Sentence templates. A template is text with slots in braces: "When {a} and {b} went to the {place} ,".
 * Words, punctuation marks and slots are its items. A group is a set of templates of equal probability; because
 * the group is a prefix tree over items, the probability of every next item is exact even where templates
 * begin alike.
 */

import { MechanistError } from '../../src/engine/errors.ts';
import type { DocumentWriter } from './document.ts';
import type { Labels } from './labels.ts';
import { lexicalLabels } from './lexicon/words.ts';
import type { CorpusRandom } from './random.ts';

export interface Template {
  readonly source: string;
  readonly items: readonly TemplateItem[];
}

export type TemplateItem =
  | { readonly kind: 'text'; readonly text: string; readonly labels: Labels }
  | { readonly kind: 'slot'; readonly name: string; readonly spaced: boolean };

/**
 * Surprise and entropy of each item of a template within its group, nats. Entropy is NaN where templates part at
 * a slot: what the slot draws then competes with the other templates' words.
 */
interface Weighted {
  readonly template: Template;
  readonly surprise: Float64Array;
  readonly entropy: Float64Array;
}

export class TemplateGroup {
  readonly templates: readonly Template[];
  private readonly weighted: readonly Weighted[];

  constructor(sources: readonly string[], continues = false) {
    this.templates = sources.map((source) => parseTemplate(source, continues));
    this.weighted = this.templates.map((template) => weigh(template, this.templates));
  }

  /** Draws a template and writes it; `slot` writes the named slot (its text begins with `before`). */
  write(
    random: CorpusRandom, writer: DocumentWriter, slot: (name: string, before: string) => void, afterSentence?: () => void,
  ): Template {
    const { template, surprise, entropy } = random.pick(this.weighted);
    template.items.forEach((item, i) => {
      if (item.kind === 'text') {
        if (Number.isNaN(entropy[i])) writer.emitUnknown(item.text, item.labels, surprise[i]);
        else writer.emit(item.text, item.labels, surprise[i], entropy[i]);
        if (item.text === '.') afterSentence?.();
        return;
      }
      // Templates that differ at a slot: what the slot writes reveals both choices at once.
      if (Number.isNaN(entropy[i])) writer.owe(surprise[i]!);
      slot(item.name, item.spaced ? ' ' : '');
    });
    return template;
  }
}

/** Parses a template. `continues` puts a space before the first word. */
function parseTemplate(source: string, continues: boolean): Template {
  const items: TemplateItem[] = [];
  const pattern = /(\s*)(\{[^}]*\}|\n\s*|[\p{L}']+|\d+|[^\s])/gu;
  for (const [, gap, token] of source.matchAll(pattern)) {
    if (token === undefined) throw new MechanistError('argument', `Template cannot be parsed: ${source}`);
    const spaced = gap !== '' || (continues && items.length === 0);
    if (token.startsWith('{')) items.push({ kind: 'slot', name: token.slice(1, -1), spaced });
    else items.push({ kind: 'text', text: (spaced ? ' ' : '') + token, labels: lexicalLabels(token) });
  }
  return { source, items };
}

function weigh(template: Template, group: readonly Template[]): Weighted {
  const length = template.items.length;
  const surprise = new Float64Array(length);
  const entropy = new Float64Array(length);
  let alive = group;
  for (let i = 0; i < length; i++) {
    const counts = new Map<string, number>();
    for (const other of alive) {
      const key = itemKey(other.items[i]);
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
    const mine = itemKey(template.items[i]);
    for (const count of counts.values()) entropy[i]! -= (count / alive.length) * Math.log(count / alive.length);
    if (counts.size > 1 && alive.some((other) => other.items[i]?.kind === 'slot')) entropy[i] = NaN;
    surprise[i] = -Math.log(counts.get(mine)! / alive.length);
    alive = alive.filter((other) => itemKey(other.items[i]) === mine);
  }
  return { template, surprise, entropy };
}

function itemKey(item: TemplateItem | undefined): string {
  if (item === undefined) return '';
  // "{A!}" and "{A}" write the same text.
  return item.kind === 'text' ? item.text : `{${item.name.replace('!', '')}}${item.spaced}`;
}
