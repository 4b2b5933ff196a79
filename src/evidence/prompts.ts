/** Inputs of methods as a model reads them: prompt pairs in groups, lines of text as tokens. */
import type { PromptGroup } from '../algorithmic/circuits/promptSets.ts';
import { MechanistError } from '../engine/errors.ts';
import { withReference } from '../engine/metrics/reference.ts';
import { requireAligned } from '../engine/pairs/alignPairs.ts';
import type { PairGroup } from '../engine/pairs/alignPairs.ts';
import { requirePairs } from '../engine/pairs/readPairs.ts';
import { i64 } from '../engine/tensor.ts';
import type { Tensor } from '../engine/tensor.ts';
import type { MethodContext, OpenedModel, ParameterField } from './method.ts';

/** The pairs of an input, aligned. Errors: `parse` and `argument` with the line. */
export function pairGroups({ model, text }: MethodContext, name: string): readonly PairGroup[] {
  const { config } = model.model;
  return requireAligned(requirePairs(text(name)!, name), { tokenizer: model.tokenizer, vocabulary: config?.dOut, context: config?.nCtx }, name);
}

const metricNames = { logit_diff: 'logit difference', log_prob: 'log-probability', kl: 'KL from the clean prediction' } as const;

/** What prompts are asked about, as a parameter. */
export const metricField: ParameterField = {
  name: 'metric', type: 'text', choices: Object.keys(metricNames), default: 'logit_diff',
  description: 'What is read off the last position: the logit of the answers less that of the distractors, the log-probability of the first answer, or the KL divergence from the clean prediction.',
};

/** Name of the metric that a record asks for. */
export function metricName(context: MethodContext): string {
  return metricNames[context.word('metric') as keyof typeof metricNames];
}

/** The pairs of an input with the metric that `metricField` names. Errors: as `pairGroups`. */
export async function questionGroups(context: MethodContext, name: string): Promise<readonly PromptGroup[]> {
  const groups = pairGroups(context, name);
  const { model, runtime } = context.model;
  switch (context.word('metric') as keyof typeof metricNames) {
    case 'logit_diff': return groups;
    case 'log_prob': return groups.map(({ clean, corrupted, pairs }) => ({ clean, corrupted, metric: { kind: 'log_prob', tokens: pairs.map(({ right }) => right[0]!), position: -1 } }));
    case 'kl': return Promise.all(groups.map(async ({ clean, corrupted }) => ({ clean, corrupted, metric: await withReference(model, runtime, { kind: 'kl', position: -1 }, clean) })));
  }
}

/** Tokens of each line that is not empty, cut to the model's context. Errors: `argument` when nothing is left, `unsupported` without a tokenizer. */
export function textLines(opened: OpenedModel, text: string): { readonly text: string; readonly ids: readonly number[]; readonly offsets: readonly (readonly [number, number])[] }[] {
  const { tokenizer, model } = opened;
  if (tokenizer === undefined) throw new MechanistError('unsupported', 'The model has no tokenizer, so it cannot read a text.', { file: model.source });
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== '').map((line) => {
    const { ids, offsets } = tokenizer.encode(line);
    const kept = Math.min(ids.length, model.config?.nCtx ?? ids.length);
    return { text: line, ids: ids.slice(0, kept), offsets: offsets.slice(0, kept).map(([start, end]) => [start, end] as const) };
  });
  if (lines.length === 0) throw new MechanistError('argument', 'The text is empty.', { field: 'text' });
  return lines;
}

export function idsFeed(ids: readonly number[]): ReadonlyMap<string, Tensor> {
  return new Map([['input_ids', i64([1, ids.length], ids)]]);
}

/** Tokens of a whole text as one prompt. Errors: `argument` for none or more than the model reads, `unsupported` without a tokenizer. */
export function promptText({ model: { model, tokenizer }, text }: MethodContext, name: string): readonly number[] {
  if (tokenizer === undefined) throw new MechanistError('unsupported', 'The model has no tokenizer, so it cannot read a text.', { file: model.source });
  const { ids } = tokenizer.encode(text(name)!);
  const most = model.config?.nCtx ?? Infinity;
  if (ids.length === 0 || ids.length > most) throw new MechanistError('argument', ids.length === 0 ? 'The prompt is empty.' : `The prompt has ${ids.length} tokens; the model reads ${most}.`, { field: name });
  return ids;
}
