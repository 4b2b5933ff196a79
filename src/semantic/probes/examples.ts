/** Tokens drawn for a probe with their vectors at a hook point. Only contexts that hold such tokens are run. */
import { MechanistError, throwIfCancelled } from '../../engine/errors.ts';
import { GraphBuilder } from '../../engine/graph/builder.ts';
import type { Model } from '../../engine/models/model.ts';
import type { Runtime } from '../../engine/runtime/runtime.ts';
import { numbersOf } from '../../engine/tensor.ts';
import type { Tensor } from '../../engine/tensor.ts';
import type { Examples } from '../groundTruth/logistic.ts';
import { sampleTokens } from '../groundTruth/probe.ts';
import type { Question } from '../groundTruth/variables.ts';
import { probedWidth, requireFittable } from './hook.ts';
import type { LabelledContexts } from './labelledTokens.ts';

export interface ProbeExamples extends Examples {
  /** Index of the context of each token. */
  readonly context: Int32Array;
  /** Token ids: the word types of the control task. */
  readonly ids: readonly number[];
}

export interface ExamplesRequest {
  readonly model: Model;
  readonly runtime: Runtime;
  readonly hook: string;
  readonly half: Pick<LabelledContexts, 'contexts' | 'lengths'>;
  /** Class of each token, or `notApplicable`. */
  readonly codes: Uint8Array;
  readonly question: Question;
  /** Tokens per answer, at most. */
  readonly perAnswer: number;
  readonly seed: number;
  readonly signal?: AbortSignal;
}

const tokensPerRun = 2048;

/** Yields contexts done. Errors: those of `probedWidth` and `requireFittable`; `argument` when all or no tokens answer yes; `cancelled`. */
export async function* probeExamples({ model, runtime, hook, half, codes, question, perAnswer, seed, signal }: ExamplesRequest): AsyncGenerator<{ done: number; of: number }, ProbeExamples> {
  const d = probedWidth(model, hook);
  const positions = half.contexts.dims[1]!;
  const { rows, y, context } = sampleTokens(question, codes, positions, perAnswer, seed);
  if (!y.includes(0) || !y.includes(1)) throw new MechanistError('argument', y.includes(1) ? 'All tokens answer yes.' : 'No token answers yes.', { field: `question ${question.name}`, hint: 'There must be examples for and against among the texts to fit on and among those to score on.' });
  requireFittable(rows.length, d);
  const b = new GraphBuilder(model.graph());
  const graph = b.build([b.identity(hook, `probe/${hook}`)]);
  const x = new Float64Array(rows.length * d);
  const groups = batchesOf([...new Set(context)], half);
  let done = 0;
  const of = groups.reduce((sum, { contexts }) => sum + contexts.length, 0);
  for (const { contexts, length } of groups) {
    throwIfCancelled(signal);
    yield { done, of };
    const data = new BigInt64Array(contexts.length * length);
    contexts.forEach((at, i) => data.set(half.contexts.data.subarray(at * positions, at * positions + length), i * length));
    const ids: Tensor = { dtype: 'int64', dims: [contexts.length, length], data };
    const values = numbersOf((await runtime.run(graph, model.feeds(new Map([['input_ids', ids]])), model.parameters)).get(`probe/${hook}`)!);
    rows.forEach((row, i) => {
      const at = contexts.indexOf(context[i]!);
      if (at === -1) return;
      const from = (at * length + (row % positions)) * d;
      for (let a = 0; a < d; a++) x[i * d + a] = values[from + a]!;
    });
    done += contexts.length;
  }
  return { d, x, y, context, ids: Array.from(rows, (row) => Number(half.contexts.data[row])) };
}

/** Contexts of one length, as many as are run at once. */
function batchesOf(contexts: readonly number[], { contexts: { dims }, lengths }: Pick<LabelledContexts, 'contexts' | 'lengths'>): { contexts: number[]; length: number }[] {
  const byLength = new Map<number, number[]>();
  for (const context of contexts) {
    const length = lengths?.[context] ?? dims[1]!;
    const known = byLength.get(length);
    if (known === undefined) byLength.set(length, [context]);
    else known.push(context);
  }
  return [...byLength].flatMap(([length, all]) => {
    const perRun = Math.max(1, Math.floor(tokensPerRun / length));
    return Array.from({ length: Math.ceil(all.length / perRun) }, (_, i) => ({ contexts: all.slice(i * perRun, (i + 1) * perRun), length }));
  });
}
