/**
 * The text form of a metric, as typed on a command line or stored in a finding, read into plain data.
 * Nothing here knows a model: token ids, classes and positions are checked where the metric is built into a graph.
 */
import { MechanistError } from '../errors.ts';
import type { Tensor } from '../tensor.ts';

/** A scalar read off the logits. Positions may be negative: -1 is the last one. */
export type Metric =
  /** Sum over batch rows of logit[right] − logit[wrong] at `position`. One row stands for every row of the batch. */
  | { readonly kind: 'logit_diff'; readonly rows: readonly AnswerPair[]; readonly position: number }
  /** Sum over batch rows of the logit of `token` at `position`. */
  | { readonly kind: 'logit'; readonly token: number; readonly position: number }
  /** Sum over batch rows of the mean logit of the answers `right` less that of `wrong` (which may be none), at `position`. One row for each. */
  | { readonly kind: 'contrast'; readonly rows: readonly AnswerSets[]; readonly position: number }
  /** Sum over batch rows of the log-probability of a token at `position`. One token stands for every row. */
  | { readonly kind: 'log_prob'; readonly tokens: readonly number[]; readonly position: number }
  /**
   * Sum over batch rows of KL(reference ‖ prediction) at `position`, nats. The reference, log-probabilities [rows, v], is
   * the prediction on the clean prompts and comes with the prompts (`withReference`), not with the text form.
   */
  | { readonly kind: 'kl'; readonly position: number; readonly reference?: Tensor }
  /** Mean next-token cross-entropy. */
  | { readonly kind: 'loss' }
  /** For a classifier: sum over batch rows of the logit of class `right`, less that of `wrong` when given. */
  | { readonly kind: 'class'; readonly right: number; readonly wrong?: number };

/** Several right and wrong answers to one question. */
export interface AnswerSets {
  readonly right: readonly number[];
  readonly wrong: readonly number[];
}

export interface AnswerPair {
  readonly right: number;
  readonly wrong: number;
}

/** The grammar, for help texts. */
export const metricGrammar =
  'logit_diff:RIGHT,WRONG[;RIGHT,WRONG…][@POSITION] | contrast:RIGHT[+RIGHT…],[WRONG[+WRONG…]][;…][@POSITION] | logit:TOKEN[@POSITION] | log_prob:TOKEN[;TOKEN…][@POSITION] | kl[@POSITION] | loss | class:RIGHT[,WRONG]';

/**
 * Reads a metric. A position that is not given is -1, the last one.
 * Errors: `argument`, with the grammar as hint.
 */
export function parseMetric(text: string): Metric {
  const { kind, body, position } = split(text);
  switch (kind) {
    case 'logit_diff': {
      const rows = (body ?? '').split(';').map((row) => answerPair(text, row));
      return { kind, rows, position: position ?? -1 };
    }
    case 'logit':
      return { kind, token: index(text, body ?? '', 'token'), position: position ?? -1 };
    case 'contrast':
      return { kind, rows: (body ?? '').split(';').map((row) => answerSets(text, row)), position: position ?? -1 };
    case 'log_prob':
      return { kind, tokens: (body ?? '').split(';').map((part) => index(text, part, 'token')), position: position ?? -1 };
    case 'kl':
      if (body !== undefined) throw malformed(text, '"kl" takes no tokens.');
      return { kind, position: position ?? -1 };
    case 'loss':
      if (body !== undefined || position !== undefined) throw malformed(text, '"loss" takes no arguments.');
      return { kind };
    case 'class': {
      if (position !== undefined) throw malformed(text, 'A classifier has no positions.');
      const parts = (body ?? '').split(',');
      if (parts.length > 2) throw malformed(text, 'At most two classes can be compared.');
      const right = index(text, parts[0]!, 'class');
      return parts.length === 1 ? { kind, right } : { kind, right, wrong: index(text, parts[1]!, 'class') };
    }
    default:
      throw malformed(text, `"${kind}" is not a metric.`);
  }
}

/** The canonical text of a metric: `parseMetric(formatMetric(m))` equals `m`. */
export function formatMetric(metric: Metric): string {
  switch (metric.kind) {
    case 'logit_diff':
      return `logit_diff:${metric.rows.map(({ right, wrong }) => `${right},${wrong}`).join(';')}@${metric.position}`;
    case 'logit':
      return `logit:${metric.token}@${metric.position}`;
    case 'contrast':
      return `contrast:${metric.rows.map(({ right, wrong }) => `${right.join('+')},${wrong.join('+')}`).join(';')}@${metric.position}`;
    case 'log_prob':
      return `log_prob:${metric.tokens.join(';')}@${metric.position}`;
    case 'kl':
      return `kl@${metric.position}`;
    case 'loss':
      return 'loss';
    case 'class':
      return metric.wrong === undefined ? `class:${metric.right}` : `class:${metric.right},${metric.wrong}`;
  }
}

function split(text: string): { kind: string; body: string | undefined; position: number | undefined } {
  const at = text.lastIndexOf('@');
  const head = at < 0 ? text : text.slice(0, at);
  const colon = head.indexOf(':');
  return {
    kind: (colon < 0 ? head : head.slice(0, colon)).trim(),
    body: colon < 0 ? undefined : head.slice(colon + 1),
    position: at < 0 ? undefined : integer(text, text.slice(at + 1), 'position'),
  };
}

function answerPair(text: string, row: string): AnswerPair {
  const parts = row.split(',');
  if (parts.length !== 2) throw malformed(text, `"${row}" is not a pair RIGHT,WRONG.`);
  return { right: index(text, parts[0]!, 'token'), wrong: index(text, parts[1]!, 'token') };
}

function answerSets(text: string, row: string): AnswerSets {
  const parts = row.split(',');
  if (parts.length !== 2) throw malformed(text, `"${row}" is not RIGHT+…,WRONG+….`);
  const ids = (part: string): number[] => part.split('+').map((id) => index(text, id, 'token'));
  return { right: ids(parts[0]!), wrong: parts[1]!.trim() === '' ? [] : ids(parts[1]!) };
}

function index(text: string, part: string, what: string): number {
  const value = integer(text, part, what);
  if (value < 0) throw malformed(text, `A ${what} id cannot be negative, but ${value} is.`);
  return value;
}

function integer(text: string, part: string, what: string): number {
  const trimmed = part.trim();
  const value = Number(trimmed);
  if (!/^-?\d+$/.test(trimmed) || !Number.isSafeInteger(value)) throw malformed(text, `"${trimmed}" is not a ${what} (an integer).`);
  return value;
}

function malformed(text: string, statement: string): MechanistError {
  return new MechanistError('argument', statement, { field: `metric ${JSON.stringify(text)}`, hint: `Write ${metricGrammar}.` });
}
