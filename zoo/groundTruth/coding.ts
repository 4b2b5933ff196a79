/**
 * Which yes/no questions a latent variable becomes. Values are looked at in the selection text only.
 * - yes/no variables: one question.
 * - categories: each value against the other values, among the tokens that have one; at most `mostValues`, the commonest.
 * - integers with at most `mostSteps` different values: each value against the others; with more: at or above each quartile.
 * - reals (nats): at least 1 nat.
 * A question is asked when both texts have at least `fewest` positive and negative tokens; a variable without any
 * question is skipped and listed with its counts.
 */
import { classCounts, notApplicable, questionCounts } from '../../src/semantic/groundTruth/variables.ts';
import type { LabelledText, LatentVariable, Question } from '../../src/semantic/groundTruth/variables.ts';
import { labelDefinitions } from '../corpus/labels.ts';
import type { LabelDefinition, LabelValue } from '../corpus/labels.ts';

export const mostValues = 12;
const mostSteps = 8;
export const fewest = 25;
/** Nats from which a token counts as surprising, or the next one as open. */
const openness = 1;

/** Tokens with the labels of every variable, before they are coded. */
export interface RawText {
  readonly contexts: LabelledText['contexts'];
  /** By variable: value per token [contexts · positions]; undefined where it does not apply. */
  readonly values: ReadonlyMap<string, readonly (LabelValue | undefined)[]>;
}

export interface Coding {
  readonly variable: LatentVariable;
  classOf(value: LabelValue): number;
}

export interface Skipped {
  readonly variable: string;
  readonly question: string;
  readonly positive: { readonly selection: number; readonly heldOut: number };
  readonly negative: { readonly selection: number; readonly heldOut: number };
}

/** Codings of all variables that can be scored, and the questions that cannot. */
export function codings(selection: RawText, heldOut: RawText): { codings: Coding[]; skipped: Skipped[] } {
  const kept: Coding[] = [];
  const skipped: Skipped[] = [];
  for (const definition of labelDefinitions) {
    const coding = codingOf(definition, selection);
    const { variable, classOf } = coding;
    const counts = [selection, heldOut].map((text) => {
      const codes = Uint8Array.from(text.values.get(variable.name)!, (value) => (value === undefined ? notApplicable : classOf(value)));
      return classCounts(codes, variable.classes.length);
    });
    const questions = variable.questions.filter((question) => {
      const [here, there] = counts.map((of) => questionCounts(question, of));
      const enough = Math.min(here!.positive, here!.negative, there!.positive, there!.negative) >= fewest;
      if (!enough) {
        skipped.push({
          variable: variable.name, question: question.name,
          positive: { selection: here!.positive, heldOut: there!.positive },
          negative: { selection: here!.negative, heldOut: there!.negative },
        });
      }
      return enough;
    });
    if (questions.length > 0) kept.push({ ...coding, variable: { ...variable, questions } });
  }
  return { codings: kept, skipped };
}

/** Name under which a label is scored. */
export function scoredName(label: string): string {
  return label === 'entropy' ? 'nextEntropy' : label;
}

function codingOf(definition: LabelDefinition, text: RawText): Coding {
  const name = scoredName(definition.name);
  const values = text.values.get(name)!.filter((value) => value !== undefined);
  switch (definition.type) {
    case 'binary': return {
      variable: { name, classes: ['no', 'yes'], questions: [{ name: 'yes', classes: [1] }] },
      classOf: (value) => (value === true ? 1 : 0),
    };
    case 'real': return {
      variable: { name, classes: [`< ${openness}`, `≥ ${openness}`], questions: [{ name: `≥ ${openness} nat`, classes: [1] }] },
      classOf: (value) => (Number(value) >= openness ? 1 : 0),
    };
    case 'categorical': return byValue(name, commonest(values), (value) => `= ${value}`);
    case 'integer': {
      const steps = commonest(values).toSorted(([a], [b]) => Number(a) - Number(b));
      return steps.length <= mostSteps ? byValue(name, steps, (value) => `= ${value}`) : byQuartile(name, values.map(Number));
    }
  }
}

/** One class per value; the last class holds every other value. */
function byValue(name: string, values: readonly (readonly [LabelValue, number])[], nameOf: (value: LabelValue) => string): Coding {
  const kept = values.slice(0, mostValues).map(([value]) => value);
  const index = new Map(kept.map((value, i) => [value, i]));
  const questions = kept.map((value, i): Question => ({ name: nameOf(value), classes: [i] }));
  return {
    variable: { name, classes: [...kept.map(String), 'other'], questions },
    classOf: (value) => index.get(value) ?? kept.length,
  };
}

/** Classes between the quartiles; questions "at or above". */
function byQuartile(name: string, values: readonly number[]): Coding {
  const sorted = values.toSorted((a, b) => a - b);
  const cuts = [...new Set([0.25, 0.5, 0.75].map((share) => sorted[Math.floor(share * sorted.length)]!))].filter((cut) => cut > sorted[0]!);
  return {
    variable: {
      name,
      classes: ['lowest', ...cuts.map((cut) => `≥ ${cut}`)],
      questions: cuts.map((cut, i) => ({ name: `≥ ${cut}`, classes: cuts.map((_, c) => c + 1).slice(i) })),
    },
    classOf: (value) => cuts.filter((cut) => cut <= Number(value)).length,
  };
}

/** Values with their counts, the commonest first; equal counts in alphabetical order. */
function commonest(values: readonly LabelValue[]): [LabelValue, number][] {
  const counts = new Map<LabelValue, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts].toSorted(([a, m], [b, n]) => n - m || String(a).localeCompare(String(b)));
}
