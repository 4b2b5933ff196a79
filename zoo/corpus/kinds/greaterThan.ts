/** Spans of years (Hanna et al. 2023): the end year must be later than the start year of the same century. */

import { DocumentWriter } from '../document.ts';
import type { LabelledDocument } from '../document.ts';
import type { CorpusRandom } from '../random.ts';
import { drawInSplit, splits, templatesOf } from '../split.ts';
import type { Split } from '../split.ts';
import { TemplateGroup } from '../template.ts';

export const events = 'war race trip project study storm winter peace school season journey march'.split(' ');

/** Last two digits of the latest year there is. */
export const lastYear = 99;

/** {c} the century, {y} the last digits of the start and {z} of the end. */
const sources: readonly string[] = [
  'The {event} lasted from the year {c}{y} to the year {c}{z}.',
  'The {event} went from {c}{y} to {c}{z}.',
  'The {event} began in {c}{y} and ended in {c}{z}.',
  'It was a long {event} from the year {c}{y} to the year {c}{z}.',
  'In {c}{y} the {event} began, and in {c}{z} it ended.',
  'The king lived from {c}{y} to {c}{z}.',
  'The farm was built in {c}{y} and sold in {c}{z}.',
  'From {c}{y} to {c}{z} there was a {event}.',
  'The {event} ran from the year {c}{y} to the year {c}{z}.',
  'The {event} began in the year {c}{y} and ended in the year {c}{z}.',
];

const groups = Object.fromEntries(splits.map((split) => [split, new TemplateGroup(templatesOf(sources, split))])) as Record<Split, TemplateGroup>;

/** One sentence. Held out by split: the start year, and templates. */
export function greaterThan(random: CorpusRandom, split: Split): LabelledDocument {
  const [century, start] = drawInSplit(random, split, (r) => [r.integer(11, 20), r.integer(2, 98)] as const, (year) => ['year', ...year]);
  const end = random.integer(start + 1, lastYear);
  const writer = new DocumentWriter();
  let centuryKnown = false;
  groups[split].write(random, writer, (slot, before) => {
    if (slot === 'event') {
      writer.emit(before + random.pick(events), {}, Math.log(events.length), Math.log(events.length));
    } else if (slot === 'c') {
      const nats = centuryKnown ? 0 : Math.log(10);
      centuryKnown = true;
      writer.emit(before);
      writer.emit(twoDigits(century), { yearRole: 'century' }, nats, nats);
    } else if (slot === 'y') {
      writer.set('startYear', start);
      writer.emit(twoDigits(start), { yearRole: 'start' }, Math.log(97), Math.log(97));
    } else {
      const nats = Math.log(lastYear - start);
      writer.emit(twoDigits(end), { yearRole: 'end', yearIsLater: true }, nats, nats);
      writer.set('startYear', undefined);
    }
  });
  return writer.finish('greaterThan');
}

export function twoDigits(value: number): string {
  return String(value).padStart(2, '0');
}
