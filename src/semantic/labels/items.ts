/**
 * What labels are tested on: held-out windows in which the feature fires, drawn from bins of activation with equal counts,
 * and as many in which it does not (algorithms reference §17). For fuzzing, tokens are marked: those that are active, or
 * as many random ones of a window without the feature.
 */
import { Random } from '../../engine/random.ts';
import { descending, firstAt } from '../store/entries.ts';
import type { Evidence } from './evidence.ts';

export interface TestItem {
  readonly positive: boolean;
  /** Bin of activation, weakest first; of a negative, −1. */
  readonly bin: number;
  /** Rows of the corpus [from, to). */
  readonly from: number;
  readonly to: number;
  /** Marked rows, for fuzzing. */
  readonly marked: readonly number[];
}

export const testing = { bins: 10, perBin: 5, negatives: 50, fewest: 10 } as const;
/** Tokens of a window: the longest for which there are enough windows without the feature. */
const windows = [32, 16, 8] as const;

/** Undefined when the feature fires in too few places of the evidence, or in nearly all of them. */
export function testItems(evidence: Evidence, feature: number, seed: number): TestItem[] | undefined {
  for (const window of windows) {
    const items = itemsOf(evidence, feature, seed, window);
    if (items !== undefined) return items;
  }
  return undefined;
}

function itemsOf(evidence: Evidence, feature: number, seed: number, window: number): TestItem[] | undefined {
  const entries = evidence.entries(feature);
  const { rows } = entries;
  const order = descending(entries);
  if (order.length < testing.fewest) return undefined;
  const random = new Random(seed * 7919 + feature);
  const positives: TestItem[] = [];
  for (let bin = 0; bin < testing.bins; bin++) {
    const [low, high] = [Math.floor((bin * order.length) / testing.bins), Math.floor(((bin + 1) * order.length) / testing.bins)];
    const ranks = random.permutation(high - low).slice(0, testing.perBin).map((i) => low + i);
    for (const rank of ranks) {
      const { from, to } = windowAround(evidence, rows[order[order.length - 1 - rank]!]!, window, random);
      positives.push({ positive: true, bin, from, to, marked: within(rows, from, to) });
    }
  }
  const marks = Math.max(1, Math.ceil(positives.reduce((sum, { marked }) => sum + marked.length, 0) / positives.length));
  const negatives = silentWindows(evidence, rows, window, random).map(({ from, to }): TestItem => ({
    positive: false, bin: -1, from, to, marked: random.permutation(to - from).slice(0, marks).map((i) => from + i).toSorted((a, b) => a - b),
  }));
  if (negatives.length < testing.fewest) return undefined;
  return [...positives, ...negatives];
}

/** A window of the context that holds the row, at a random place in it. */
function windowAround({ corpus: { contextLength } }: Evidence, row: number, window: number, random: Random): { from: number; to: number } {
  const start = row - (row % contextLength) + 1;
  const end = start - 1 + contextLength;
  const length = Math.min(window, end - start);
  const [lowest, highest] = [Math.max(start, row - length + 1), Math.min(row, end - length)];
  const from = lowest + random.integer(Math.max(1, highest - lowest + 1));
  return { from, to: from + length };
}

function silentWindows(evidence: Evidence, rows: Uint32Array, window: number, random: Random): { from: number; to: number }[] {
  const { contexts, corpus: { contextLength } } = evidence;
  const length = Math.min(window, contextLength - 1);
  const found: { from: number; to: number }[] = [];
  for (let tries = 0; tries < 40 * testing.negatives && found.length < testing.negatives; tries++) {
    const from = contexts[random.integer(contexts.length)]! * contextLength + 1 + random.integer(contextLength - length);
    if (within(rows, from, from + length).length === 0) found.push({ from, to: from + length });
  }
  return found;
}

function within(rows: Uint32Array, from: number, to: number): number[] {
  const found: number[] = [];
  for (let i = firstAt(rows, from); i < rows.length && rows[i]! < to; i++) found.push(rows[i]!);
  return found;
}
