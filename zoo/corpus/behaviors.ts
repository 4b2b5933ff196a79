/** Held-out prompts for the behaviours that circuits research studies, each with what is right and what is wrong. */

import { MechanistError } from '../../src/engine/errors.ts';
import type { FableTokenizer } from '../tokenizer/encode.ts';
import { generate } from './generate.ts';
import type { TextKind } from './generate.ts';
import { agreeingVerbs } from './kinds/agreement.ts';
import { bracketPairs } from './kinds/brackets.ts';
import { twoDigits } from './kinds/greaterThan.ts';
import { labelTokens } from './labelTokens.ts';
import type { LabelValue } from './labels.ts';
import { CorpusRandom } from './random.ts';
import type { Split } from './split.ts';

export interface BehaviorItem {
  /** The prompt, beginning with `<bos>`. Items of one group share the array. */
  readonly ids: readonly number[];
  /** Position whose next-token distribution is asked for. */
  readonly position: number;
  /** Right continuations: one token, or all valid years. */
  readonly targets: readonly number[];
  /** Wrong continuations of the same kind. */
  readonly distractors: readonly number[];
  /** Items of one document belong together: resample groups, not items. */
  readonly group: number;
}

export interface StoryItem {
  readonly ids: readonly number[];
  /** Tokens from here on are scored: the first sentence has told that this is a story. */
  readonly from: number;
  /** −log probability of each token under the grammar, nats, aligned with `ids`. */
  readonly surprise: readonly number[];
}

export type Behavior = 'ioi' | 'agreement' | 'bracket' | 'greaterThan' | 'docstring';

interface Prompt {
  readonly ids: readonly number[];
  readonly labels: Readonly<Record<string, readonly (LabelValue | undefined)[]>>;
  readonly random: CorpusRandom;
  readonly tokenizer: FableTokenizer;
}

/** Index of the token to predict, and what may and may not stand there. */
interface Question {
  readonly index: number;
  readonly targets: readonly number[];
  readonly distractors: readonly number[];
}

const behaviors: Readonly<Record<Behavior, { readonly kind: TextKind; readonly ask: (prompt: Prompt) => Question }>> = {
  ioi: { kind: 'ioi', ask: askIndirectObject },
  agreement: { kind: 'agreement', ask: askVerb },
  bracket: { kind: 'brackets', ask: askBracket },
  greaterThan: { kind: 'greaterThan', ask: askYear },
  docstring: { kind: 'docstring', ask: askParameter },
};

export const behaviorNames = Object.keys(behaviors) as Behavior[];

/** `count` prompts, one per document; the prompt ends where the answer would stand. */
export function behaviorItems(behavior: Behavior, tokenizer: FableTokenizer, count: number, seed = 0, split: Split = 'test'): BehaviorItem[] {
  const { kind, ask } = behaviors[behavior];
  const random = new CorpusRandom('behavior', behavior, split, seed);
  const items: BehaviorItem[] = [];
  while (items.length < count) {
    const { ids, labels } = labelTokens(generate(kind, random, split), tokenizer);
    const { index, targets, distractors } = ask({ ids, labels, random, tokenizer });
    items.push({ ids: [tokenizer.bos, ...ids.slice(0, index)], position: index, targets, distractors, group: items.length });
  }
  return items;
}

/**
 * A span of `length` random ordinary tokens, twice; every token of the second copy but the first is asked for.
 * No distractors: the measure is top-1.
 */
export function inductionItems(tokenizer: FableTokenizer, documents: number, length: number, seed = 0): BehaviorItem[] {
  const random = new CorpusRandom('behavior', 'induction', length, seed);
  return Array.from({ length: documents }, (_, group) => {
    const span = Array.from({ length }, () => random.pick(tokenizer.ordinary));
    const ids = [tokenizer.bos, ...span, ...span];
    return span.slice(1).map((target, i): BehaviorItem => ({ ids, position: length + 1 + i, targets: [target], distractors: [], group }));
  }).flat();
}

/** Stories with unseen combinations of people and place, and what the grammar says about every token. */
export function storyItems(tokenizer: FableTokenizer, count: number, seed = 0, split: Split = 'test'): StoryItem[] {
  const random = new CorpusRandom('behavior', 'story', split, seed);
  const period = required(tokenizer, '.');
  return Array.from({ length: count }, () => {
    const { ids, labels } = labelTokens(generate('story', random, split), tokenizer);
    return {
      ids: [tokenizer.bos, ...ids],
      from: ids.indexOf(period) + 2,
      surprise: [0, ...labels['surprise']!.map(Number)],
    };
  });
}

/** "… gave a book to": the name that is not the second subject. */
function askIndirectObject({ ids, labels }: Prompt): Question {
  const roles = labels['ioiRole']!;
  const index = roles.indexOf('answer');
  return { index, targets: [ids[index]!], distractors: [ids[roles.indexOf('s2')]!] };
}

/** "The keys to the cabinet": the form of the verb that agrees with the head. */
function askVerb({ ids, labels, tokenizer }: Prompt): Question {
  const index = labels['headNumber']!.findLastIndex((value) => value !== undefined) + 1;
  const forms = agreeingVerbs.map(([singular, plural]) => [required(tokenizer, ` ${singular}`), required(tokenizer, ` ${plural}`)] as const);
  const [singular, plural] = forms.find((pair) => pair.some((id) => id === ids[index]))!;
  const wrong = ids[index] === singular ? plural : singular;
  return { index, targets: [ids[index]!], distractors: [wrong] };
}

/** A position where a bracket closes (any of them, equally often): which type. */
function askBracket({ ids, random, tokenizer }: Prompt): Question {
  const closers = bracketPairs.map(([, close]) => required(tokenizer, close));
  const index = random.pick(ids.flatMap((id, i) => (closers.includes(id) ? [i] : [])));
  return { index, targets: [ids[index]!], distractors: closers.filter((id) => id !== ids[index]) };
}

/** "… from the year 1732 to the year 17": every later year of the century is right. */
function askYear({ labels, tokenizer }: Prompt): Question {
  const roles = labels['yearRole']!;
  const index = roles.indexOf('end');
  const start = Number(labels['startYear']![index]);
  const years = Array.from({ length: 100 }, (_, year) => required(tokenizer, twoDigits(year)));
  return { index, targets: years.slice(start + 1), distractors: years.slice(0, start + 1) };
}

/** "… :param": the parameter of that line, among all of the argument list. */
function askParameter({ ids, labels, random }: Prompt): Question {
  const mentions = labels['identifierRole']!.flatMap((role, i) => (role === 'parameter' ? [i] : []));
  const parameters = mentions.length / 2;
  const line = random.integer(0, parameters - 1);
  const index = mentions[parameters + line]!;
  return { index, targets: [ids[index]!], distractors: mentions.slice(0, parameters).map((i) => ids[i]!).filter((id) => id !== ids[index]) };
}

function required(tokenizer: FableTokenizer, text: string): number {
  const id = tokenizer.single(text);
  if (id === undefined) throw new MechanistError('argument', `"${text}" is not one token of this tokenizer.`);
  return id;
}
