/**
 * Making a question of a prompt: what it could be compared with, and corrupted prompts of the same tokens but one.
 * A corrupted prompt is good when it changes the answer, so candidates are run and ranked by that.
 */
import { throwIfCancelled } from '../engine/errors.ts';
import { prune } from '../engine/graph/prune.ts';
import { metricFeeds, metricPerRowOutput } from '../engine/metrics/append.ts';
import { metricGraph } from '../engine/metrics/metricGraph.ts';
import type { Metric } from '../engine/metrics/parse.ts';
import type { Model } from '../engine/models/model.ts';
import type { Tokenizer } from '../engine/models/tokenizer.ts';
import type { Runtime } from '../engine/runtime/runtime.ts';
import { i64 } from '../engine/tensor.ts';

export interface Edit {
  readonly position: number;
  readonly to: number;
}

export interface RankedEdit extends Edit {
  /** Logit of target less distractor on the edited prompt. */
  readonly metric: number;
}

/** Whether two tokens look alike: both begin a word or neither does, same case of the first letter, letters or not. */
export function sameKind(tokenizer: Tokenizer, a: number, b: number): boolean {
  return kindOf(tokenizer, a) === kindOf(tokenizer, b);
}

/**
 * Single-token edits: a token for another of its kind that occurs in the prompt, or for one the model likes as well in
 * that place. `alternatives(position)`: the model's predictions there, likeliest first.
 */
export function proposeEdits(tokenizer: Tokenizer, ids: readonly number[], from: number, alternatives: (position: number) => readonly number[], perPosition = 4): Edit[] {
  const edits: Edit[] = [];
  const occurring = [...new Set(ids.slice(from))];
  for (let position = from; position < ids.length; position++) {
    const own = ids[position]!;
    if (!/[\p{L}\p{N}]/u.test(tokenizer.decode([own]))) continue;
    const wanted = new Set([...occurring, ...alternatives(position)].filter((id) => id !== own && sameKind(tokenizer, id, own)));
    edits.push(...[...wanted].slice(0, perPosition).map((to) => ({ position, to })));
  }
  return edits;
}

export interface RankOptions {
  readonly metric: Metric;
  readonly signal?: AbortSignal;
  readonly onProgress?: (done: number, total: number) => void;
}

/** The edits with the metric they give, the lowest first: those that turn the answer around. */
export async function rankEdits(model: Model, runtime: Runtime, ids: readonly number[], edits: readonly Edit[], { metric, signal, onProgress }: RankOptions): Promise<RankedEdit[]> {
  const graph = prune(metricGraph(model.graph(), metric, model.output), [metricPerRowOutput]);
  const ranked: RankedEdit[] = [];
  for (let start = 0; start < edits.length; start += rowsPerRun) {
    throwIfCancelled(signal);
    const chunk = edits.slice(start, start + rowsPerRun);
    const rows = chunk.flatMap(({ position, to }) => ids.with(position, to));
    const feeds = new Map([...model.feeds(new Map([['input_ids', i64([chunk.length, ids.length], rows)]])), ...metricFeeds(metric, chunk.length, ids.length)]);
    const values = (await runtime.run(graph, feeds, model.parameters)).get(metricPerRowOutput)!.data as Float32Array;
    chunk.forEach((edit, i) => ranked.push({ ...edit, metric: values[i]! }));
    onProgress?.(ranked.length, edits.length);
  }
  return ranked.toSorted((a, b) => a.metric - b.metric);
}

const rowsPerRun = 32;

function kindOf(tokenizer: Tokenizer, id: number): string {
  const text = tokenizer.decode([id]);
  const letter = text.trimStart()[0] ?? '';
  const kind = /\p{Lu}/u.test(letter) ? 'upper' : /\p{L}/u.test(letter) ? 'lower' : /\p{N}/u.test(letter) ? 'number' : 'other';
  return `${/^\s/.test(text)} ${kind}`;
}
