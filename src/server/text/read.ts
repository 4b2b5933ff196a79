/** Running a program over the windows of a text, one short run per step. */
import { MechanistError } from '../../engine/errors.ts';
import type { Graph } from '../../engine/graph/ir.ts';
import type { ParameterSource } from '../../engine/runtime/program.ts';
import { i64 } from '../../engine/tensor.ts';
import type { Tensor } from '../../engine/tensor.ts';
import type { Job } from '../scheduler.ts';
import type { OpenModel } from '../session.ts';
import type { TokenizedText } from './tokens.ts';
import { planWindows } from './windows.ts';
import type { Window } from './windows.ts';

export interface Reading {
  readonly graph: Graph;
  readonly parameters: ParameterSource;
  /** Tokens read: the first `count` of the text. */
  readonly count: number;
  /** Further feeds besides the tokens. `ids` are those of the window, special tokens included. */
  readonly feeds?: (ids: readonly number[]) => readonly (readonly [string, Tensor])[];
}

/** Results of one window. `position(token)` is where a token of the text stands in them. */
export interface WindowResult {
  readonly window: Window;
  readonly values: ReadonlyMap<string, Tensor>;
  position(token: number): number;
}

/** Reads the text, calling `take` for each window in order. Errors: those of `Runtime.run`; `cancelled` when the model is closed meanwhile. */
export async function* readText(open: OpenModel, text: TokenizedText, reading: Reading, take: (result: WindowResult) => void): Job<void> {
  const { before, after } = text;
  const windows = planWindows(reading.count, contextOf(open), before.length + after.length);
  await open.runtime.prepare(reading.graph);
  for (const [index, window] of windows.entries()) {
    yield { done: index, of: windows.length };
    open.requireOpen();
    const ids = windowIds(text, window.from, window.to);
    const feeds = open.model.feeds(new Map([['input_ids', i64([1, ids.length], ids)]]));
    const values = await open.runtime.run(reading.graph, new Map([...feeds, ...(reading.feeds?.(ids) ?? [])]), reading.parameters);
    take({ window, values, position: (token) => before.length + token - window.from });
  }
}

/** Ids as the model reads them: tokens [from, to) of the text between its special tokens. */
export function windowIds({ before, after, ids }: TokenizedText, from: number, to: number): number[] {
  return [...before, ...ids.slice(from, to), ...after];
}

/** Positions read at once. Errors: `unsupported` for a model that does not read tokens. */
export function contextOf({ model }: OpenModel): number {
  if (!model.graph().inputs.has('input_ids')) throw new MechanistError('unsupported', 'The model does not read text.', { file: model.source });
  return Math.min(model.config?.nCtx ?? longestRun, longestRun);
}

/** Bounds the time and memory of one run: cost grows with the square of the positions. */
const longestRun = 512;
