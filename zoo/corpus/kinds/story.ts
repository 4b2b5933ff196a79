/** Short stories: two people, one plot, told in one tense, ending well or badly. */

import { DocumentWriter, uniformDraw } from '../document.ts';
import type { Draw, LabelledDocument } from '../document.ts';
import type { Labels } from '../labels.ts';
import { fields } from '../lexicon/fields.ts';
import { names } from '../lexicon/names.ts';
import type { Name } from '../lexicon/names.ts';
import { feelingsBad, feelingsGood, lexicalLabels, pastOf, thirdOf } from '../lexicon/words.ts';
import type { CorpusRandom } from '../random.ts';
import { drawInSplit } from '../split.ts';
import type { Split } from '../split.ts';
import { TemplateGroup } from '../template.ts';
import { closing, opening, plots } from './storySchemas.ts';

/** Words that a story draws once, at their first mention. */
const drawnWords: Readonly<Record<string, readonly string[]>> = {
  place: fields.places,
  obj: fields.objects,
  animal: fields.animals,
  food: ['bread', 'soup', 'cake', 'cheese', 'rice', 'tea', 'pie', 'honey'],
  colour: fields.colours,
  nature: ['tree', 'stone', 'rock', 'cliff', 'hill', 'lake', 'pond', 'creek', 'wood', 'field', 'cave'],
  family: ['mom', 'dad', 'sister', 'brother'],
  month: fields.months,
  country: fields.countries.filter((country) => country !== 'USA' && country !== 'UK'),
  part: ['day', 'morning', 'evening', 'night', 'noon', 'dawn', 'week', 'winter', 'summer'],
  person: ['king', 'queen', 'priest', 'coach', 'clerk', 'chief', 'teacher', 'farmer', 'guest', 'lord'],
  organ: ['brain', 'lung', 'bone', 'skin', 'muscle', 'nerve', 'vein'],
};

type Mood = 'positive' | 'negative';

/** A step's templates: all of them, and those that fit each mood. */
interface Step {
  readonly decides: boolean;
  readonly any: TemplateGroup;
  readonly moods: readonly (Mood | undefined)[];
  readonly fitting: Readonly<Record<Mood, TemplateGroup>>;
}

const openingGroup = new TemplateGroup(opening);
const closingStep = compileStep(closing);
const plotSteps = Object.values(plots).map((steps) => steps.map(compileStep));

/** One story. Held out by split: the pair of people together with the place. */
export function story(random: CorpusRandom, split: Split): LabelledDocument {
  const cast = drawInSplit(
    random, split,
    (r) => ({ people: r.sample(names, 2), place: r.pick(fields.places) }),
    ({ people: [a, b], place }) => ['story', a!.text, b!.text, place],
  );
  const teller = new StoryTeller(random, cast.people as [Name, Name], cast.place);
  const { writer } = teller;
  teller.write(openingGroup);
  const steps = random.pick(plotSteps);
  writer.owe(Math.log(plotSteps.length));
  let mood: Mood | undefined;
  for (const step of steps) {
    // The first step shows the plot bit by bit.
    writer.entropyKnown = step !== steps[0];
    mood = teller.writeStep(step, mood);
  }
  if (random.chance(0.5)) {
    writer.owe(Math.LN2);
    teller.writeStep(closingStep, mood);
  }
  return writer.finish('story');
}

class StoryTeller {
  readonly writer = new DocumentWriter();
  private readonly random: CorpusRandom;
  private readonly people: Readonly<Record<string, Name>>;
  private readonly draws = new Map<string, Draw>();
  private readonly tense: 'past' | 'present';
  private tensePaid = false;
  private readonly named = new Set<string>();

  constructor(random: CorpusRandom, [a, b]: readonly [Name, Name], place: string) {
    this.random = random;
    this.people = { A: a, B: b };
    this.tense = random.chance(0.5) ? 'past' : 'present';
    for (const [key, name] of Object.entries(this.people)) this.draws.set(key, personDraw(name));
    this.draws.set('place', uniformDraw(place, fields.places.length, wordLabels('place', place)));
  }

  write(group: TemplateGroup): number {
    const template = group.write(
      this.random, this.writer, (name, before) => this.slot(name, before), () => this.writer.set('subject', undefined),
    );
    return group.templates.indexOf(template);
  }

  writeStep(step: Step, mood: Mood | undefined): Mood | undefined {
    if (!step.decides) {
      this.write(step.any);
      return mood;
    }
    if (mood !== undefined) {
      this.write(step.fitting[mood]);
      return mood;
    }
    const decided = step.moods[this.write(step.any)];
    this.writer.set('mood', decided);
    return decided;
  }

  private slot(name: string, before: string): void {
    const [head, argument] = name.split(':') as [string, string | undefined];
    if (head === 'v' || head === 'V') this.verb(argument!, head === 'V', before);
    else if (head === 'q') this.openQuote(argument, before);
    else if (head === '/q') this.closeQuote(before);
    else if (head === 'glad' || head === 'upset') this.feeling(head === 'glad' ? feelingsGood : feelingsBad, before);
    else if (/^[AB]\b/.test(head)) this.person(head, before);
    else this.word(head, before);
  }

  /** "A", "B.his", "A.He!": a mention by name or pronoun. */
  private person(slot: string, before: string): void {
    const asSubject = slot.endsWith('!');
    const [key, form] = (asSubject ? slot.slice(0, -1) : slot).split('.') as [string, string | undefined];
    const { text, gender } = this.people[key]!;
    if (asSubject) this.writer.set('subject', text);
    if (form === undefined) {
      const draw = this.draws.get(key)!;
      if (!this.named.has(key)) draw.surprise = draw.entropy = Math.log(names.length - this.named.size);
      this.named.add(key);
      this.writer.emitDraw(draw, before);
      return;
    }
    this.writer.emit(before + pronoun(form, gender === 'feminine'), { entity: text, gender, number: 'singular' });
  }

  private verb(base: string, plural: boolean, before: string): void {
    const labels: Labels = { ...lexicalLabels(conjugate(base, plural, this.tense)), tense: this.tense };
    const numbered = this.tense === 'present' || base === 'be' ? { ...labels, number: plural ? 'plural' : 'singular' } : labels;
    this.writer.set('storyTense', this.tense);
    const nats = this.tensePaid ? 0 : Math.LN2;
    this.tensePaid = true;
    this.writer.emit(before + conjugate(base, plural, this.tense), numbered, nats, nats);
  }

  private openQuote(speaker: string | undefined, before: string): void {
    this.writer.set('insideQuote', true);
    if (speaker !== undefined) this.writer.set('speaker', this.people[speaker]!.text);
    this.writer.emit(`${before}"`);
  }

  private closeQuote(before: string): void {
    this.writer.set('insideQuote', undefined);
    this.writer.set('speaker', undefined);
    this.writer.emit(`${before}"`);
    this.writer.set('subject', undefined);
  }

  private feeling(words: readonly string[], before: string): void {
    const word = this.random.pick(words);
    this.writer.emitDraw(uniformDraw(word, words.length, lexicalLabels(word)), before);
  }

  private word(slot: string, before: string): void {
    let draw = this.draws.get(slot);
    if (draw === undefined) {
      const words = drawnWords[slot]!;
      const word = this.random.pick(words);
      draw = uniformDraw(word, words.length, wordLabels(slot, word));
      this.draws.set(slot, draw);
    }
    this.writer.emitDraw(draw, before);
  }
}

function compileStep(sources: readonly string[]): Step {
  const moods = sources.map((source): Mood | undefined => (source[0] === '+' ? 'positive' : source[0] === '-' ? 'negative' : undefined));
  const bare = sources.map((source) => source.replace(/^[+-]/, ''));
  const fits = (mood: Mood): TemplateGroup =>
    new TemplateGroup(bare.filter((_, i) => moods[i] === undefined || moods[i] === mood), true);
  return {
    decides: moods.some((mood) => mood !== undefined), any: new TemplateGroup(bare, true), moods,
    fitting: { positive: fits('positive'), negative: fits('negative') },
  };
}

function personDraw({ text, gender }: Name): Draw {
  return uniformDraw(text, names.length, { entity: text, gender, number: 'singular' });
}

function wordLabels(slot: string, word: string): Labels {
  return slot === 'obj' ? { ...lexicalLabels(word), object: word } : lexicalLabels(word);
}

function conjugate(base: string, plural: boolean, tense: 'past' | 'present'): string {
  if (base === 'be') return tense === 'past' ? (plural ? 'were' : 'was') : plural ? 'are' : 'is';
  if (tense === 'past') return pastOf(base);
  return plural ? base : thirdOf(base);
}

const pronouns: Readonly<Record<string, readonly [feminine: string, masculine: string]>> = {
  he: ['she', 'he'], him: ['her', 'him'], his: ['her', 'his'], He: ['She', 'He'], His: ['Her', 'His'],
};

function pronoun(form: string, feminine: boolean): string {
  return pronouns[form]![feminine ? 0 : 1];
}
