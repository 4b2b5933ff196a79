/** How many features it takes to know what a linear probe knows. Algorithms reference §21. */
import { throwIfCancelled } from '../../engine/errors.ts';
import type { Activations } from './columns.ts';
import { featuresNeeded, firstColumns, probeAuroc, sampleTokens } from './probe.ts';
import type { Sample } from './probe.ts';
import type { Examples } from './logistic.ts';
import { byMeanDifference } from './scan.ts';
import type { Scan } from './scan.ts';
import type { Representation } from './score.ts';
import { classCounts, codesOf } from './variables.ts';
import type { LabelledText, LatentVariable, Question } from './variables.ts';

export interface FeatureCountRequest {
  readonly variable: LatentVariable;
  readonly question: Question;
  readonly selection: LabelledText;
  readonly heldOut: LabelledText;
  /** Token-major activations [tokens, d] of the hook point, for the linear probe. */
  readonly hook: { readonly selection: Float32Array; readonly heldOut: Float32Array; readonly d: number };
  /** By name: features with their scan of the selection text. */
  readonly representations: ReadonlyMap<string, Representation & { readonly scan: Scan }>;
  readonly seed: number;
  readonly signal?: AbortSignal;
}

export interface FeatureCount {
  /** Held-out AUROC of the linear probe on the whole hook point. */
  readonly linear: number;
  /** By representation: the smallest of `featureCounts` whose probe reaches 95 % of it above chance; undefined for none. */
  readonly needed: ReadonlyMap<string, number | undefined>;
}

/** Numbers of features tried. */
const featureCounts: readonly number[] = [1, 2, 3, 5, 8, 12, 20, 32, 64];

/** Share of the linear probe's AUROC above chance that must be reached. */
const shareOfProbe = 0.95;

const perAnswer = { selection: 600, heldOut: 2000 };

/** Errors: `argument` for labels that do not fit the text; `cancelled`. */
export function countFeatures(request: FeatureCountRequest): FeatureCount {
  const { variable, question, selection, heldOut, hook, representations, seed, signal } = request;
  const codes = codesOf(selection, variable);
  const train = sampleTokens(question, codes, selection.contexts.dims[1]!, perAnswer.selection, seed);
  const test = sampleTokens(question, codesOf(heldOut, variable), heldOut.contexts.dims[1]!, perAnswer.heldOut, seed + 1);
  const linear = probeAuroc(denseExamples(hook.selection, hook.d, train), train.context, denseExamples(hook.heldOut, hook.d, test));
  const counts = classCounts(codes, variable.classes.length);
  const needed = new Map<string, number | undefined>();
  for (const [name, { selection: fitted, heldOut: tested, scan }] of representations) {
    throwIfCancelled(signal);
    const order = byMeanDifference(scan.sums.get(variable.name)!, counts, question.classes, featureCounts.at(-1)!);
    const wide = { train: chosenExamples(fitted, order, train), test: chosenExamples(tested, order, test) };
    const tried = featureCounts.filter((count) => count <= order.length);
    needed.set(name, featuresNeeded(linear, shareOfProbe, tried, (count) => probeAuroc(firstColumns(wide.train, count), train.context, firstColumns(wide.test, count))));
  }
  return { linear, needed };
}

function denseExamples(data: Float32Array, d: number, { rows, y }: Sample): Examples {
  const x = new Float64Array(rows.length * d);
  rows.forEach((row, i) => x.set(data.subarray(row * d, (row + 1) * d), i * d));
  return { d, x, y };
}

function chosenExamples(activations: Activations, features: readonly number[], { rows, y }: Sample): Examples {
  const d = features.length;
  const x = new Float64Array(rows.length * d);
  features.forEach((feature, a) => {
    const values = activations.dense(feature);
    rows.forEach((row, i) => { x[i * d + a] = values[row]!; });
  });
  return { d, x, y };
}
