/** Paragraphs about one semantic field at a time, which between them use every word of every field. */

import { DocumentWriter } from '../document.ts';
import type { LabelledDocument } from '../document.ts';
import { fields } from '../lexicon/fields.ts';
import { names } from '../lexicon/names.ts';
import { lexicalLabels } from '../lexicon/words.ts';
import type { CorpusRandom } from '../random.ts';
import { splits, templatesOf } from '../split.ts';
import type { Split } from '../split.ts';
import { TemplateGroup } from '../template.ts';

const timeAdverbs = 'now soon later early late before after yesterday today tomorrow forever'.split(' ');
const timeVerbs = 'begin start end finish stop continue wait pause'.split(' ');
const timeAdjectives = 'constant frequent recurrent daily weekly monthly yearly annual biweekly timely prompt next previous past present future instant'.split(' ');
const feelingVerbs = 'laugh cry smile frown gasp blush sigh grin'.split(' ');
const feelingAdjectives = 'bored shy brave proud glad mad sad tense free kind calm'.split(' ');
const without = (words: readonly string[], ...others: readonly (readonly string[])[]): string[] => words.filter((word) => !others.flat().includes(word));

const slots: Readonly<Record<string, readonly string[]>> = {
  time: without(fields.time, timeAdverbs, timeVerbs.slice(0, 7), timeAdjectives), when: timeAdverbs, act: timeVerbs, often: timeAdjectives,
  person: fields.people, nature: fields.nature, joyful: without(fields.emotions, feelingVerbs, feelingAdjectives), react: feelingVerbs, moody: feelingAdjectives,
  month: fields.months, country: fields.countries, part: without(fields.biology, ['evolve', 'DNA', 'RNA', 'bacteria']), acid: ['DNA', 'RNA', 'bacteria'],
  animal: fields.animals, food: fields.food, colour: fields.colours, place: fields.places, object: fields.objects, name: names.map(({ text }) => text),
  weekday: 'Monday Tuesday Wednesday Thursday Friday Saturday Sunday'.split(' '),
  count: 'one two three four five six seven eight nine ten'.split(' '),
};

/** Slots whose second mention in a sentence is the successor of the first, marked by "+". */
const cyclic = new Set(['month', 'weekday', 'count']);

const topics: Readonly<Record<string, readonly string[]>> = {
  time: [
    'The {time} comes before the {time}.', 'Every {time} has a {time}.', 'We {act} {when}.', 'The {often} {time} is here.', 'They {act} at the end of the {time}.',
    'It is a {often} {time}, so we {act}.', 'The {time} will {act} {when}.', 'In this {time} they {act} {when}.', 'The {time} and the {time} {act} {when}.', 'After the {time} we {act}.',
  ],
  people: [
    'The {person} met the {person}.', 'A {person} is a friend of the {person}.', 'The {person} told the {person} about {name}.', '{name} is a {person}.',
    'The {person} and the {person} talked to {name}.', 'The {person} likes the {person}.', 'One {person} saw a {person}.', 'The old {person} walked with the young {person}.', 'The {person} helped {name}.', 'A {person} called the {person}.',
  ],
  nature: [
    'The {nature} is near the {nature}.', 'The {nature} and the {nature} are old.', 'There is {nature} under the {nature}.', 'The {nature} comes with {nature}.',
    'A {animal} sees the {nature}.', 'Over the {nature} there is a {nature}.', 'The {animal} runs to the {nature}.', 'The {nature} is {colour}.', 'We walk from the {nature} to the {nature}.', 'The {nature} is cold like the {nature}.',
  ],
  emotions: [
    'The {person} felt {joyful}.', '{joyful} is not {joyful}.', 'They {react} with {joyful}.', '{name} is {moody}, and they {react}.',
    'It was a time of {joyful} and {joyful}.', 'The {moody} {person} will {react}.', 'There is {joyful} in the {person}.', 'We {react} when we are {moody}.', 'The {person} is {moody} and full of {joyful}.', 'The {joyful} of {name} was great.',
  ],
  months: [
    'After {month} comes {month+}.', 'Before {month+} comes {month}.', 'In {month} it is cold.', '{name} came in {month}.',
    'From {month} to {month+} we wait.', '{month} is a month of the year.', 'They go home in {month}.', 'The month after {month} is {month+}.',
  ],
  days: [
    'After {weekday} comes {weekday+}.', 'The day after {weekday} is {weekday+}.', 'On {weekday} {name} goes to the {place}.', 'From {weekday} to {weekday+} we wait.',
    'After {count} comes {count+}.', 'They have {count} or {count+} of them.', 'It is {weekday} today.', 'Today is {weekday} and tomorrow is {weekday+}.',
  ],
  countries: [
    '{name} is from {country}.', 'The {person} of {country} went to {country}.', '{country} is near {country}.', 'They like {food} in {country}.',
    '{name} went to {country} in {month}.', 'The {person} from {country} met {name}.', 'There is peace in {country}.', 'The {object} was made in {country}.', 'We live in {country}.', 'In {country} there is a {nature}.',
  ],
  biology: [
    'The {part} is part of the {part}.', 'A {part} needs the {part}.', 'The {acid} in the {part} can evolve.', 'The doctor looked at the {part}.',
    'The {part} and the {part} are in the {animal}.', 'Every {part} has a {part}.', 'The {part} will evolve.', 'There is {acid} in the {part}.', 'The {part} holds the {acid}.', 'The {animal} has a {part}.',
  ],
  things: [
    'The {colour} {object} is in the {place}.', '{name} eats {food} at the {place}.', 'The {animal} is {colour}.', 'A {animal} and a {animal} eat {food}.',
    'There is a {object} by the {object}.', 'The {object} is {colour}, not {colour}.', '{name} has a {colour} {animal}.', 'The {place} has {food} and {food}.', '{name} put the {object} in the {object}.', 'The {animal} took the {food}.',
  ],
};

interface Topic {
  /** No paragraph begins with a drawn word, so that such words always follow a space. */
  readonly first: TemplateGroup;
  readonly next: TemplateGroup;
}

const groups = Object.fromEntries(splits.map((split) => [split, Object.values(topics).map((sources): Topic => {
  const available = templatesOf(sources, split);
  return { first: new TemplateGroup(available.filter((source) => !source.startsWith('{'))), next: new TemplateGroup(available, true) };
})])) as unknown as Record<Split, readonly Topic[]>;

/** 2 to 4 sentences on one topic. Held out by split: templates, and which two words of a field meet in a sentence. */
export function fieldsParagraph(random: CorpusRandom, split: Split): LabelledDocument {
  const writer = new DocumentWriter();
  const { first, next } = random.pick(groups[split]);
  const count = random.integer(2, 4);
  writer.owe(Math.log(groups[split].length) + Math.log(3));
  for (let i = 0; i < count; i++) {
    // The first sentence shows the topic bit by bit.
    writer.entropyKnown = i > 0;
    let previous: readonly [slot: string, word: string] | undefined;
    (i === 0 ? first : next).write(random, writer, (name, before) => {
      const slot = name.replace('+', '');
      const words = slots[slot]!;
      if (cyclic.has(slot)) {
        previous = successor(writer, random, name, before, words, previous);
        return;
      }
      const partner = previous?.[0] === slot ? previous[1] : undefined;
      const word = partner === undefined || words.length < 10 ? random.pick(words) : random.pick(partnersOf(partner, words, split));
      previous = [slot, word];
      const person = slot === 'name' ? names.find(({ text }) => text === word)! : undefined;
      const nats = Math.log(words.length);
      writer.emit(before + word, person === undefined ? lexicalLabels(word) : { entity: word, gender: person.gender, number: 'singular' }, nats, nats);
    });
  }
  return writer.finish('fields');
}

/** Words that may meet `first` in a sentence of the split: one in ten each for validation and test. */
function partnersOf(first: string, words: readonly string[], split: Split): readonly string[] {
  const offset = words.indexOf(first);
  const bucketOf = (i: number): Split => ((i + offset) % 10 < 8 ? 'train' : (i + offset) % 10 === 8 ? 'validation' : 'test');
  return words.filter((_, i) => bucketOf(i) === split);
}

/** The first of a cyclic pair is drawn, the second follows from it (or precedes it, where "+" comes first). */
function successor(
  writer: DocumentWriter, random: CorpusRandom, name: string, before: string, words: readonly string[],
  previous: readonly [slot: string, word: string] | undefined,
): readonly [slot: string, word: string] {
  const slot = name.replace('+', '');
  const paired = previous?.[0] === slot;
  const step = name.endsWith('+') ? 1 : words.length - 1;
  const word = paired ? words[(words.indexOf(previous[1]) + step) % words.length]! : random.pick(words);
  const nats = paired ? 0 : Math.log(words.length);
  writer.emit(before + word, lexicalLabels(word), nats, nats);
  return [slot, word];
}
