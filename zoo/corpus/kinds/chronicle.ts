/**
 * Chronicles: a few sentences about one century, each with a later year than the one before. They say in many
 * wordings what `greaterThan` says in one, and hold the years closer together.
 */

import { DocumentWriter } from '../document.ts';
import type { LabelledDocument } from '../document.ts';
import type { CorpusRandom } from '../random.ts';
import { drawInSplit, splitOfCombination, splits, templatesOf } from '../split.ts';
import type { Split } from '../split.ts';
import { TemplateGroup } from '../template.ts';
import { events, lastYear, twoDigits } from './greaterThan.ts';

/** {c} the century, {z} the last digits of a year. */
const openings: readonly string[] = [
  'The {event} began in {c}{z}',
  'There was a {event} in the year {c}{z}',
  'In {c}{z} the {event} began',
  'The farm was built in the year {c}{z}',
  'In the year {c}{z} the king was a boy',
  'The {event} went on from the year {c}{z}',
  'Years of {event}: {c}{z}',
  'The first {event} was in {c}{z}',
];
const continuations: readonly string[] = [
  ' and ended in {c}{z}',
  ' until the year {c}{z}',
  '. It ended in the year {c}{z}',
  '. In {c}{z} it was over',
  '. In the year {c}{z} it ended',
  ', and in the year {c}{z} it was gone',
  ' to {c}{z}',
  ', {c}{z}',
  ' and {c}{z}',
  ', then in {c}{z}',
  '. There was a {event} in {c}{z}',
  '. The next {event} came in the year {c}{z}',
  ', and in {c}{z} it was sold',
  '. Then, in {c}{z}, a {event} began',
];
/** Years of one chronicle, and the chance that another follows while there are enough left. */
const most = 6;
const goOn = 0.8;
/** From here on too few years are left for another. */
const late = 96;

const groupsOf = (sources: readonly string[]): Record<Split, TemplateGroup> =>
  Object.fromEntries(splits.map((split) => [split, new TemplateGroup(templatesOf(sources, split))])) as Record<Split, TemplateGroup>;
const first = groupsOf(openings);
const following = groupsOf(continuations);

/** Two to six years, ascending. Held out by split: every year that another follows, and templates. */
export function chronicle(random: CorpusRandom, split: Split): LabelledDocument {
  const [century, start] = drawInSplit(random, split, (r) => [r.integer(11, 20), r.integer(2, 98)] as const, (year) => ['year', ...year]);
  const writer = new DocumentWriter();
  // Whether another year follows shows in the same token as how it is said.
  writer.entropyKnown = false;
  let centuryNats = Math.log(10);
  let previous: number | undefined;
  let years = 0;
  const write = (group: TemplateGroup, year: number, nats: number): void => {
    group.write(random, writer, (slot, before) => {
      if (slot === 'event') writer.emit(before + random.pick(events), {}, Math.log(events.length));
      else if (slot === 'c') {
        writer.emit(before);
        writer.emit(twoDigits(century), { yearRole: 'century' }, centuryNats);
        centuryNats = 0;
      } else {
        const labels = previous === undefined ? { yearRole: 'start' } : { yearRole: 'end', yearIsLater: true };
        writer.set('startYear', year);
        writer.emit(twoDigits(year), { ...labels, startYear: previous ?? year }, nats);
        previous = year;
        years++;
      }
    });
  };
  write(first[split], start, Math.log(97));
  let year = start;
  do {
    if (years > 1) writer.owe(-Math.log(goOn));
    const next = random.integer(year + 1, lastYear);
    write(following[split], next, Math.log(lastYear - year));
    year = next;
  } while (years < most && year < late && splitOfCombination('year', century, year) === split && random.chance(goOn));
  writer.set('startYear', undefined);
  writer.emit('.');
  return writer.finish('chronicle');
}
