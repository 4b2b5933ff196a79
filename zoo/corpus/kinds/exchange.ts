/**
 * Exchanges: what `ioi` says in twenty wordings, in several hundred, put together from an opening, a link and a
 * transfer. None of them is a held-out wording of `ioi`.
 */

import { DocumentWriter } from '../document.ts';
import type { LabelledDocument } from '../document.ts';
import type { CorpusRandom } from '../random.ts';
import { splits, templatesOf } from '../split.ts';
import type { Split } from '../split.ts';
import { TemplateGroup } from '../template.ts';
import { writeTransfer } from './ioi.ts';

/** Openings that name a thing, which is then "it", and openings that do not. */
const withThing: readonly string[] = [
  '{1} and {2} found a {obj} in the {place}',
  'One day {1} and {2} had a {obj} at the {place}',
  'Last night {1} and {2} saw a {obj} near the {place}',
  'In the {place}, {1} and {2} made a {obj}',
  'Today {1} met {2} with a {obj}',
  'The {obj} was at the {place}. {1} and {2} took it',
  'At the {place} was a {obj}. {1} and {2} wanted it',
  'There was a {obj} in the {place}, and {1} and {2} saw it',
];
const withoutThing: readonly string[] = [
  '{1} and {2} sat in the {place}',
  'Today {1} and {2} ran to the {place}',
  'One day {1} met {2} at the {place}',
  'Last night {1} and {2} were in the {place}',
  'At the {place} {1} saw {2}',
  'Friends {1} and {2} talked at the {place}',
];
const links = ['.', '. Then', '. Soon', '. In the {place},', ', and'];
const verbs = 'gave sent handed passed brought sold showed offered'.split(' ');

const sources = [...product(withThing, 'it'), ...product(withoutThing, 'a {obj}')];
const groups = Object.fromEntries(splits.map((split) => [split, new TemplateGroup(templatesOf(sources, split))])) as Record<Split, TemplateGroup>;

/** One exchange. Held out by split: the unordered pair of names, as in `ioi`, and templates. */
export function exchange(random: CorpusRandom, split: Split): LabelledDocument {
  const writer = new DocumentWriter();
  writeTransfer(random, split, groups[split], writer);
  return writer.finish('exchange');
}

function product(openings: readonly string[], thing: string): string[] {
  return verbs.flatMap((verb) => openings.flatMap((opening) => links.map((link) => `${opening}${link} {s} ${verb} ${thing} to {io}.`)));
}
