/** What a probe is compared with: a task that says nothing about language, labels that say nothing, and a single coordinate. */
import { Random } from '../../engine/random.ts';
import type { Examples } from '../groundTruth/logistic.ts';
import { oddsAuroc } from '../groundTruth/probe.ts';
import type { ProbeExamples } from './examples.ts';

/** Control task of Hewitt & Liang 2019: every word type gets one answer for good, at random, as often positive as in the data. */
export function controlTask(examples: ProbeExamples, seed: number): ProbeExamples {
  const share = positives(examples.y) / examples.y.length;
  return { ...examples, y: Uint8Array.from(examples.ids, (id) => (new Random(seed + 7919 * (id + 1)).uniform() < share ? 1 : 0)) };
}

/** The same examples with their answers exchanged at random. */
export function shuffledAnswers<E extends Examples>(examples: E, random: Random): E {
  const order = random.permutation(examples.y.length);
  return { ...examples, y: Uint8Array.from(order, (i) => examples.y[i]!) };
}

export interface Coordinate {
  readonly index: number;
  /** −1: low where the answer is yes. */
  readonly sign: 1 | -1;
  /** On the held-out examples. */
  readonly auroc: number;
}

/** The coordinate that answers best on the training examples, scored on the held-out ones. */
export function bestCoordinate(train: Examples, heldOut: Examples): Coordinate {
  let best: Omit<Coordinate, 'auroc'> & { readonly train: number } = { index: 0, sign: 1, train: 0 };
  for (let index = 0; index < train.d; index++) {
    const auroc = oddsAuroc(columnAt(train, index), train.y);
    const sign = auroc < 0.5 ? -1 : 1;
    const reached = sign === 1 ? auroc : 1 - auroc;
    if (reached > best.train) best = { index, sign, train: reached };
  }
  const auroc = oddsAuroc(columnAt(heldOut, best.index), heldOut.y);
  return { index: best.index, sign: best.sign, auroc: best.sign === 1 ? auroc : 1 - auroc };
}

export function positives(y: Uint8Array): number {
  return y.reduce((sum, value) => sum + value, 0);
}

function columnAt({ x, y, d }: Examples, index: number): Float64Array {
  return Float64Array.from(y.keys(), (i) => x[i * d + index]!);
}
