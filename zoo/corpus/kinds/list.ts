/** Enumerations: ordinal sentences, comma lists that are repeated item by item, numbered lines, quotations. */

import { DocumentWriter, uniformDraw } from '../document.ts';
import type { LabelledDocument } from '../document.ts';
import { fields } from '../lexicon/fields.ts';
import { names } from '../lexicon/names.ts';
import type { Name } from '../lexicon/names.ts';
import { lexicalLabels } from '../lexicon/words.ts';
import type { CorpusRandom } from '../random.ts';
import { drawInSplit } from '../split.ts';
import type { Split } from '../split.ts';

const ordinals = ['First', 'Second', 'Third', 'Fourth', 'Fifth'];
const verbs = ['took', 'found', 'saw', 'brought', 'lost', 'made', 'sold', 'held'];
const containers = ['room', 'table', 'car'];
type Form = 'ordinal' | 'comma' | 'numbered' | 'quoted';
const forms: readonly Form[] = ['ordinal', 'comma', 'numbered', 'quoted'];

/** One list of 3 to 5 items. Held out by split: the person with the first item. */
export function list(random: CorpusRandom, split: Split): LabelledDocument {
  const { who, items } = drawInSplit(
    random, split,
    (r) => ({ who: r.pick(names), items: r.sample(fields.objects, r.integer(3, 5)) }),
    (drawn) => ['list', drawn.who.text, drawn.items[0]!],
  );
  const form = random.pick(forms);
  const writer = new DocumentWriter();
  // The form and the number of items show bit by bit.
  writer.entropyKnown = false;
  writer.owe(Math.log(forms.length) + Math.log(3));
  const lists = new ListWriter(random, writer, who, items);
  lists[form]();
  return writer.finish('list');
}

class ListWriter {
  private readonly random: CorpusRandom;
  private readonly writer: DocumentWriter;
  private readonly who: Name;
  private readonly person: ReturnType<typeof uniformDraw>;
  private readonly items: readonly ReturnType<typeof uniformDraw>[];

  constructor(random: CorpusRandom, writer: DocumentWriter, who: Name, items: readonly string[]) {
    this.random = random;
    this.writer = writer;
    this.who = who;
    this.person = uniformDraw(who.text, names.length, { entity: who.text, gender: who.gender, number: 'singular' });
    this.items = items.map((item, i) => uniformDraw(item, fields.objects.length - i, lexicalLabels(item)));
  }

  /** "First, Mary took the ball. Second, …" */
  ordinal(): void {
    this.items.forEach((item, i) => {
      this.writer.set('listPosition', i + 1);
      this.text(`${i > 0 ? ' ' : ''}${ordinals[i]!}`, ',');
      this.writer.emitDraw(this.person);
      this.choose(verbs);
      this.text(' the');
      this.writer.emitDraw(item);
      this.text('.');
    });
  }

  /** "The bag had a book, a ball and a cup. Mary took the book, the ball and the cup." */
  comma(): void {
    this.text('The');
    this.choose(containers);
    this.text(' had');
    this.enumerate(' a');
    this.writer.emitDraw(this.person);
    this.choose(verbs);
    this.enumerate(' the');
  }

  /** "The list of Mary:\n1. book\n2. ball" */
  numbered(): void {
    this.text('The', ' list', ' of');
    this.writer.emitDraw(this.person);
    this.text(':');
    this.items.forEach((item, i) => {
      this.writer.set('listPosition', i + 1);
      this.text('\n', String(i + 1), '.');
      this.writer.emitDraw(item);
    });
  }

  /** `The note of Mary says "the key", "the ball" and "the cup".` and the same again without quotation marks. */
  quoted(): void {
    this.text('The', ' note', ' of');
    this.writer.emitDraw(this.person);
    this.text(' says');
    this.items.forEach((item, i) => {
      this.writer.set('listPosition', i + 1);
      if (i > 0) this.text(i === this.items.length - 1 ? ' and' : ',');
      this.writer.set('insideQuote', true);
      this.writer.set('speaker', this.who.text);
      this.text(' "', 'the');
      this.writer.emitDraw(item);
      this.writer.set('insideQuote', undefined);
      this.writer.set('speaker', undefined);
      this.text('"');
    });
    this.writer.set('listPosition', undefined);
    this.text('.');
    this.writer.emitDraw(this.person);
    this.choose(verbs);
    this.enumerate(' the');
  }

  private enumerate(article: string): void {
    this.items.forEach((item, i) => {
      this.writer.set('listPosition', i + 1);
      if (i > 0) this.text(i === this.items.length - 1 ? ' and' : ',');
      this.text(article);
      this.writer.emitDraw(item);
    });
    this.writer.set('listPosition', undefined);
    this.text('.');
  }

  private text(...pieces: readonly string[]): void {
    for (const piece of pieces) this.writer.emit(piece, lexicalLabels(piece.trim()));
  }

  private choose(words: readonly string[]): void {
    const nats = Math.log(words.length);
    const word = this.random.pick(words);
    this.writer.emit(` ${word}`, lexicalLabels(word), nats, nats);
  }
}
