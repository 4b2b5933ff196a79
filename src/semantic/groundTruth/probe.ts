/** Probes: L2 logistic regression on all dimensions of a hook point or on a few features. Algorithms reference §21. */
import { Random } from '../../engine/random.ts';
import { resultOf } from '../../engine/steps.ts';
import { aurocOfScores } from './auroc.ts';
import { columnOf } from './columns.ts';
import { logLoss, logOdds, logisticSteps } from './logistic.ts';
import type { Examples, Logistic } from './logistic.ts';
import { rowSpace } from './rowSpace.ts';
import { notApplicable } from './variables.ts';
import type { Question } from './variables.ts';

/** Tokens chosen for a probe, with their answers and contexts. */
export interface Sample {
  readonly rows: Int32Array;
  readonly y: Uint8Array;
  readonly context: Int32Array;
}

/** Penalties tried, from strong to weak. */
const penalties = [0.1, 0.01, 0.001];

/** At most `perAnswer` positive and as many negative tokens, drawn without replacement. AUROC does not depend on the balance. */
export function sampleTokens(question: Question, codes: Uint8Array, positions: number, perAnswer: number, seed: number): Sample {
  const random = new Random(seed);
  const yes: number[] = [];
  const no: number[] = [];
  codes.forEach((code, row) => {
    if (code !== notApplicable) (question.classes.includes(code) ? yes : no).push(row);
  });
  const draw = (rows: number[]): number[] => {
    if (rows.length <= perAnswer) return rows;
    for (let i = 0; i < perAnswer; i++) {
      const j = i + random.integer(rows.length - i);
      [rows[i], rows[j]] = [rows[j]!, rows[i]!];
    }
    return rows.slice(0, perAnswer);
  };
  const [positives, negatives] = [draw(yes), draw(no)];
  const rows = Int32Array.from([...positives, ...negatives]);
  return { rows, y: Uint8Array.from(rows, (_, i) => (i < positives.length ? 1 : 0)), context: rows.map((row) => Math.floor(row / positions)) };
}

/** Fits on `train` [n, d] and returns the AUROC on `test`. */
export function probeAuroc(train: Examples, context: Int32Array, test: Examples): number {
  return oddsAuroc(logOdds(resultOf(probeSteps(train, context)), test.x), test.y);
}

/** AUROC of log-odds [n] for answers [n]. */
export function oddsAuroc(odds: Float64Array, y: Uint8Array): number {
  return aurocOfScores(columnOf(Float32Array.from(odds)), y);
}

/** A probe on inputs as they are, and the penalty that was chosen for it. */
export interface FittedProbe extends Logistic {
  readonly penalty: number;
}

/**
 * Fits on `train` [n, d], a step of Newton's method at a time. Inputs are standardised with their own statistics, which
 * the result contains; the penalty is chosen on every fourth context unless it is given, and the fit repeated on all.
 */
export function* probeSteps(train: Examples, context: Int32Array, penalty?: number): Generator<void, FittedProbe> {
  const statistics = statisticsOf(train);
  const inputs = standardized(train, statistics);
  // Fewer examples than dimensions: the same fit among combinations of the examples is cheaper.
  const space = train.d > train.y.length ? yield* rowSpace(inputs) : undefined;
  const whole = space?.reduced ?? inputs;
  const held = rowsWhere(whole, (i) => context[i]! % 4 === 3);
  const rest = rowsWhere(whole, (i) => context[i]! % 4 !== 3);
  let [lambda, lowest] = [penalty ?? penalties[1]!, Number.POSITIVE_INFINITY];
  let start: Logistic | undefined;
  if (penalty === undefined && bothAnswers(held) && bothAnswers(rest)) {
    for (const candidate of penalties) {
      const fitted = yield* logisticSteps(rest, candidate, start);
      const loss = logLoss(logOdds(fitted, held.x), held.y);
      start = fitted;
      if (loss < lowest) [lambda, lowest] = [candidate, loss];
    }
  }
  const { weights, bias } = yield* logisticSteps(whole, lambda, start);
  const folded = (space?.widened(weights) ?? weights).map((weight, a) => weight * statistics.scale[a]!);
  return { weights: folded, bias: folded.reduce((sum, weight, a) => sum - weight * statistics.mean[a]!, bias), penalty: lambda };
}

/**
 * The smallest of `counts` (ascending) for which a probe on so many features reaches `share` of the linear probe's
 * AUROC above chance, (a − ½) ≥ share · (A − ½). Undefined when the largest does not, and where the linear probe is not
 * above chance.
 */
export function featuresNeeded(linear: number, share: number, counts: readonly number[], aurocWith: (count: number) => number): number | undefined {
  const largest = counts.at(-1);
  const suffices = (count: number): boolean => aurocWith(count) - 0.5 >= share * (linear - 0.5);
  // Asked first, since most of the work would go into answers that no number of features gives.
  if (largest === undefined || !(linear > 0.5) || !suffices(largest)) return undefined;
  return counts.slice(0, -1).find(suffices) ?? largest;
}

/** The first `d` of `width` columns of examples. */
export function firstColumns({ x, y, d: width }: Examples, d: number): Examples {
  const kept = new Float64Array(y.length * d);
  for (let i = 0; i < y.length; i++) kept.set(x.subarray(i * width, i * width + d), i * d);
  return { d, x: kept, y };
}

interface Statistics {
  readonly mean: Float64Array;
  /** One over the standard deviation. */
  readonly scale: Float64Array;
}

function statisticsOf({ d, x, y }: Examples): Statistics {
  const n = y.length;
  const mean = new Float64Array(d);
  const scale = new Float64Array(d);
  for (let i = 0; i < x.length; i++) mean[i % d]! += x[i]! / n;
  for (let i = 0; i < x.length; i++) scale[i % d]! += (x[i]! - mean[i % d]!) ** 2 / n;
  // A constant input carries nothing; it becomes 0.
  for (let a = 0; a < d; a++) scale[a] = scale[a]! > 1e-20 ? 1 / Math.sqrt(scale[a]!) : 0;
  return { mean, scale };
}

function standardized(examples: Examples, { mean, scale }: Statistics): Examples {
  const { d, x } = examples;
  return { ...examples, x: x.map((value, i) => (value - mean[i % d]!) * scale[i % d]!) };
}

function rowsWhere({ d, x, y }: Examples, keep: (row: number) => boolean): Examples {
  const rows = Array.from(y.keys()).filter(keep);
  const kept = new Float64Array(rows.length * d);
  rows.forEach((row, i) => kept.set(x.subarray(row * d, (row + 1) * d), i * d));
  return { d, x: kept, y: Uint8Array.from(rows, (row) => y[row]!) };
}

function bothAnswers({ y }: Examples): boolean {
  return y.includes(0) && y.includes(1);
}
