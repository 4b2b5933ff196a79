/**
 * Logit lens: the readout applied to the residual stream at each layer (nostalgebraist 2020; algorithms reference §2).
 * The final norm is recomputed on every layer's stream; it is not the cached final scale.
 */
import { MechanistError, throwIfCancelled } from '../engine/errors.ts';
import { GraphBuilder } from '../engine/graph/builder.ts';
import { int } from '../engine/graph/ir.ts';
import type { Graph } from '../engine/graph/ir.ts';
import { prune } from '../engine/graph/prune.ts';
import { unknownHook } from '../engine/models/hookPattern.ts';
import type { Model } from '../engine/models/model.ts';
import type { Runtime } from '../engine/runtime/runtime.ts';
import type { Tensor } from '../engine/tensor.ts';
import { appendReadout, readoutOf, residualStreams } from './readout.ts';
import type { Readout } from './readout.ts';
import { appendTranslator, translatorFeeds } from './tunedLens/tunedLens.ts';
import type { TunedLens } from './tunedLens/tunedLens.ts';

export interface LensOptions {
  readonly inputs: ReadonlyMap<string, Tensor>;
  /** Streams to read, [b,p,d] each. Default: entering the first block and leaving each block. */
  readonly hooks?: readonly string[];
  /** Tokens shown per position. Default 5. */
  readonly topK?: number;
  /** Token id per row and position whose probability and rank are reported, int64 [b,p]. */
  readonly targets?: Tensor;
  /** Read only the last position: results, and `targets`, have p = 1. */
  readonly lastPosition?: boolean;
  /** Translators that are applied before the readout, for the hooks that have one. */
  readonly tuned?: TunedLens;
  readonly signal?: AbortSignal;
}

export interface LensLayer {
  readonly hook: string;
  /** int64 [b,p,k], most probable first. */
  readonly topIds: Tensor;
  /** [b,p,k]. */
  readonly topProbabilities: Tensor;
  /** Entropy of the layer's prediction in nats, [b,p]. */
  readonly entropy: Tensor;
  /** KL(final ‖ layer) in nats, [b,p]. */
  readonly klToOutput: Tensor;
  /** With targets: probability [b,p], and rank (1 is the top) int64 [b,p]. */
  readonly targetProbability?: Tensor;
  readonly targetRank?: Tensor;
}

/** Errors: `unsupported` when the model has no residual stream; `argument` for an unknown hook; `cancelled`. */
export async function logitLens(model: Model, runtime: Runtime, options: LensOptions): Promise<LensLayer[]> {
  const hooks = options.hooks ?? residualStreams(model.graph());
  const readout = readoutOf(model);
  requireStreams(model, hooks, readout.stream);
  const captured = await runtime.run(prune(model.graph(), [...new Set([...hooks, readout.stream])]), model.feeds(options.inputs), model.parameters);
  const streamAt = (name: string): Tensor => (options.lastPosition === true ? lastPositionOf(captured.get(name)!) : captured.get(name)!);
  const parts = { topK: options.topK ?? 5, targets: options.targets !== undefined };
  const plain = lensGraph(readout, model.output, { ...parts, translated: false });
  const translated = lensGraph(readout, model.output, { ...parts, translated: true });
  const layers: LensLayer[] = [];
  for (const hook of hooks) {
    throwIfCancelled(options.signal);
    const feeds = new Map<string, Tensor>([[layerStream, streamAt(hook)], [finalStream, streamAt(readout.stream)]]);
    if (options.targets !== undefined) feeds.set('lens/targets', options.targets);
    const translator = options.tuned?.translators.get(hook);
    for (const [name, value] of translator === undefined ? [] : translatorFeeds(translator)) feeds.set(name, value);
    const run = await runtime.run(translator === undefined ? plain : translated, feeds, model.parameters);
    layers.push({
      hook,
      topIds: run.get('lens/top_ids')!,
      topProbabilities: run.get('lens/top_probabilities')!,
      entropy: run.get('lens/entropy')!,
      klToOutput: run.get('lens/kl')!,
      ...(options.targets === undefined ? {} : { targetProbability: run.get('lens/target_probability')!, targetRank: run.get('lens/target_rank')! }),
    });
  }
  return layers;
}

/** Errors: `argument` for a hook that is unknown or not of the stream's width. */
function requireStreams(model: Model, hooks: readonly string[], stream: string): void {
  const { types } = model.graph();
  const width = types.get(stream)?.shape?.at(-1);
  for (const hook of hooks) {
    const shape = types.get(hook)?.shape;
    if (shape === undefined) throw unknownHook(hook, types.keys());
    if (shape.length === 3 && shape[2] === width) continue;
    throw new MechanistError('argument', `A lens reads [batch, pos, ${String(width)}]; this hook point is [${shape.join(', ')}].`, { field: `hook ${hook}`, hint: 'Take a residual stream, or what attention or an MLP adds to it (hook_attn_out, hook_mlp_out).' });
  }
}

/** [b,p,d] → [b,1,d]. */
function lastPositionOf({ dtype, dims, data }: Tensor): Tensor {
  const [rows, positions, width] = dims as [number, number, number];
  const last = new Float32Array(rows * width);
  for (let row = 0; row < rows; row++) last.set((data as Float32Array).subarray(((row + 1) * positions - 1) * width, (row + 1) * positions * width), row * width);
  return { dtype, dims: [rows, 1, width], data: last };
}

const layerStream = 'lens/stream';
const finalStream = 'lens/final_stream';

interface LensParts {
  readonly topK: number;
  readonly targets: boolean;
  readonly translated: boolean;
}

/** The readout of a layer's stream and of the final one, reduced to what is shown. */
function lensGraph(readout: Readout, output: string, { topK, targets, translated }: LensParts): Graph {
  const b = new GraphBuilder({ ...readout.graph, nodes: [], inputs: new Map(), outputs: [] });
  const { dtype, shape } = readout.graph.inputs.get(readout.stream)!;
  const stream = b.input(layerStream, dtype, shape!);
  const logits = appendReadout(b, readout, translated ? appendTranslator(b, stream) : stream, output);
  const logProbabilities = b.node('LogSoftmax', [logits], { attributes: { axis: int(-1) } });
  const probabilities = b.unary('Exp', logProbabilities);
  const finalLogits = appendReadout(b, readout, b.input(finalStream, dtype, shape!), output);
  const finalLogProbabilities = b.node('LogSoftmax', [finalLogits], { attributes: { axis: int(-1) } });
  const finalProbabilities = b.unary('Exp', finalLogProbabilities);
  b.unary('Neg', b.reduceSum(b.mul(probabilities, logProbabilities), [-1], false), 'lens/entropy');
  b.reduceSum(b.mul(finalProbabilities, b.sub(finalLogProbabilities, logProbabilities)), [-1], false, 'lens/kl');
  const width = b.shapeOf(logits).at(-1);
  b.nodeMany('TopK', [probabilities, b.vector([typeof width === 'number' ? Math.min(topK, width) : topK])], { outputs: ['lens/top_probabilities', 'lens/top_ids'], attributes: { axis: int(-1) } });
  b.output('lens/top_ids', 'lens/top_probabilities', 'lens/entropy', 'lens/kl');
  if (targets) {
    b.input('lens/targets', 'int64', ['batch', 'pos']);
    const at = b.node('GatherElements', [logits, b.unsqueeze('lens/targets', [2])], { attributes: { axis: int(-1) } });
    b.squeeze(b.node('GatherElements', [probabilities, b.unsqueeze('lens/targets', [2])], { attributes: { axis: int(-1) } }), [2], 'lens/target_probability');
    const above = b.reduceSum(b.cast(b.node('Greater', [logits, at]), 'int64'), [-1], false);
    b.add(above, b.scalar(1, 'int64'), 'lens/target_rank');
    b.output('lens/target_probability', 'lens/target_rank');
  }
  return b.build();
}
