/** Prompts of requests as tokens, groups and metrics. */
import { readFile, stat } from 'node:fs/promises';
import type { PromptGroup } from '../../../algorithmic/circuits/promptSets.ts';
import { MechanistError } from '../../../engine/errors.ts';
import type { Metric } from '../../../engine/metrics/parse.ts';
import { withReference } from '../../../engine/metrics/reference.ts';
import { alignPair, groupOf, requireAligned } from '../../../engine/pairs/alignPairs.ts';
import type { AlignmentTarget } from '../../../engine/pairs/alignPairs.ts';
import { requirePairs } from '../../../engine/pairs/readPairs.ts';
import { i64 } from '../../../engine/tensor.ts';
import type { Tensor } from '../../../engine/tensor.ts';
import type { PairSource, Prompts, QuestionMetric } from '../../../protocol/methods/algorithmic.ts';
import type { PromptToken } from '../../../protocol/methods/algorithmicResults.ts';
import { checkedPath } from '../../paths.ts';
import type { OpenModel } from '../../session.ts';
import { tokenText } from '../../text/predictions.ts';
import { contextOf } from '../../text/read.ts';

/** Ids of a prompt as a causal model reads it. Errors: `argument` for an empty prompt or one beyond the context. */
export function promptIds(open: OpenModel, text: string): number[] {
  const { before, ids } = open.tokens(text);
  const all = [...before, ...ids];
  if (ids.length === 0) throw new MechanistError('argument', 'The prompt is empty.', { hint: 'Select some text or type a prompt.' });
  const most = contextOf(open);
  if (all.length > most) throw new MechanistError('argument', `The prompt has ${all.length} tokens; at most ${most} are read at once.`, { hint: 'Select a shorter passage.' });
  return all;
}

export function inputsOf(ids: readonly number[]): ReadonlyMap<string, Tensor> {
  return new Map([['input_ids', i64([1, ids.length], ids)]]);
}

export function shownTokens(open: OpenModel, ids: readonly number[]): PromptToken[] {
  return ids.map((id) => ({ id, text: tokenText(open.tokenizer, id) }));
}

export function alignmentTarget(open: OpenModel): AlignmentTarget {
  return { tokenizer: open.hasTokenizer ? open.tokenizer : undefined, vocabulary: open.model.config?.dOut, context: contextOf(open) };
}

export interface RequestPrompts {
  readonly groups: readonly PromptGroup[];
  /** Of the clean prompt, when there is one only. */
  readonly cleanIds: readonly number[] | undefined;
  readonly corruptedIds: readonly number[] | undefined;
}

/** Errors: those of `readPairText`, `requirePairs` and `alignPair`. */
export async function requestPrompts(open: OpenModel, prompts: Prompts): Promise<RequestPrompts> {
  if (prompts.kind === 'pairs') {
    const file = prompts.source.kind === 'file' ? prompts.source.path : undefined;
    const pairs = requirePairs(await readPairText(prompts.source), file).slice(0, prompts.limit);
    return { groups: requireAligned(pairs, alignmentTarget(open), file), cleanIds: undefined, corruptedIds: undefined };
  }
  const { clean, corrupted } = prompts;
  const aligned = alignPair({ line: 1, clean, corrupted, answers: [0], distractors: [] }, alignmentTarget(open));
  const group = groupOf([aligned]);
  const metric = await withReference(open.model, open.runtime, engineMetric(prompts.metric, open), group.clean);
  return { groups: [{ clean: group.clean, corrupted: group.corrupted, metric }], cleanIds: aligned.clean, corruptedIds: aligned.corrupted };
}

/** The text of a pair file, bounded. Errors: those of `checkedPath`; `memory`. */
export async function readPairText(source: PairSource): Promise<string> {
  if (source.kind === 'text') return source.text;
  const path = await checkedPath(source.path, 'file');
  const { size } = await stat(path);
  if (size > mostBytes) throw new MechanistError('memory', `The file has ${size} bytes; at most ${mostBytes} are read.`, { file: path, hint: 'Split it.' });
  return readFile(path, 'utf8');
}

const mostBytes = 20_000_000;

function engineMetric(metric: QuestionMetric, open: OpenModel): Metric {
  const size = open.model.config?.dOut ?? Infinity;
  const checked = (id: number): number => {
    if (id >= size) throw new MechanistError('argument', `Token ${id} is not in the vocabulary of ${size}.`, { field: 'metric' });
    return id;
  };
  switch (metric.kind) {
    case 'logit_diff': return { kind: 'logit_diff', rows: [{ right: checked(metric.target), wrong: checked(metric.distractor) }], position: -1 };
    case 'log_prob': return { kind: 'log_prob', tokens: [checked(metric.target)], position: -1 };
    case 'kl': return { kind: 'kl', position: -1 };
  }
}
