/**
 * Metrics as graph nodes. Token ids and positions are inputs, so that one program serves every question.
 */
import { MechanistError } from '../errors.ts';
import type { GraphBuilder } from '../graph/builder.ts';
import { int } from '../graph/ir.ts';
import type { Graph } from '../graph/ir.ts';
import { requireCausal } from '../models/causal.ts';
import type { Model } from '../models/model.ts';
import type { Feeds } from '../runtime/program.ts';
import { f32, i64 } from '../tensor.ts';
import type { Tensor } from '../tensor.ts';
import type { AnswerSets, Metric } from './parse.ts';

export interface AppendedMetric {
  /** One value per batch row, [batch]. */
  readonly perRow: string;
  /** The metric itself, a scalar: the sum over rows (the mean over predicted tokens for `loss`). */
  readonly value: string;
}

/** Names of the inputs that carry a metric's tokens. */
const rightInput = 'metric/right';
const wrongInput = 'metric/wrong';
const idsInput = 'metric/answers';
const weightsInput = 'metric/weights';
const referenceInput = 'metric/reference';
/** The position a metric reads, int64 [1]. */
export const positionInput = 'metric/position';

/**
 * Appends the metric of `logits` ([batch,pos,v], or [batch,c] for a classifier).
 * `atPosition`: the logits hold only the metric's position, [batch,1,v].
 * `loss` reads `input_ids` and `attention_mask`, which must be in the graph.
 * Errors: `argument` when the logits do not have the rank the metric reads.
 */
export function appendMetric(b: GraphBuilder, metric: Metric, logits: string, atPosition = false): AppendedMetric {
  const rank = b.shapeOf(logits).length;
  const expected = metric.kind === 'class' ? 2 : 3;
  if (rank !== expected) {
    throw new MechanistError('argument', `The metric "${metric.kind}" reads logits of rank ${expected}; this model's have rank ${rank}.`, {
      hint: expected === 3 ? 'For a classifier use class:RIGHT[,WRONG].' : 'For a language model use logit_diff, logit, log_prob, kl or loss.',
    });
  }
  const perRow = metric.kind === 'loss' ? lossPerRow(b, logits) : readPerRow(b, metric, logits, atPosition);
  const value = metric.kind === 'loss' ? b.div(b.reduceSum(perRow, [0], false), predictedTokens(b, logits)) : b.reduceSum(perRow, [0], false);
  return { perRow, value };
}

/**
 * The feeds that go with a model's metric graph, for the inputs in `feeds`.
 * Errors: `argument` for a position outside the prompt or at padding; `unsupported` for the loss of a model that predicts no next token.
 */
export function metricInputs(metric: Metric, model: Model, feeds: Feeds): Feeds {
  if (metric.kind === 'loss') requireCausal(model, 'the loss');
  const [rows, positions] = feeds.get(model.requiredInputs[0]!)!.dims as [number, number | undefined];
  const found = metricFeeds(metric, rows, positions);
  const mask = feeds.get('attention_mask');
  const read = metricPosition(metric);
  if (mask !== undefined && read !== undefined) requireToken(mask, read);
  return found;
}

/** Errors: `argument` for a position that is padding in a row. */
function requireToken({ dims, data }: Tensor, position: number): void {
  const [rows, positions] = dims as [number, number];
  const at = position < 0 ? position + positions : position;
  const padded = Array.from({ length: rows }, (_, row) => row).find((row) => Number(data[row * positions + at]) === 0);
  if (padded === undefined) return;
  throw new MechanistError('argument', `The metric reads position ${position}, which is padding in row ${padded}.`, { field: 'metric', hint: 'Pad on the left, name a position that every row has, or run rows of one length together.' });
}

/** The feeds that go with `appendMetric`. `rows` is the batch size; `positions` the sequence length, to check the metric's position. */
export function metricFeeds(metric: Metric, rows: number, positions?: number): Feeds {
  switch (metric.kind) {
    case 'loss':
      return new Map();
    case 'logit':
      return new Map<string, Tensor>([[rightInput, perRowIds(Array(rows).fill(metric.token))], [positionInput, position(metric.position, positions)]]);
    case 'class': {
      const feeds = new Map<string, Tensor>([[rightInput, perRowIds(Array(rows).fill(metric.right))]]);
      if (metric.wrong !== undefined) feeds.set(wrongInput, perRowIds(Array(rows).fill(metric.wrong)));
      return feeds;
    }
    case 'log_prob':
      return new Map<string, Tensor>([[rightInput, perRowIds(forEachRow(metric.tokens, rows, 'tokens'))], [positionInput, position(metric.position, positions)]]);
    case 'kl': {
      const { reference } = metric;
      if (reference === undefined) throw new MechanistError('argument', 'KL is measured against the predictions on the clean prompts, which are not given here.', { field: 'metric kl' });
      if (reference.dims[0] !== rows) throw new MechanistError('argument', `The reference of the metric has ${reference.dims[0]} rows; the prompts have ${rows}.`, { field: 'metric kl' });
      return new Map<string, Tensor>([[referenceInput, reference], [positionInput, position(metric.position, positions)]]);
    }
    case 'contrast':
      return new Map<string, Tensor>([...answerFeeds(forEachRow(metric.rows, rows, 'answer sets')), [positionInput, position(metric.position, positions)]]);
    case 'logit_diff': {
      const pairs = forEachRow(metric.rows, rows, 'answer pairs');
      return new Map<string, Tensor>([
        [rightInput, perRowIds(pairs.map((p) => p.right))],
        [wrongInput, perRowIds(pairs.map((p) => p.wrong))],
        [positionInput, position(metric.position, positions)],
      ]);
    }
  }
}

/** One item stands for every row. */
function forEachRow<T>(items: readonly T[], rows: number, what: string): T[] {
  if (items.length !== 1 && items.length !== rows) {
    throw new MechanistError('argument', `The metric names ${items.length} ${what} for ${rows} rows.`, { hint: 'Give one, or one for each row.' });
  }
  return Array.from({ length: rows }, (_, i) => items[items.length === 1 ? 0 : i]!);
}

/** Ids [rows, answers] padded to equal length, and their weights: 1/n for n right answers, −1/n for n wrong ones, 0 for padding. */
function answerFeeds(rows: readonly AnswerSets[]): [string, Tensor][] {
  const width = Math.max(...rows.map(({ right, wrong }) => right.length + wrong.length));
  const ids = rows.flatMap(({ right, wrong }) => [...right, ...wrong, ...Array<number>(width - right.length - wrong.length).fill(0)]);
  const weights = rows.flatMap(({ right, wrong }) => Array.from({ length: width }, (_, i) => (i < right.length ? 1 / right.length : i < right.length + wrong.length ? -1 / wrong.length : 0)));
  return [[idsInput, i64([rows.length, width], ids)], [weightsInput, f32([rows.length, width], weights)]];
}

/** The position at which the metric reads the logits, or undefined when it reads them all. */
export function metricPosition(metric: Metric): number | undefined {
  return metric.kind === 'loss' || metric.kind === 'class' ? undefined : metric.position;
}

/** Output names of a metric: the scalar, and one value per row. */
export const metricOutput = 'metric';
export const metricPerRowOutput = 'metric/per_row';

/** Checks that every token or class a metric names exists. Errors: `argument`. */
export function checkMetric(metric: Metric, graph: Graph, logits: string): void {
  const size = graph.types.get(logits)?.shape?.at(-1);
  if (typeof size !== 'number') return;
  let ids: number[] = [];
  if (metric.kind === 'logit_diff') ids = metric.rows.flatMap((row) => [row.right, row.wrong]);
  else if (metric.kind === 'contrast') ids = metric.rows.flatMap((row) => [...row.right, ...row.wrong]);
  else if (metric.kind === 'log_prob') ids = [...metric.tokens];
  else if (metric.kind === 'logit') ids = [metric.token];
  else if (metric.kind === 'class') ids = [metric.right, metric.wrong ?? 0];
  for (const id of ids) {
    if (id >= size) throw new MechanistError('argument', `The metric names output ${id}, but the model has ${size}.`, { field: 'metric' });
  }
}

function readPerRow(b: GraphBuilder, metric: Metric, logits: string, atPosition: boolean): string {
  const batch = b.shapeOf(logits)[0]!;
  let at = logits;
  if (metric.kind !== 'class') {
    at = b.squeeze(atPosition ? logits : b.gather(logits, b.input(positionInput, 'int64', [1]), 1), [1]);
  }
  if (metric.kind === 'log_prob' || metric.kind === 'kl') at = b.node('LogSoftmax', [at], { attributes: { axis: int(-1) } });
  if (metric.kind === 'kl') {
    const reference = b.input(referenceInput, b.dtypeOf(at), [batch, b.shapeOf(at)[1]!]);
    return b.reduceSum(b.mul(b.unary('Exp', reference), b.sub(reference, at)), [1], false);
  }
  if (metric.kind === 'contrast') {
    const chosen = b.node('GatherElements', [at, b.input(idsInput, 'int64', [batch, 'answers'])], { attributes: { axis: int(1) } });
    return b.reduceSum(b.mul(chosen, b.input(weightsInput, 'float32', [batch, 'answers'])), [1], false);
  }
  const read = (name: string): string => {
    if (!b.has(name)) b.input(name, 'int64', [batch]);
    return b.squeeze(b.node('GatherElements', [at, b.unsqueeze(name, [1])], { attributes: { axis: int(1) } }), [1]);
  };
  const right = read(rightInput);
  const hasWrong = metric.kind === 'logit_diff' || (metric.kind === 'class' && metric.wrong !== undefined);
  return hasWrong ? b.sub(right, read(wrongInput)) : right;
}

/**
 * Summed cross-entropy of each row's predicted tokens, [batch]. The targets are shifted rather than the logits cut:
 * logits are the largest tensor of a small model, and a slice would copy them.
 */
function lossPerRow(b: GraphBuilder, logits: string): string {
  const logProbabilities = b.node('LogSoftmax', [logits], { attributes: { axis: int(-1) } });
  const targets = b.unsqueeze(b.concat([b.slice('input_ids', 1, 1), b.slice('input_ids', 1, 0, 1)], 1), [2]);
  const picked = b.squeeze(b.node('GatherElements', [logProbabilities, targets], { attributes: { axis: int(2) } }), [2]);
  return b.unary('Neg', b.reduceSum(b.mul(picked, predictionWeights(b, logits)), [1], false));
}

/** 1 where a real token predicts a real token, 0 at padding and at the last position, [batch,pos]. */
function predictionWeights(b: GraphBuilder, logits: string): string {
  const nothing = b.mul(b.slice('attention_mask', 1, 0, 1), b.scalar(0, 'int64'));
  const next = b.concat([b.slice('attention_mask', 1, 1), nothing], 1);
  return b.cast(b.mul('attention_mask', next), b.dtypeOf(logits));
}

function predictedTokens(b: GraphBuilder, logits: string): string {
  return b.reduceSum(predictionWeights(b, logits), [0, 1], false);
}

function perRowIds(ids: readonly number[]): Tensor {
  return i64([ids.length], ids);
}

function position(at: number, positions: number | undefined): Tensor {
  if (positions !== undefined && (at >= positions || at < -positions)) {
    throw new MechanistError('argument', `The metric reads position ${at} of a sequence of ${positions}.`, { field: 'metric' });
  }
  return i64([1], [at]);
}
