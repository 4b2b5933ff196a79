/** Free-text labels: what a judge (a person or a language model, asked by the caller) is shown, and what its answers are worth. */
import { Random } from '../../engine/random.ts';
import type { FeatureStore } from '../store/store.ts';
import { testItems } from './items.ts';
import type { TestItem } from './items.ts';
import type { Evidence } from './evidence.ts';
import type { Judgements } from './score.ts';

/** Fewer items than a rule is tested on: each is a question to somebody. */
const judged = { perBin: 2, negatives: 20 } as const;
const shownExamples = 12;

/** The same items for the same seed. Undefined when there are too few examples. */
export function judgeItems(heldOut: Evidence, feature: number, seed: number): TestItem[] | undefined {
  const items = testItems(heldOut, feature, seed);
  if (items === undefined) return undefined;
  const random = new Random(seed);
  const kept = [
    ...Array.from({ length: 10 }, (_, bin) => items.filter((item) => item.bin === bin).slice(0, judged.perBin)).flat(),
    ...items.filter(({ positive }) => !positive).slice(0, judged.negatives),
  ];
  // In random order, so that nothing can be told from the place.
  return random.permutation(kept.length).map((i) => kept[i]!);
}

/** Text of an item; with `marks`, runs of marked tokens stand between `<<` and `>>`. */
export function itemText({ from, to, marked }: TestItem, ids: Uint32Array, text: (id: number) => string, marks: boolean): string {
  const set = new Set(marked);
  let shown = '';
  for (let row = from; row < to; row++) {
    if (marks && set.has(row) && !set.has(row - 1)) shown += '<<';
    shown += text(ids[row]!);
    if (marks && set.has(row) && (!set.has(row + 1) || row + 1 === to)) shown += '>>';
  }
  return shown;
}

/** Answers in the order of the questions: detection for every item, then fuzzing. */
export function judgements(answers: readonly number[], items: number): Judgements {
  const clipped = answers.map((answer) => Math.min(1, Math.max(0, answer)));
  return { detection: clipped.slice(0, items), fuzzing: clipped.slice(items, 2 * items) };
}

/** Activating examples from the store for whoever writes a label: active tokens marked, activations 0…10 after them (algorithms reference §17). */
export function labellingExamples(store: FeatureStore, feature: number, text: (id: number) => string): string[] {
  const { top, bands, max } = store.record(feature);
  const { ids, contextLength } = store.corpus;
  return [...top, ...bands.toReversed().flat()].slice(0, shownExamples).map(({ row, activations }) => {
    const start = row - (row % contextLength);
    const [from, to] = [Math.max(start, row - store.manifest.options.window), Math.min(start + contextLength, row + store.manifest.options.window + 1)];
    let shown = '';
    for (let r = from; r < to; r++) {
      const value = activations.get(r - row) ?? 0;
      shown += value > 0 ? `<<${text(ids[r]!)}>>(${Math.ceil((10 * value) / max)})` : text(ids[r]!);
    }
    return shown;
  });
}
