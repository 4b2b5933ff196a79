/**
 * The training stream: documents of all kinds packed into contexts of fixed length. A batch is a pure function
 * of (seed, step), so that training resumes anywhere without reading what came before.
 */

import { MechanistError } from '../../src/engine/errors.ts';
import type { FableTokenizer } from '../tokenizer/encode.ts';
import type { LabelledDocument } from './document.ts';
import { generate } from './generate.ts';
import type { TextKind } from './generate.ts';
import { induction } from './kinds/induction.ts';
import type { InductionPlan, TokenPool } from './kinds/induction.ts';
import { labelTokens, tokenIds } from './labelTokens.ts';
import type { LabelledTokens } from './labelTokens.ts';
import type { DocumentKind, LabelValue } from './labels.ts';
import { CorpusRandom } from './random.ts';
import type { Split } from './split.ts';

export interface MixPhase {
  /** Share of the training at which the phase begins, 0…1. */
  readonly from: number;
  /** Relative number of documents of each kind. */
  readonly weights: Readonly<Record<DocumentKind, number>>;
  readonly induction: Pick<InductionPlan, 'length' | 'copies'>;
}

export type MixSchedule = readonly MixPhase[];

const language: Readonly<Record<TextKind, number>> = {
  story: 17, fields: 9, opinion: 4, ioi: 8, greaterThan: 8, docstring: 6, code: 3, brackets: 4, agreement: 7, list: 4, chronicle: 0, exchange: 0,
};

/** What circuits research asks about, whose deciding tokens are rare: the later mix is rich in it. */
const constructions: Readonly<Record<TextKind, number>> = {
  story: 17, fields: 6, opinion: 3, ioi: 24, greaterThan: 26, docstring: 5, code: 3, brackets: 18, agreement: 30, list: 3, chronicle: 0, exchange: 0,
};

/** Short repeated spans first: the induction head forms on them, and then carries over to long ones. */
export const defaultSchedule: MixSchedule = [
  { from: 0, weights: { ...language, induction: 45 }, induction: { length: [3, 13], copies: [2, 5] } },
  { from: 0.3, weights: { ...language, induction: 30 }, induction: { length: [3, 24], copies: [2, 4] } },
  { from: 0.46, weights: { ...constructions, induction: 16 }, induction: { length: [3, 48], copies: [2, 3] } },
];

/** A last stage for what had not been learned by then: indirect objects and years above all. */
export const constructionSchedule: MixSchedule = [
  {
    from: 0,
    weights: { story: 30, fields: 8, opinion: 4, ioi: 90, greaterThan: 150, docstring: 6, code: 4, brackets: 50, agreement: 45, list: 4, chronicle: 0, exchange: 0, induction: 20 },
    induction: { length: [3, 48], copies: [2, 3] },
  },
];

/** The same with chronicles, in which order among years is said in many wordings, and with more of the stories. */
export const chronicleSchedule: MixSchedule = [
  {
    from: 0,
    weights: { story: 45, fields: 10, opinion: 6, ioi: 90, greaterThan: 90, docstring: 6, code: 5, brackets: 50, agreement: 50, list: 4, chronicle: 90, exchange: 0, induction: 20 },
    induction: { length: [3, 48], copies: [2, 3] },
  },
];

/** The same with exchanges, in which who gave to whom is said in many wordings. */
export const exchangeSchedule: MixSchedule = [
  {
    from: 0,
    weights: { story: 45, fields: 10, opinion: 6, ioi: 45, greaterThan: 80, docstring: 6, code: 5, brackets: 50, agreement: 50, list: 4, chronicle: 90, exchange: 60, induction: 20 },
    induction: { length: [3, 48], copies: [2, 3] },
  },
];

/** The same with more years, whose order is learned last. */
export const yearsSchedule: MixSchedule = exchangeSchedule.map((phase) => ({ ...phase, weights: { ...phase.weights, greaterThan: 140, chronicle: 170 } }));

export interface MixOptions {
  readonly tokenizer: FableTokenizer;
  readonly schedule: MixSchedule;
  readonly seed: number;
  readonly split: Split;
  /** Contexts per batch, and tokens per context. */
  readonly batch: number;
  readonly context: number;
}

/** The phase in force at a share of the training. */
export function phaseAt(schedule: MixSchedule, progress: number): MixPhase {
  const phase = schedule.findLast(({ from }) => from <= progress);
  if (phase === undefined) throw new MechanistError('argument', 'The mix schedule must begin at 0.', { field: 'schedule' });
  return phase;
}

/** Batch `step` of `totalSteps`: token ids, [batch, context]. Each context begins with `<bos>`; `<eos>` ends a document. */
export function mixBatch(options: MixOptions, step: number, totalSteps: number): Int32Array<ArrayBuffer> {
  const { batch, context, tokenizer } = options;
  const ids = new Int32Array(batch * context);
  const phase = phaseAt(options.schedule, step / totalSteps);
  for (let row = 0; row < batch; row++) {
    let at = row * context;
    const end = at + context;
    ids[at++] = tokenizer.bos;
    for (const document of packed(options, phase, step, row)) {
      for (const id of tokenIds(document.content, tokenizer)) {
        if (at === end) break;
        ids[at++] = id;
      }
      if (at < end) ids[at++] = tokenizer.eos;
      document.room = end - at;
    }
  }
  return ids;
}

/** Context `row` of batch `step` with the labels of every token; `<bos>` and `<eos>` have none. */
export function labelledContext(options: MixOptions, step: number, totalSteps: number, row: number): LabelledTokens {
  const { context, tokenizer } = options;
  const ids: number[] = [tokenizer.bos];
  const labels: Record<string, (LabelValue | undefined)[]> = {};
  for (const document of packed(options, phaseAt(options.schedule, step / totalSteps), step, row)) {
    const labelled = labelTokens(document.content, tokenizer);
    const taken = Math.min(labelled.ids.length, context - ids.length);
    for (const [name, values] of Object.entries(labelled.labels)) {
      const column = (labels[name] ??= []);
      column.length = ids.length;
      column.push(...values.slice(0, taken));
    }
    ids.push(...labelled.ids.slice(0, taken));
    if (ids.length < context) ids.push(tokenizer.eos);
    document.room = context - ids.length;
  }
  for (const column of Object.values(labels)) column.length = context;
  return { ids, labels: Object.fromEntries(Object.entries(labels).map(([name, column]) => [name, Array.from(column)])) };
}

/** Documents for one context until the consumer reports that no room is left. */
function* packed(
  { tokenizer, seed, split, context }: MixOptions, phase: MixPhase, step: number, row: number,
): Generator<{ readonly content: LabelledDocument; room: number }> {
  const random = new CorpusRandom('mix', split, seed, step, row);
  const pools = poolsOf(tokenizer);
  let room = context - 1;
  while (room > 0) {
    const item = { content: drawDocument(random, phase, split, pools, room), room };
    yield item;
    room = item.room;
  }
}

function drawDocument(random: CorpusRandom, phase: MixPhase, split: Split, pools: readonly TokenPool[], room: number): LabelledDocument {
  const kind = drawKind(random, phase.weights);
  if (kind !== 'induction') return generate(kind, random, split);
  // A repetition cut off by the end of the context would teach nothing, so spans fit the room that is left.
  const [shortest, longest] = phase.induction.length;
  const fitting = Math.max(shortest, Math.min(longest, Math.floor(room / 2)));
  const pool = pools[random.chance(0.2) ? 1 : 0]!;
  return induction(random, pool, { length: [shortest, fitting], copies: phase.induction.copies, limit: Math.max(room, 2 * shortest) });
}

function drawKind(random: CorpusRandom, weights: MixPhase['weights']): DocumentKind {
  const entries = Object.entries(weights) as [DocumentKind, number][];
  let left = random.uniform() * entries.reduce((sum, [, weight]) => sum + weight, 0);
  for (const [kind, weight] of entries) {
    left -= weight;
    if (left < 0) return kind;
  }
  return entries.at(-1)![0];
}

const poolCache = new WeakMap<FableTokenizer, readonly TokenPool[]>();

/** Ordinary tokens, and every token but the special ones. */
function poolsOf(tokenizer: FableTokenizer): readonly TokenPool[] {
  let pools = poolCache.get(tokenizer);
  if (pools === undefined) {
    const text = (id: number): string => tokenizer.decode([id]);
    const special = new Set([tokenizer.pad, tokenizer.bos, tokenizer.eos]);
    const all = Array.from({ length: tokenizer.size }, (_, id) => id).filter((id) => !special.has(id));
    pools = [{ ids: tokenizer.ordinary, text }, { ids: all, text }];
    poolCache.set(tokenizer, pools);
  }
  return pools;
}
