/** Scores of single features on held-out text: feature, sign and threshold come from the selection text alone. */
import { throwIfCancelled } from '../../engine/errors.ts';
import { Random } from '../../engine/random.ts';
import { bootstrap } from '../metrics/bootstrap.ts';
import type { Interval } from '../metrics/bootstrap.ts';
import { negated } from './columns.ts';
import type { Activations, Column } from './columns.ts';
import { bestThreshold, outcomesAt, rankingOf, weightedAuroc, weightedF1 } from './ranking.ts';
import { scan } from './scan.ts';
import type { Choice, Scan } from './scan.ts';
import { shuffledAurocs } from './shuffle.ts';
import { codesOf } from './variables.ts';
import type { LabelledText, LatentVariable, Question } from './variables.ts';

/** The same features on both texts. */
export interface Representation {
  readonly selection: Activations;
  readonly heldOut: Activations;
}

export interface ScoreOptions {
  readonly variables: readonly LatentVariable[];
  readonly selection: LabelledText;
  readonly heldOut: LabelledText;
  /** Bootstrap resamples of contexts. */
  readonly resamples: number;
  /** Shuffles of the labels within contexts, for the p-value; 0 for none. */
  readonly shuffles: number;
  readonly seed: number;
  readonly signal?: AbortSignal;
}

export interface QuestionScore {
  readonly feature: number;
  /** −1: the feature is low where the answer is yes. */
  readonly sign: 1 | -1;
  readonly selectionAuroc: number;
  readonly auroc: Interval;
  /** At the threshold that was best on the selection text. */
  readonly f1: Interval;
  /** Of the same feature with labels shuffled within contexts: mean AUROC, and (1 + shuffles at least as good)/(1 + shuffles). */
  readonly shuffled?: { readonly auroc: number; readonly p: number };
}

export interface Scored {
  readonly scan: Scan;
  /** By variable, one score per question. */
  readonly scores: ReadonlyMap<string, readonly QuestionScore[]>;
}

/** Chooses on `selection` and scores on `heldOut`. Errors: `argument` for labels that do not fit the text; `cancelled`. */
export function scoreRepresentation(representation: Representation, options: ScoreOptions): Scored {
  const { variables, selection, signal } = options;
  const found = scan(representation.selection, selection, variables);
  const scores = new Map<string, QuestionScore[]>();
  for (const variable of variables) {
    throwIfCancelled(signal);
    const choices = found.choices.get(variable.name)!;
    scores.set(variable.name, variable.questions.map((question, q) => scoreQuestion(representation, variable, question, choices[q]!, options)));
  }
  return { scan: found, scores };
}

function scoreQuestion(representation: Representation, variable: LatentVariable, question: Question, choice: Choice, options: ScoreOptions): QuestionScore {
  const { selection, heldOut, resamples, shuffles, seed } = options;
  const { feature, sign, auroc } = choice;
  const ranked = (activations: Activations, text: LabelledText): { column: Column; codes: Uint8Array; positions: number } => {
    const column = activations.column(feature);
    return { column: sign === 1 ? column : negated(column), codes: codesOf(text, variable), positions: text.contexts.dims[1]! };
  };
  const chosen = ranked(representation.selection, selection);
  const tested = ranked(representation.heldOut, heldOut);
  const threshold = bestThreshold(rankingOf(chosen.column, question, chosen.codes, chosen.positions));
  const ranking = rankingOf(tested.column, question, tested.codes, tested.positions);
  const outcomes = outcomesAt(ranking, threshold);
  const contexts = Array.from({ length: ranking.contexts }, (_, context) => context);
  const intervals = bootstrap(contexts, (drawn) => {
    const weights = new Float64Array(ranking.contexts);
    for (const context of drawn) weights[context]!++;
    return { auroc: weightedAuroc(ranking, weights), f1: weightedF1(outcomes, weights) };
  }, resamples, seed);
  const score = { feature, sign, selectionAuroc: auroc, ...intervals };
  if (shuffles === 0) return score;
  const nulls = shuffledAurocs(tested.column, question, tested.codes, tested.positions, shuffles, new Random(seed));
  const asGood = nulls.filter((value) => value >= intervals.auroc.value).length;
  return { ...score, shuffled: { auroc: nulls.reduce((a, b) => a + b, 0) / shuffles, p: (1 + asGood) / (1 + shuffles) } };
}
