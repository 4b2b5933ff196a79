/** Labelled text of the corpus for the ground-truth score: combinations that training never saw. */
import { notApplicable } from '../../src/semantic/groundTruth/variables.ts';
import type { LabelledText } from '../../src/semantic/groundTruth/variables.ts';
import { i64 } from '../../src/engine/tensor.ts';
import { labelledContext } from '../corpus/mix.ts';
import type { MixSchedule } from '../corpus/mix.ts';
import { labelDefinitions } from '../corpus/labels.ts';
import type { LabelValue } from '../corpus/labels.ts';
import type { Split } from '../corpus/split.ts';
import type { FableTokenizer } from '../tokenizer/encode.ts';
import { scoredName } from './coding.ts';
import type { Coding, RawText } from './coding.ts';

/** Every kind about equally often in tokens, so that no variable is rare because its kind is. */
const schedule: MixSchedule = [{
  from: 0,
  weights: { story: 10, fields: 16, opinion: 10, ioi: 16, greaterThan: 12, docstring: 8, code: 12, brackets: 14, agreement: 20, list: 10, chronicle: 0, exchange: 0, induction: 8 },
  induction: { length: [3, 24], copies: [2, 4] },
}];

/**
 * `contexts` contexts of `positions` tokens. The variable `entropy` is read one token ahead, as `nextEntropy`: what a
 * model can know is how open the next token is.
 */
export function labelledText(tokenizer: FableTokenizer, split: Split, contexts: number, positions: number, seed: number): RawText {
  const mix = { tokenizer, schedule, seed, split, batch: 1, context: positions } as const;
  const ids: number[] = [];
  const values = new Map<string, (LabelValue | undefined)[]>(labelDefinitions.map(({ name }) => [scoredName(name), []]));
  for (let step = 0; step < contexts; step++) {
    const labelled = labelledContext(mix, step, contexts, 0);
    ids.push(...labelled.ids);
    for (const { name } of labelDefinitions) {
      const column = labelled.labels[name] ?? [];
      const shift = name === 'entropy' ? 1 : 0;
      const target = values.get(scoredName(name))!;
      for (let position = 0; position < positions; position++) target.push(column[position + shift]);
    }
  }
  return { contexts: i64([contexts, positions], ids), values };
}

/** Text with the classes of every coded variable. */
export function coded(text: RawText, codings: readonly Coding[]): LabelledText {
  const codes = new Map(codings.map(({ variable, classOf }) => [
    variable.name,
    Uint8Array.from(text.values.get(variable.name)!, (value) => (value === undefined ? notApplicable : classOf(value))),
  ]));
  return { contexts: text.contexts, codes };
}
