/** Short reviews: every sentence agrees with one mood, half of them through a negation. */

import { DocumentWriter, uniformDraw } from '../document.ts';
import type { LabelledDocument } from '../document.ts';
import { fields } from '../lexicon/fields.ts';
import { names } from '../lexicon/names.ts';
import type { Name } from '../lexicon/names.ts';
import { feelingsBad, feelingsGood, lexicalLabels } from '../lexicon/words.ts';
import type { CorpusRandom } from '../random.ts';
import { drawInSplit, splits, templatesOf } from '../split.ts';
import type { Split } from '../split.ts';
import { TemplateGroup } from '../template.ts';

const things = [...fields.places, 'bread', 'soup', 'cake', 'cheese', 'rice', 'tea', 'pie', 'honey'];
const praise = ['good', 'lovely', 'great', 'wonderful'];
const blame = ['bad', 'dull', 'terrible', 'poor'];

/** Openings name the person and the thing; {word} follows the mood, {opposite} contradicts it. */
const openings = [
  'Last week {who} told us about the {thing}.', 'Today {who} told us about the {thing}.', 'Last night {who} talked about the {thing}.',
  'Today {who} saw the {thing}.', 'This week {who} saw the {thing}.', 'What did {who} think of the {thing}?',
];
const statements = [
  'The {thing} was {word}.', 'The {thing} was not {opposite}.', 'It was a {word} thing.', 'It was never {opposite}.',
  '{who} {liked} it.', '{who} did not {dislike} it.', 'There was no {opposite} part.', 'The next day was {word} too.',
  'The {thing} was {word} again.', 'It was not a {opposite} thing.',
];
const endings = ['So {who} was {feeling}.', '{who} felt {feeling}.', 'In the end {who} was {feeling}.', 'At night {who} felt {feeling}.'];

interface Groups {
  readonly openings: TemplateGroup;
  readonly statements: TemplateGroup;
  readonly endings: TemplateGroup;
}

const groups = Object.fromEntries(splits.map((split) => [split, {
  openings: new TemplateGroup(templatesOf(openings, split)),
  statements: new TemplateGroup(templatesOf(statements, split), true),
  endings: new TemplateGroup(templatesOf(endings, split), true),
}])) as Record<Split, Groups>;

/** One review of 3 to 5 sentences. Held out by split: person with thing, and templates. */
export function opinion(random: CorpusRandom, split: Split): LabelledDocument {
  const { who, thing } = drawInSplit(
    random, split, (r) => ({ who: r.pick(names), thing: r.pick(things) }), (drawn) => ['opinion', drawn.who.text, drawn.thing],
  );
  const positive = random.chance(0.5);
  const writer = new DocumentWriter();
  // After every sentence the review may go on or end, so a sentence's alternatives are those of two groups.
  writer.entropyKnown = false;
  const person = uniformDraw(who.text, names.length, personLabels(who));
  const subject = uniformDraw(thing, things.length, lexicalLabels(thing));
  let decided = false;
  const valued = (words: readonly string[], before: string): void => {
    writer.set('mood', positive ? 'positive' : 'negative');
    const nats = Math.log(words.length) + (decided ? 0 : Math.LN2);
    decided = true;
    const word = random.pick(words);
    writer.emit(before + word, lexicalLabels(word), nats, nats);
  };
  const slot = (name: string, before: string): void => {
    if (name === 'who') writer.emitDraw(person, before);
    else if (name === 'thing') writer.emitDraw(subject, before);
    else if (name === 'word') valued(positive ? praise : blame, before);
    else if (name === 'opposite') valued(positive ? blame : praise, before);
    else if (name === 'liked') valued(positive ? ['liked', 'loved'] : ['hated'], before);
    else if (name === 'dislike') valued(positive ? ['hate'] : ['like', 'love'], before);
    else valued(positive ? feelingsGood : feelingsBad, before);
  };
  const group = groups[split];
  group.openings.write(random, writer, slot);
  const count = random.integer(1, 3);
  writer.owe(Math.log(3));
  for (let i = 0; i < count; i++) group.statements.write(random, writer, slot);
  group.endings.write(random, writer, slot);
  return writer.finish('opinion');
}

function personLabels({ text, gender }: Name): { entity: string; gender: string; number: string } {
  return { entity: text, gender, number: 'singular' };
}
