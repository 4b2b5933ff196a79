/**
 * Which templates and which combinations of entities belong to which split. The hash of the item decides, so
 * that the assignment does not depend on the order or the number of the others.
 */

import { hash32 } from './random.ts';
import type { CorpusRandom } from './random.ts';

export type Split = 'train' | 'validation' | 'test';
export const splits: readonly Split[] = ['train', 'validation', 'test'];

/** Split of a combination of entities: 80 % train, 10 % validation, 10 % test. */
export function splitOfCombination(...parts: readonly (string | number)[]): Split {
  const bucket = hash32(`combination ${parts.join(' ')}`) % 10;
  return bucket < 8 ? 'train' : bucket === 8 ? 'validation' : 'test';
}

/**
 * The templates of a split. Of every group the last fifth (at least one) is held out for `test`; `train` and
 * `validation` share the others, so that validation isolates unseen combinations.
 */
export function templatesOf<T>(templates: readonly T[], split: Split): readonly T[] {
  const held = Math.max(1, Math.floor(templates.length / 5));
  return split === 'test' ? templates.slice(templates.length - held) : templates.slice(0, templates.length - held);
}

/** Draws until the combination belongs to the split. */
export function drawInSplit<T>(
  random: CorpusRandom,
  split: Split,
  draw: (random: CorpusRandom) => T,
  parts: (drawn: T) => readonly (string | number)[],
): T {
  for (;;) {
    const drawn = draw(random);
    if (splitOfCombination(...parts(drawn)) === split) return drawn;
  }
}
