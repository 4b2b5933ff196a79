/** Subject–verb agreement across attractors: prepositional phrases and relative clauses (Linzen et al. 2016). */

import { DocumentWriter } from '../document.ts';
import type { LabelledDocument } from '../document.ts';
import { lexicalLabels, negativeAdjectives, personNouns, pluralOf, positiveAdjectives, thingNouns } from '../lexicon/words.ts';
import type { CorpusRandom } from '../random.ts';
import { drawInSplit, templatesOf } from '../split.ts';
import type { Split } from '../split.ts';

/** What stands between head and verb: p a prepositional phrase, r a relative clause. */
const structures = ['p', 'r', '', 'pp', 'pr', 'p', 'rr', 'r', 'ppp', 'p', 'rp', 'prp'] as const;
const prepositions = ['near', 'behind', 'by', 'of', 'with'];
const relativeVerbs = [['likes', 'like'], ['loves', 'love'], ['sees', 'see'], ['needs', 'need'], ['wants', 'want']] as const;
/** Singular and plural form of the verbs of the main clause, and whether an adjective follows. */
export const agreeingVerbs = [['is', 'are', true], ['was', 'were', true], ['has', 'have', false]] as const;
const heads = [...thingNouns, ...personNouns];
const adjectives = [...positiveAdjectives, ...negativeAdjectives, 'new', 'old', 'big', 'small', 'red', 'blue'];

/** One sentence. Held out by split: head noun with the first attractor, and structures. */
export function agreement(random: CorpusRandom, split: Split): LabelledDocument {
  const available = templatesOf(structures, split);
  const writer = new DocumentWriter();
  const { structure, nouns } = drawInSplit(
    random, split,
    (r) => {
      const structure = r.pick(available);
      return { structure, nouns: [r.pick(heads), ...[...structure].map((phrase) => r.pick(phrase === 'p' ? heads : personNouns))] };
    },
    (drawn) => ['agreement', ...drawn.nouns.slice(0, 2)],
  );
  const plural = random.chance(0.5);
  writer.emit('The', {}, 0, 0);
  noun(writer, nouns[0]!, plural, heads.length, { headNumber: plural ? 'plural' : 'singular', attractors: 0 });
  writer.set('headNumber', plural ? 'plural' : 'singular');
  let attractors = 0;
  writer.set('attractors', attractors);
  writer.owe(-Math.log(available.filter((other) => other === structure).length / available.length));
  [...structure].forEach((phrase, i) => {
    const pool = phrase === 'p' ? heads : personNouns;
    // A noun may be followed by either phrase or by the verb.
    if (phrase === 'p') writer.emitUnknown(` ${random.pick(prepositions)}`, {}, Math.log(prepositions.length));
    else writer.emitUnknown(' that');
    writer.emit(' the');
    const innerPlural = random.chance(0.5);
    if (innerPlural !== plural) writer.set('attractors', ++attractors);
    noun(writer, nouns[i + 1]!, innerPlural, pool.length);
    if (phrase === 'r') {
      const verb = random.pick(relativeVerbs)[innerPlural ? 1 : 0];
      drawn(writer, verb, relativeVerbs.length, { tense: 'present', number: innerPlural ? 'plural' : 'singular' });
    }
  });
  writer.set('headNumber', undefined);
  writer.set('attractors', undefined);
  const [singular, many, copula] = random.pick(agreeingVerbs);
  const verb = plural ? many : singular;
  writer.emitUnknown(` ${verb}`, { ...lexicalLabels(verb), number: plural ? 'plural' : 'singular' }, Math.log(agreeingVerbs.length));
  if (!copula) writer.emit(' a');
  const words = copula ? adjectives : thingNouns;
  const last = random.pick(words);
  drawn(writer, last, words.length);
  writer.emit('.');
  return writer.finish('agreement');
}

function noun(writer: DocumentWriter, word: string, plural: boolean, count: number, labels = {}): void {
  const text = plural ? pluralOf(word) : word;
  const nats = Math.log(2 * count);
  writer.emit(` ${text}`, { ...lexicalLabels(word), number: plural ? 'plural' : 'singular', ...labels }, nats, nats);
}

function drawn(writer: DocumentWriter, word: string, count: number, labels = lexicalLabels(word)): void {
  const nats = Math.log(count);
  writer.emit(` ${word}`, labels, nats, nats);
}
