/** `mechanist trace`: an annotated trace of a prompt, for people, in the terminal. */
import { directLogitAttribution } from '../../algorithmic/directLogitAttribution.ts';
import { logitLens } from '../../algorithmic/logitLens.ts';
import { MechanistError } from '../../engine/errors.ts';
import { prune } from '../../engine/graph/prune.ts';
import type { Metric } from '../../engine/metrics/parse.ts';
import { requireCausal } from '../../engine/models/causal.ts';
import type { Model } from '../../engine/models/model.ts';
import { tokenizerOf } from '../../engine/models/openPath.ts';
import type { Runtime } from '../../engine/runtime/runtime.ts';
import { numbersOf } from '../../engine/tensor.ts';
import type { Tensor } from '../../engine/tensor.ts';
import type { Command, OptionValues, Output } from '../command.ts';
import { inputOptions, modelInputs } from '../modelInputs.ts';
import type { Inputs } from '../modelInputs.ts';
import { openModel } from '../openModel.ts';
import { modelNotes, modelOptions, positiveInteger, runtimeOptions, withRuntime } from '../sharedOptions.ts';
import { demonstration } from '../trace/demonstration.ts';
import type { Demonstration } from '../trace/demonstration.ts';
import { renderTrace } from '../trace/report.ts';
import type { HeadContribution, TraceReport } from '../trace/report.ts';
import { logProbabilities, topOf } from '../trace/probabilities.ts';

export const trace: Command = {
  name: 'trace',
  summary: 'Show what a language model does with a prompt: surprise, logit lens, heads, attention.',
  positionals: ['[MODEL]'],
  options: {
    text: inputOptions.text,
    inputs: inputOptions.inputs,
    heads: { type: 'string', value: 'N', description: 'Heads to list (default 8).' },
    ...runtimeOptions,
    ...modelOptions,
  },
  notes: modelNotes,
  async run({ positionals, options, signal, output }) {
    const heads = positiveInteger(options, 'heads') ?? 8;
    const named = positionals[0];
    const shown = named === undefined ? await demonstration() : { model: named };
    const model = await openModel(shown.model, options, output, signal);
    const inputs = firstRow(await modelInputs(model, named === undefined ? withDefaults(options, shown) : options), output);
    requireCausal(model, 'a trace of its predictions');
    const show = await tokenTexts(model);
    const report = await withRuntime(options, (runtime) => traceOf(model, runtime, inputs, show, heads, signal));
    output.write(renderTrace(report, output.colour));
  },
};

/** Options in which the demonstration's prompt stands in for the one that was not given. */
function withDefaults(options: OptionValues, { text, inputs }: Demonstration): OptionValues {
  if (options.text('text') !== undefined || options.text('inputs') !== undefined) return options;
  const defaults = new Map([['text', text], ['inputs', inputs]]);
  return { ...options, text: (name) => options.text(name) ?? defaults.get(name) };
}

/** A trace shows one prompt. Errors: `argument` when there are no token ids. */
function firstRow(inputs: Inputs, output: Output): Inputs {
  const ids = inputs.get('input_ids');
  if (ids === undefined) throw new MechanistError('argument', 'A trace needs token ids; this model reads something else.', { field: 'input_ids' });
  const rows = ids.dims[0]!;
  if (rows > 1) output.note(`Tracing the first of ${rows} rows.\n`);
  const first = ({ dtype, dims, data }: Tensor): Tensor => ({ dtype, dims: [1, ...dims.slice(1)], data: data.slice(0, data.length / dims[0]!) });
  return new Map([...inputs].map(([name, value]) => [name, first(value)]));
}

/** How to show a token: by its text, or by its id where the model has no tokenizer. */
async function tokenTexts(model: Model): Promise<(id: number) => string> {
  const tokenizer = await tokenizerOf(model);
  return (id) => (tokenizer !== undefined && id < tokenizer.vocabSize ? tokenizer.tokenText(id) : `#${id}`);
}

async function traceOf(model: Model, runtime: Runtime, inputs: Inputs, show: (id: number) => string, headCount: number, signal: AbortSignal): Promise<TraceReport> {
  const ids = Array.from(numbersOf(inputs.get('input_ids')!));
  const run = await runtime.run(prune(model.graph(), [model.output]), model.feeds(inputs), model.parameters);
  const rows = logProbabilities(run.get(model.output)!);
  const last = topOf(rows.at(-1)!, 5);
  const [right, wrong] = [last[0]!.id, last[1]!.id];

  const lens = await logitLens(model, runtime, { inputs, topK: 1, signal });
  const metric = { kind: 'logit_diff', rows: [{ right, wrong }], position: -1 } as const;
  const heads = (await headContributions(model, runtime, inputs, metric)).slice(0, headCount);
  const attention = heads[0] === undefined ? [] : await attentionFromLast(model, runtime, inputs, heads[0]);

  return {
    model: title(model),
    tokens: ids.map((id, i) => ({ text: show(id), surprise: i === 0 ? undefined : -rows[i - 1]![id]! / Math.LN2 })),
    next: last.map(({ id, logProbability }) => ({ text: show(id), probability: Math.exp(logProbability) })),
    lens: lens.map(({ hook, topIds, topProbabilities }) => ({
      stage: stageOf(hook),
      guess: { text: show(numbersOf(topIds)[ids.length - 1]!), probability: numbersOf(topProbabilities)[ids.length - 1]! },
    })),
    heads,
    contrast: { right: show(right), wrong: show(wrong) },
    attention,
  };
}

/** Each head's direct contribution at the last position, largest first; none for a model whose heads cannot be told apart. */
async function headContributions(model: Model, runtime: Runtime, inputs: Inputs, metric: Metric): Promise<HeadContribution[]> {
  let contributions: ReadonlyMap<string, Tensor>;
  try {
    ({ contributions } = await directLogitAttribution(model, runtime, { inputs, metric }));
  } catch (error) {
    if (MechanistError.is(error, 'unsupported')) return [];
    throw error;
  }
  const heads: HeadContribution[] = [];
  for (const [hook, value] of contributions) {
    const layer = /^blocks\.(\d+)\.attn\.hook_result$/.exec(hook)?.[1];
    if (layer === undefined) continue;
    const [, positions, count] = value.dims as [number, number, number];
    const last = Array.from(numbersOf(value)).slice((positions - 1) * count);
    heads.push(...last.map((contribution, head) => ({ layer: Number(layer), head, contribution })));
  }
  return heads.toSorted((a, b) => Math.abs(b.contribution) - Math.abs(a.contribution));
}

async function attentionFromLast(model: Model, runtime: Runtime, inputs: Inputs, { layer, head }: HeadContribution): Promise<number[]> {
  const hook = `blocks.${layer}.attn.hook_pattern`;
  const run = await runtime.run(prune(model.graph(), [hook]), model.feeds(inputs), model.parameters);
  const pattern = run.get(hook)!;
  const [, , queries, keys] = pattern.dims as [number, number, number, number];
  const start = (head * queries + queries - 1) * keys;
  return Array.from(numbersOf(pattern)).slice(start, start + keys);
}

function stageOf(hook: string): string {
  const layer = /^blocks\.(\d+)\.hook_resid_post$/.exec(hook)?.[1];
  return layer === undefined ? 'embed' : `layer ${layer}`;
}

function title(model: Model): string {
  const { config } = model;
  const sizes = config === undefined ? '' : `, ${config.nLayers} layers, ${config.nHeads} heads, width ${config.dModel}`;
  return `${model.id} (${model.family}${sizes})`;
}
