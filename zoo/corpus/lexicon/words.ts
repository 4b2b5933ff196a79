/** Inflections, classes and valence of the corpus' words. */

import { fieldNames, fields } from './fields.ts';
import type { Labels } from '../labels.ts';

/** Base form → [past, third person singular]. Regular verbs are derived by `pastOf` and `thirdOf`. */
const irregular: Readonly<Record<string, readonly [string, string]>> = {
  go: ['went', 'goes'], see: ['saw', 'sees'], find: ['found', 'finds'], give: ['gave', 'gives'], take: ['took', 'takes'],
  make: ['made', 'makes'], say: ['said', 'says'], tell: ['told', 'tells'], know: ['knew', 'knows'], feel: ['felt', 'feels'],
  lose: ['lost', 'loses'], hold: ['held', 'holds'], run: ['ran', 'runs'], come: ['came', 'comes'], eat: ['ate', 'eats'],
  sleep: ['slept', 'sleeps'], sit: ['sat', 'sits'], stand: ['stood', 'stands'], fall: ['fell', 'falls'], buy: ['bought', 'buys'],
  sell: ['sold', 'sells'], bring: ['brought', 'brings'], send: ['sent', 'sends'], meet: ['met', 'meets'], leave: ['left', 'leaves'],
  keep: ['kept', 'keeps'], break: ['broke', 'breaks'], hide: ['hid', 'hides'], be: ['was', 'is'], have: ['had', 'has'],
  do: ['did', 'does'], want: ['wanted', 'wants'], sing: ['sang', 'sings'], grow: ['grew', 'grows'], hear: ['heard', 'hears'],
  begin: ['began', 'begins'], carry: ['carried', 'carries'], cry: ['cried', 'cries'], hurry: ['hurried', 'hurries'],
  hurt: ['hurt', 'hurts'], think: ['thought', 'thinks'], shine: ['shone', 'shines'], stop: ['stopped', 'stops'], win: ['won', 'wins'], burn: ['burned', 'burns'],
};

export function pastOf(verb: string): string {
  return irregular[verb]?.[0] ?? (verb.endsWith('e') ? `${verb}d` : `${verb}ed`);
}

export function thirdOf(verb: string): string {
  return irregular[verb]?.[1] ?? (/(s|sh|ch|x)$/.test(verb) ? `${verb}es` : `${verb}s`);
}

/** Plural of a noun of the corpus. */
export function pluralOf(noun: string): string {
  const special: Record<string, string> = { man: 'men', woman: 'women', child: 'children', mouse: 'mice', knife: 'knives', leaf: 'leaves' };
  if (special[noun] !== undefined) return special[noun];
  if (/(s|sh|ch|x)$/.test(noun)) return `${noun}es`;
  return /[^aeiou]y$/.test(noun) ? `${noun.slice(0, -1)}ies` : `${noun}s`;
}

export const positiveAdjectives = 'happy glad proud calm warm bright brave kind good lovely'.split(' ');
export const negativeAdjectives = 'sad mad bored tense cold dark tired afraid bad ugly'.split(' ');
export const feelingsGood = 'happy glad proud calm brave'.split(' ');
export const feelingsBad = 'sad mad tense tired afraid'.split(' ');

const positiveWords =
  'joy glee pride hope love bliss calm peace trust laugh smile grin glow thrill mirth cheer charm grace happy glad proud ' +
  'warm bright brave kind good lovely great well free smiled laughed smiles laughs liked loved enjoyed wonderful tasty';
const negativeWords =
  'grief fear hate pain shame rage shock dread guilt scorn doubt hurt wrath cry frown gasp woe spite envy sad mad bored ' +
  'tense cold dark tired afraid bad ugly cried cries broke lost terrible hated poor dull';

/** Nouns that can head a subject in the agreement construction: things first, then people. */
export const thingNouns =
  'key cabinet book picture box car table window door house tree flower letter cup lamp hat coat bag map ring boat'.split(' ');
export const personNouns =
  'teacher boy girl painter doctor farmer driver pilot man woman child friend king queen nurse guest clerk coach priest chief'.split(' ');

const feminineWords = 'girl woman mom sis maid queen nurse she her hers mother sister'.split(' ');
const masculineWords = 'man boy dad son bro king duke lord he him his father brother priest'.split(' ');

/** Lexical labels of a word, shared and frozen; the empty object for words without any. */
export function lexicalLabels(word: string): Labels {
  return table.get(word) ?? none;
}

const none: Labels = Object.freeze({});
const table = buildTable();

function buildTable(): Map<string, Labels> {
  const labels = new Map<string, Labels>();
  const add = (word: string, entry: Labels): void => {
    labels.set(word, { ...labels.get(word), ...entry });
  };
  for (const field of fieldNames) for (const word of fields[field]) add(word, { [`field.${field}`]: true });
  for (const field of ['animals', 'objects', 'places'] as const) {
    for (const word of fields[field]) {
      add(word, { number: 'singular' });
      add(pluralOf(word), { [`field.${field}`]: true, number: 'plural' });
    }
  }
  for (const word of [...thingNouns, ...personNouns]) {
    add(word, { number: 'singular' });
    add(pluralOf(word), { number: 'plural' });
  }
  for (const word of positiveWords.split(' ')) add(word, { sentiment: 'positive' });
  for (const word of negativeWords.split(' ')) add(word, { sentiment: 'negative' });
  for (const word of feminineWords) add(word, { gender: 'feminine' });
  for (const word of masculineWords) add(word, { gender: 'masculine' });
  for (const word of ['was', 'is', 'has', 'he', 'she', 'it', 'this']) add(word, { number: 'singular' });
  for (const word of ['were', 'are', 'have', 'they', 'them', 'these']) add(word, { number: 'plural' });
  for (const word of ['was', 'were', 'had', 'did', 'said']) add(word, { tense: 'past' });
  for (const word of ['is', 'are', 'has', 'does', 'says']) add(word, { tense: 'present' });
  for (const word of ['will']) add(word, { tense: 'future' });
  for (const entry of labels.values()) Object.freeze(entry);
  return labels;
}
