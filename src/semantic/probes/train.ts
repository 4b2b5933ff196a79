/** Training a linear probe for a property at a hook point, with everything it is compared with. Algorithms reference §21. */
import { throwIfCancelled } from '../../engine/errors.ts';
import type { Model } from '../../engine/models/model.ts';
import { Random } from '../../engine/random.ts';
import type { Runtime } from '../../engine/runtime/runtime.ts';
import { aurocInterval } from '../groundTruth/auroc.ts';
import { logOdds } from '../groundTruth/logistic.ts';
import type { Logistic } from '../groundTruth/logistic.ts';
import { oddsAuroc, probeSteps } from '../groundTruth/probe.ts';
import type { FittedProbe } from '../groundTruth/probe.ts';
import { bestCoordinate, controlTask, positives, shuffledAnswers } from './control.ts';
import type { Coordinate } from './control.ts';
import { probeExamples } from './examples.ts';
import type { ProbeExamples } from './examples.ts';
import { questionOf } from './labelledTokens.ts';
import type { LabelledContexts, LabelledTokens, Property } from './labelledTokens.ts';

export interface ProbeRequest {
  readonly model: Model;
  readonly runtime: Runtime;
  readonly hook: string;
  readonly labels: LabelledTokens;
  readonly property: Property;
  /** Tokens per answer and side, at most. */
  readonly examples: number;
  readonly seed: number;
  readonly signal?: AbortSignal;
}

export interface ProbeStep {
  readonly stage: 'reading' | 'fitting';
  readonly done: number;
  readonly of: number;
}

/** All on held-out tokens. */
export interface ProbeScores {
  readonly auroc: number;
  /** 95 % (Hanley & McNeil 1982). */
  readonly interval: readonly [number, number];
  /** Share of right answers, and that of always giving the commoner one. */
  readonly accuracy: number;
  readonly majority: number;
  /** The same probe on random answers that each word type keeps (Hewitt & Liang 2019). */
  readonly control: { readonly auroc: number; readonly accuracy: number };
  /** Accuracy minus that of the control task. */
  readonly selectivity: number;
  /** Probes fitted on answers exchanged among the training tokens: mean and highest AUROC. */
  readonly shuffled: { readonly auroc: number; readonly highest: number; readonly draws: number };
  /** The one coordinate that answers best. */
  readonly coordinate: Coordinate;
  readonly positive: number;
  readonly negative: number;
}

export interface TrainedProbe {
  /** Log-odds of yes: `weights` [d] · vector + `bias`. */
  readonly weights: Float64Array;
  readonly bias: number;
  readonly penalty: number;
  /** Tokens fitted on. */
  readonly trained: number;
  readonly scores: ProbeScores;
}

const shuffles = 5;

/** The defaults of every way to train a probe. */
export const probeDefaults = { examples: 300, seed: 0 } as const;

/** Errors: those of `questionOf` and `probeExamples`. */
export async function* trainProbe(request: ProbeRequest): AsyncGenerator<ProbeStep, TrainedProbe> {
  const { labels, property, seed, signal } = request;
  questionOf(labels, property);
  const train = yield* examplesOf(request, labels.train, 0);
  const heldOut = yield* examplesOf(request, labels.heldOut, 1);
  const of = 2 + shuffles;
  let done = 0;
  // A generator of its own would hide which fit is under way.
  const fit = async function* (examples: ProbeExamples, penalty?: number): AsyncGenerator<ProbeStep, FittedProbe> {
    const steps = probeSteps(examples, examples.context, penalty);
    for (;;) {
      throwIfCancelled(signal);
      const step = steps.next();
      if (step.done === true) {
        done++;
        return step.value;
      }
      yield { stage: 'fitting', done, of };
    }
  };
  const probe = yield* fit(train);
  const control = yield* fit(controlTask(train, seed));
  const random = new Random(seed);
  const nulls: number[] = [];
  for (let draw = 0; draw < shuffles; draw++) nulls.push(aurocOf(yield* fit(shuffledAnswers(train, random), probe.penalty), heldOut));
  const [auroc, accuracy] = [aurocOf(probe, heldOut), accuracyOf(probe, heldOut)];
  const controlHeldOut = controlTask(heldOut, seed);
  const controlScores = { auroc: aurocOf(control, controlHeldOut), accuracy: accuracyOf(control, controlHeldOut) };
  const positive = positives(heldOut.y);
  const negative = heldOut.y.length - positive;
  return {
    weights: probe.weights, bias: probe.bias, penalty: probe.penalty, trained: train.y.length,
    scores: {
      auroc, interval: aurocInterval(auroc, positive, negative), accuracy, majority: Math.max(positive, negative) / heldOut.y.length,
      control: controlScores, selectivity: accuracy - controlScores.accuracy,
      shuffled: { auroc: nulls.reduce((a, b) => a + b, 0) / shuffles, highest: Math.max(...nulls), draws: shuffles },
      coordinate: bestCoordinate(train, heldOut), positive, negative,
    },
  };
}

/** `side` 0 to fit on, 1 to score on: the draws of the evidence method `probe.linear`. */
async function* examplesOf({ model, runtime, hook, labels, property, examples, seed, signal }: ProbeRequest, half: LabelledContexts, side: 0 | 1): AsyncGenerator<ProbeStep, ProbeExamples> {
  const reading = probeExamples({
    model, runtime, hook, half, codes: half.codes.get(property.variable)!, question: questionOf(labels, property), perAnswer: examples, seed: seed * 2 + side,
    ...(signal === undefined ? {} : { signal }),
  });
  for (;;) {
    const step = await reading.next();
    if (step.done === true) return step.value;
    yield { stage: 'reading', done: step.value.done + side * step.value.of, of: 2 * step.value.of };
  }
}

function aurocOf(probe: Logistic, { x, y }: ProbeExamples): number {
  return oddsAuroc(logOdds(probe, x), y);
}

function accuracyOf(probe: Logistic, { x, y }: ProbeExamples): number {
  const odds = logOdds(probe, x);
  return y.reduce((right, answer, i) => right + (odds[i]! >= 0 === (answer === 1) ? 1 : 0), 0) / y.length;
}
