/** Indirect-object sentences (Wang et al. 2023), the two people named in either order. */

import { DocumentWriter, uniformDraw } from '../document.ts';
import type { LabelledDocument } from '../document.ts';
import { fields } from '../lexicon/fields.ts';
import { names } from '../lexicon/names.ts';
import type { Name } from '../lexicon/names.ts';
import { lexicalLabels } from '../lexicon/words.ts';
import type { CorpusRandom } from '../random.ts';
import { drawInSplit, splits, templatesOf } from '../split.ts';
import type { Split } from '../split.ts';
import { TemplateGroup } from '../template.ts';

/** {1} and {2} are the two people as first named, {s} the subject again, {io} the answer. */
const sources: readonly string[] = [
  'When {1} and {2} went to the {place}, {s} gave a {obj} to {io}.',
  'When {1} and {2} got a {obj} at the {place}, {s} gave it to {io}.',
  'Then {1} and {2} went to the {place}. {s} gave a {obj} to {io}.',
  'Then {1} and {2} were at the {place}, and {s} handed a {obj} to {io}.',
  'After {1} and {2} met at the {place}, {s} passed a {obj} to {io}.',
  'After {1} and {2} left the {place}, {s} sold a {obj} to {io}.',
  'While {1} and {2} were at the {place}, {s} showed a {obj} to {io}.',
  'While {1} and {2} sat in the {place}, {s} sent a {obj} to {io}.',
  'Today {1} and {2} had a day at the {place}. {s} gave the {obj} to {io}.',
  'Last night {1} met {2} near the {place}. Then {s} brought a {obj} to {io}.',
  'Friends {1} and {2} found a {obj} at the {place}. {s} gave it to {io}.',
  'In the {place}, {1} and {2} talked. {s} wanted to give a {obj} to {io}.',
  'At the {place}, {1} and {2} played. Soon {s} gave the {obj} to {io}.',
  'The {obj} was new. {1} and {2} saw it, and {s} gave it to {io}.',
  'One day {1} and {2} walked to the {place}. {s} handed the {obj} to {io}.',
  'When {1} and {2} had a {obj} in the {place}, {s} handed it to {io}.',
  'Then {1} and {2} found a {obj}. In the {place}, {s} passed it to {io}.',
  'After {1} and {2} went to the {place}, {s} offered a {obj} to {io}.',
  'While {1} and {2} walked to the {place}, {s} brought a {obj} to {io}.',
  'Today {1} and {2} saw a {obj} at the {place}. {s} sent it to {io}.',
];

const groups = Object.fromEntries(splits.map((split) => [split, new TemplateGroup(templatesOf(sources, split))])) as Record<Split, TemplateGroup>;

/** One sentence. Held out by split: the unordered pair of names, and templates. */
export function ioi(random: CorpusRandom, split: Split): LabelledDocument {
  const writer = new DocumentWriter();
  writeTransfer(random, split, groups[split], writer);
  return writer.finish('ioi');
}

/** Writes a template of two people, a thing that one gives to the other, and a place. */
export function writeTransfer(random: CorpusRandom, split: Split, templates: TemplateGroup, writer: DocumentWriter): void {
  const [subject, object] = drawInSplit(random, split, (r) => r.sample(names, 2), (pair) => ['ioi', ...pair.map(({ text }) => text).sort()]) as [Name, Name];
  const objectFirst = random.chance(0.5);
  const order = objectFirst ? [object, subject] : [subject, object];
  const thing = random.pick(fields.objects);
  const place = random.pick(fields.places);
  const draws: Record<string, ReturnType<typeof uniformDraw>> = {
    place: uniformDraw(place, fields.places.length, lexicalLabels(place)),
    obj: uniformDraw(thing, fields.objects.length, { ...lexicalLabels(thing), object: thing }),
    1: name(order[0]!, objectFirst ? 'io' : 's1', names.length),
    2: name(order[1]!, objectFirst ? 's1' : 'io', names.length - 1),
    s: name(subject, 's2', 2),
    io: name(object, 'answer', 1),
  };
  templates.write(random, writer, (slot, before) => {
    if (slot === 's') {
      writer.set('subject', subject.text);
      writer.set('ioiOrder', objectFirst ? 'io-first' : 's-first');
    }
    writer.emitDraw(draws[slot]!, before);
  });
}

function name({ text, gender }: Name, ioiRole: string, count: number): ReturnType<typeof uniformDraw> {
  return uniformDraw(text, count, { entity: text, gender, number: 'singular', ioiRole });
}
