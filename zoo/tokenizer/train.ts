/**
 * Learns the vocabulary. Byte pairs are merged as usual (Sennrich et al. 2016), for text the corpus never
 * contains; the corpus' own words are added whole, as Llama 3's tokenizer allows (`ignore_merges`): no part of
 * the vocabulary is spent on the halves of words, so that nearly every token is a word with a meaning.
 */

import { byteCharacters, spell, splitPattern } from './pattern.ts';

export const specialTokens = ['<pad>', '<bos>', '<eos>'] as const;

export interface Vocabulary {
  /** Spelling of every token, by id. */
  readonly tokens: readonly string[];
  /** Pairs of spellings, best first. */
  readonly merges: readonly (readonly [string, string])[];
}

export interface TrainingPlan {
  /** Number of merges. */
  readonly merges: number;
  /** Pre-tokens at least this frequent in the sample become tokens. */
  readonly minimalCount: number;
  /** Pre-tokens that become tokens however frequent. */
  readonly always: readonly string[];
}

/** Trains on texts. Deterministic: ties are broken by spelling. */
export function trainVocabulary(texts: Iterable<string>, plan: TrainingPlan): Vocabulary {
  const counts = countPieces(texts);
  const merges = learnMerges(counts, plan.merges);
  const tokens = new Set<string>([...specialTokens, ...byteCharacters, ...merges.map(([left, right]) => left + right)]);
  const frequent = [...counts].filter(([, count]) => count >= plan.minimalCount).sort(byCountThenText);
  for (const piece of [...plan.always, ...frequent.map(([text]) => text)]) tokens.add(spell(piece));
  return { tokens: [...tokens], merges };
}

/** Pre-tokens and their counts. */
function countPieces(texts: Iterable<string>): Map<string, number> {
  const pattern = new RegExp(splitPattern, 'gu');
  const counts = new Map<string, number>();
  for (const text of texts) for (const [piece] of text.matchAll(pattern)) counts.set(piece, (counts.get(piece) ?? 0) + 1);
  return counts;
}

/** Each word type weighs the square root of its count: the merges are for unseen words, where types matter more. */
function learnMerges(counts: ReadonlyMap<string, number>, wanted: number): [string, string][] {
  const words = [...counts].sort(byCountThenText).map(([text, count]) => ({ parts: [...spell(text)], weight: Math.sqrt(count) }));
  const merges: [string, string][] = [];
  while (merges.length < wanted) {
    const pairs = new Map<string, number>();
    for (const { parts, weight } of words) {
      for (let i = 1; i < parts.length; i++) {
        const pair = `${parts[i - 1]!} ${parts[i]!}`;
        pairs.set(pair, (pairs.get(pair) ?? 0) + weight);
      }
    }
    const best = [...pairs].sort(byCountThenText)[0];
    if (best === undefined) break;
    const [left, right] = best[0].split(' ') as [string, string];
    merges.push([left, right]);
    for (const word of words) word.parts = mergePair(word.parts, left, right);
  }
  return merges;
}

/** Joins every occurrence of the pair, left to right. */
export function mergePair(parts: readonly string[], left: string, right: string): string[] {
  const merged: string[] = [];
  for (let i = 0; i < parts.length; i++) {
    if (parts[i] === left && parts[i + 1] === right) {
      merged.push(left + right);
      i++;
    } else merged.push(parts[i]!);
  }
  return merged;
}

function byCountThenText([textA, countA]: readonly [string, number], [textB, countB]: readonly [string, number]): number {
  return countB - countA || (textA < textB ? -1 : 1);
}
