/** From answers to questions to scores of variables. */
import { Random } from '../../src/engine/random.ts';
import { compared } from './measure.ts';
import type { Answer, Compared } from './measure.ts';

/** AUROC from which a feature counts as representing an answer. */
export const reach = 0.95;

export interface VariableSummary {
  readonly variable: string;
  readonly questions: number;
  /** Mean over the variable's questions of the held-out AUROC and F1 of the best single feature. */
  readonly auroc: Readonly<Record<Compared, number>>;
  readonly f1: Readonly<Record<Compared, number>>;
  /** Questions whose best feature has held-out AUROC ≥ `reach`. */
  readonly reached: Readonly<Record<Compared, number>>;
  /** Highest held-out AUROC among the questions. */
  readonly highest: Readonly<Record<Compared, number>>;
  readonly linear: number;
  /** Median over questions; undefined (more than were tried) counts as infinite. */
  readonly needed: Readonly<Record<Compared, number>>;
  /** Dictionaries of the best latents. */
  readonly sites: readonly string[];
  readonly reselected: number;
  /** Largest p-value of the variable's questions. */
  readonly p: number;
}

export interface Share {
  readonly count: number;
  readonly of: number;
}

export interface Summary {
  readonly variables: readonly VariableSummary[];
  /** Variables for which some question has a feature with held-out AUROC ≥ `reach`, for which the mean over questions is, and questions. */
  readonly someQuestion: Readonly<Record<Compared, Share>>;
  readonly meanOfQuestions: Readonly<Record<Compared, Share>>;
  readonly questions: Readonly<Record<Compared, Share>>;
  /** Mean over variables of AUROC(latents) − AUROC(other), with a 95 % bootstrap interval over variables. */
  readonly advantage: Readonly<Record<Exclude<Compared, 'latents'>, { readonly value: number; readonly low: number; readonly high: number }>>;
}

export function summarize(answers: readonly Answer[], seed: number): Summary {
  const variables = [...new Set(answers.map(({ variable }) => variable))].map((variable) => summarizeVariable(variable, answers.filter((answer) => answer.variable === variable)));
  const share = (test: (summary: VariableSummary, name: Compared) => boolean): Record<Compared, Share> =>
    record((name) => ({ count: variables.filter((summary) => test(summary, name)).length, of: variables.length }));
  return {
    variables,
    someQuestion: share(({ highest }, name) => highest[name] >= reach),
    meanOfQuestions: share(({ auroc }, name) => auroc[name] >= reach),
    questions: record((name) => ({ count: answers.filter(({ scores }) => scores[name].auroc.value >= reach).length, of: answers.length })),
    advantage: record((name) => meanWithInterval(variables.map(({ auroc }) => auroc.latents - auroc[name]), seed)),
  };
}

function summarizeVariable(variable: string, answers: readonly Answer[]): VariableSummary {
  const values = (name: Compared): number[] => answers.map(({ scores }) => scores[name].auroc.value);
  return {
    variable,
    questions: answers.length,
    auroc: record((name) => mean(values(name))),
    f1: record((name) => mean(answers.map(({ scores }) => scores[name].f1.value))),
    reached: record((name) => values(name).filter((value) => value >= reach).length),
    highest: record((name) => Math.max(...values(name))),
    linear: mean(answers.map(({ linear }) => linear.trained)),
    needed: record((name) => median(answers.map(({ needed }) => needed[name] ?? Number.POSITIVE_INFINITY))),
    sites: [...new Set(answers.map(({ scores }) => scores.latents.site))].toSorted(),
    reselected: mean(answers.map(({ reselected }) => reselected)),
    p: Math.max(...answers.map(({ scores }) => scores.latents.shuffled?.p ?? Number.NaN)),
  };
}

function meanWithInterval(values: readonly number[], seed: number): { value: number; low: number; high: number } {
  const random = new Random(seed);
  const draws = Array.from({ length: 2000 }, () => mean(values.map(() => values[random.integer(values.length)]!))).toSorted((a, b) => a - b);
  return { value: mean(values), low: draws[50]!, high: draws[1949]! };
}

function mean(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0) / values.length;
}

/** The lower of the two middle values, so that an even number of questions gives a number that was measured. */
function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor((values.length - 1) / 2)]!;
}

function record<T>(value: (name: Compared) => T): Record<Compared, T> {
  return Object.fromEntries(compared.map((name) => [name, value(name)])) as Record<Compared, T>;
}
