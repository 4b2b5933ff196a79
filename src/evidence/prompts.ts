/** Inputs of methods as a model reads them: prompt pairs in groups, lines of text as tokens. */
import { MechanistError } from '../engine/errors.ts';
import { requireAligned } from '../engine/pairs/alignPairs.ts';
import type { PairGroup } from '../engine/pairs/alignPairs.ts';
import { requirePairs } from '../engine/pairs/readPairs.ts';
import { i64 } from '../engine/tensor.ts';
import type { Tensor } from '../engine/tensor.ts';
import type { MethodContext, OpenedModel } from './method.ts';

/** The pairs of an input, aligned. Errors: `parse` and `argument` with the line. */
export function pairGroups({ model, text }: MethodContext, name: string): readonly PairGroup[] {
  const { config } = model.model;
  return requireAligned(requirePairs(text(name)!, name), { tokenizer: model.tokenizer, vocabulary: config?.dOut, context: config?.nCtx }, name);
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
