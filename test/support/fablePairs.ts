/** Prompt pairs for the zoo's models from the behaviours they were trained on. */
import { groupOf } from '../../src/engine/pairs/alignPairs.ts';
import type { AlignedPair, PairGroup } from '../../src/engine/pairs/alignPairs.ts';
import { Random } from '../../src/engine/random.ts';
import { behaviorItems } from '../../zoo/corpus/behaviors.ts';
import type { Split } from '../../zoo/corpus/split.ts';
import type { FableTokenizer } from '../../zoo/tokenizer/encode.ts';

/** Indirect objects: the second mention of the subject becomes the other name, so that the answer changes. The commonest lengths first. */
export function ioiPairs(tokenizer: FableTokenizer, count: number, split: Split): PairGroup[] {
  const pairs = behaviorItems('ioi', tokenizer, 4 * count, 0, split).map(({ ids, targets, distractors }): AlignedPair => {
    const at = ids.lastIndexOf(distractors[0]!);
    return pairOf(ids, ids.with(at, targets[0]!), targets, distractors);
  });
  const groups = [...Map.groupBy(pairs, ({ clean }) => clean.length).values()].toSorted((a, b) => b.length - a.length);
  return groups.slice(0, 2).map((group) => groupOf(group.slice(0, count / 2)));
}

/** Spans of random tokens, repeated up to some place. In turn, what follows the earlier copy is changed, and the token that is looked for. */
export function inductionPairs(tokenizer: FableTokenizer, count: number, seed: number): PairGroup[] {
  const random = new Random(seed);
  const pairs = Array.from({ length: count }, (_, i): AlignedPair => {
    const span = random.permutation(tokenizer.ordinary.length).slice(0, 16).map((at) => tokenizer.ordinary[at]!);
    const stop = 6;
    const other = 11;
    const clean = [tokenizer.bos, ...span, ...span.slice(0, stop)];
    const right = span[stop]!;
    if (i % 2 === 0) return pairOf(clean, clean.with(-1, span[other]!), [right], [span[other + 1]!]);
    const replacement = tokenizer.ordinary[random.integer(tokenizer.ordinary.length)]!;
    return pairOf(clean, clean.with(1 + stop, replacement), [right], [replacement === right ? span[0]! : replacement]);
  });
  return [groupOf(pairs)];
}

function pairOf(clean: readonly number[], corrupted: readonly number[], right: readonly number[], wrong: readonly number[]): AlignedPair {
  return { line: 1, clean, corrupted, differing: clean.flatMap((id, i) => (id === corrupted[i] ? [] : [i])), right, wrong };
}
