/**
 * Builds the attribution graph of a prompt (Ameisen et al. 2025; circuit-tracer; algorithms reference §12): direct
 * effects between active features, reconstruction errors, tokens and logits in the local replacement model.
 */
import { MechanistError, throwIfCancelled } from '../../engine/errors.ts';
import type { Model } from '../../engine/models/model.ts';
import type { Runtime } from '../../engine/runtime/runtime.ts';
import { numbersOf } from '../../engine/tensor.ts';
import type { Tensor } from '../../engine/tensor.ts';
import { assembleGraph } from './assemble.ts';
import { DirectEffects } from './directEffects.ts';
import type { Target } from './directEffects.ts';
import { featureLayers } from './featureLayers.ts';
import type { FeatureLayer, Transcoders } from './featureLayers.ts';
import { EffectRows } from './effectRows.ts';
import type { AttributionGraph } from './graph.ts';
import { activeFeatures, errorVectors, runPrompt } from './promptRun.ts';
import type { ActiveFeatures, PromptRun } from './promptRun.ts';
import { logitVectors, logitsOf, unembeddingOf } from './readoutWeights.ts';
import type { Unembedding } from './readoutWeights.ts';
import { replacementGraph } from './replacementGraph.ts';
import { columnsOf, sourceBlocks } from './sources.ts';
import type { Columns } from './sources.ts';
import { logitTargets } from './targets.ts';
import type { LogitTarget, TargetChoice } from './targets.ts';

export interface BuildOptions {
  /** `input_ids` [1,pos] and what else the model takes. */
  readonly inputs: ReadonlyMap<string, Tensor>;
  readonly target?: TargetChoice;
  /** Features that become nodes; the most influential are taken. Default: all that are active. */
  readonly maxFeatures?: number;
  /** Features chosen by one estimate of influence, when not all are taken. Default 2048, as circuit-tracer's 4 batches of 512. */
  readonly featuresPerRound?: number;
  /** Positions from the first on at which features and errors are left out: what stands there is a special token. Default 1. */
  readonly ignoredPositions?: number;
  readonly rowsPerRun?: number;
  /** Edges, those to features that are not taken included, which are held while the graph is built, 8 bytes each. Default 250 million. */
  readonly maxEdges?: number;
  readonly signal?: AbortSignal;
  /** Rows finished and in all. */
  readonly onProgress?: (done: number, total: number) => void;
  /** How tokens are shown. Default: their ids. */
  readonly textOf?: (id: number) => string;
  readonly prompt?: string;
}

/** A graph together with what it was built from. */
export interface BuiltGraph {
  readonly graph: AttributionGraph;
  /** All active features, in circuit-tracer's order. */
  readonly active: ActiveFeatures;
  /** Those that are nodes: indices into `active`, ascending. */
  readonly selected: Uint32Array;
  readonly targets: readonly LogitTarget[];
  readonly layers: readonly FeatureLayer[];
  readonly unembedding: Unembedding;
  /** Values of the prompt's run: inputs and outputs of the transcoders, embeddings, patterns, scales. */
  readonly run: PromptRun;
  readonly errors: readonly Float32Array[];
  /** Name of the token embeddings. */
  readonly embedding: string;
  /** Logits of the last position. */
  readonly logits: Float32Array;
}

/**
 * Errors: `argument` for more than one prompt, one that is too long, or transcoders that do not fit; `unsupported` when
 * the model cannot be made linear; `runtime` for values that are not finite; `memory`; `cancelled`.
 */
export async function buildGraph(model: Model, runtime: Runtime, transcoders: Transcoders, options: BuildOptions): Promise<BuiltGraph> {
  const ids = promptIds(options.inputs, model);
  const ignored = options.ignoredPositions ?? 1;
  const layers = featureLayers(model, transcoders);
  const unembedding = unembeddingOf(model);
  const replacement = replacementGraph(model, layers);
  const captured = await runPrompt(model, runtime, options.inputs, [...layers.flatMap(({ input, output }) => [input, output]), replacement.slots.at(-1)!, unembedding.input, ...heldTensors(replacement.stop, model)]);
  throwIfCancelled(options.signal);

  const active = await activeFeatures(layers, captured, runtime, ignored, options.signal);
  const errors = errorVectors(layers, captured, active, ignored);
  const columns = columnsOf(active, layers.length, ids.length);
  const blocks = sourceBlocks(layers, active, errors, captured.get(replacement.slots.at(-1)!)!);
  const readers = new Map(layers.map(({ input, layer }) => [input, [...layers.keys()].slice(0, layer).concat(layers.length)]));
  readers.set(unembedding.input, [...layers.keys(), layers.length]);
  const effects = new DirectEffects(replacement, runtime, blocks, columns, readers);
  const run = await completed(captured, effects.boundary, model, runtime, options.inputs);
  effects.use(run);

  const last = (run.get(unembedding.input)!.data as Float32Array).subarray((ids.length - 1) * unembedding.width);
  const logits = await logitsOf(model, runtime, unembedding, last);
  const targets = logitTargets(logits, options.target ?? { kind: 'top' });
  const rows = await allRows(model, runtime, { effects, columns, active, layers, unembedding, targets, positions: ids.length }, options);
  const graph = assembleGraph({ rows, columns, active, targets, ids, textOf: options.textOf ?? String, prompt: options.prompt ?? '' });
  return { graph, active, selected: rows.selected(), targets, layers, unembedding, run, errors, embedding: replacement.slots.at(-1)!, logits };
}

interface Work {
  readonly effects: DirectEffects;
  readonly columns: Columns;
  readonly active: ActiveFeatures;
  readonly layers: readonly FeatureLayer[];
  readonly unembedding: Unembedding;
  readonly targets: readonly LogitTarget[];
  readonly positions: number;
}

/** Rows of the logits, then of features in rounds: those that matter most by the rows known so far. */
async function allRows(model: Model, runtime: Runtime, work: Work, options: BuildOptions): Promise<EffectRows> {
  const { effects, columns, active, layers, unembedding, targets, positions } = work;
  const wanted = Math.min(options.maxFeatures ?? Infinity, columns.features);
  const rows = new EffectRows(columns, active.layer, targets.map(({ probability }) => probability), options.maxEdges ?? 250_000_000);
  const total = wanted + targets.length;
  let done = 0;
  const run = { ...(options.rowsPerRun === undefined ? {} : { rowsPerRun: options.rowsPerRun }), ...(options.signal === undefined ? {} : { signal: options.signal }) };
  const finished = (): void => options.onProgress?.(++done, total);

  const vectors = await logitVectors(model, runtime, unembedding, targets.map(({ weights }) => weights));
  const logitRows = targets.map((_, i): Target => ({ position: positions - 1, vector: vectors.subarray(i * unembedding.width, (i + 1) * unembedding.width) }));
  await effects.rows(unembedding.input, logitRows, (target, row) => {
    rows.addLogit(target, row);
    finished();
  }, run);
  while (rows.features < wanted) {
    const chosen = rows.nextFeatures(wanted === columns.features ? wanted : Math.min(options.featuresPerRound ?? 2048, wanted - rows.features));
    for (const { input, layer, dIn, writeEncoder } of layers) {
      const ofLayer = chosen.filter((feature) => active.layer[feature] === layer);
      const featureRows = ofLayer.map((feature): Target => {
        const vector = new Float32Array(dIn);
        writeEncoder(active.feature[feature]!, vector, 0);
        return { position: active.position[feature]!, vector };
      });
      await effects.rows(input, featureRows, (target, row) => {
        rows.addFeature(ofLayer[target]!, row);
        finished();
      }, run);
    }
  }
  return rows;
}

function promptIds(inputs: ReadonlyMap<string, Tensor>, { config }: Model): number[] {
  const ids = inputs.get('input_ids');
  if (ids === undefined) throw new MechanistError('argument', 'The prompt has no input_ids.', { field: 'input input_ids' });
  if (ids.dims.length !== 2 || ids.dims[0] !== 1) {
    throw new MechanistError('argument', `An attribution graph is of one prompt; input_ids has shape [${ids.dims.join(', ')}].`, { field: 'input input_ids', hint: 'Give [1, pos].' });
  }
  if (ids.dims[1]! < 2) throw new MechanistError('argument', 'The prompt needs at least two tokens: features at the first are left out.', { field: 'input input_ids' });
  if (config !== undefined && ids.dims[1]! > config.nCtx) {
    throw new MechanistError('argument', `${ids.dims[1]} tokens are more than the ${config.nCtx} of the model's context.`, { field: 'input input_ids', hint: 'Shorten the prompt.' });
  }
  const mask = inputs.get('attention_mask');
  if (mask !== undefined && Array.from(numbersOf(mask)).some((value) => value !== 1)) throw new MechanistError('argument', 'The prompt of an attribution graph has no padding.', { field: 'input attention_mask' });
  return Array.from(numbersOf(ids));
}

/** Patterns and scales: what backward passes read as a rule, taken from the same run. */
function heldTensors(stop: ReadonlySet<string>, model: Model): string[] {
  const { types } = model.graph();
  return [...stop].filter((name) => types.has(name));
}

/** Adds what else the backward passes read. */
async function completed(run: PromptRun, boundary: readonly string[], model: Model, runtime: Runtime, inputs: ReadonlyMap<string, Tensor>): Promise<PromptRun> {
  const more = boundary.filter((name) => !run.has(name));
  return more.length === 0 ? run : new Map([...run, ...(await runPrompt(model, runtime, inputs, more))]);
}
