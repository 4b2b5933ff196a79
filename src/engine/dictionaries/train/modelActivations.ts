/** Activations of a model over token contexts, as a source for training: run on demand, a few contexts at a time. */
import { MechanistError } from '../../errors.ts';
import { GraphBuilder } from '../../graph/builder.ts';
import { prune } from '../../graph/prune.ts';
import type { Graph } from '../../graph/ir.ts';
import type { Model } from '../../models/model.ts';
import { unknownHook } from '../../models/hookPattern.ts';
import { Random } from '../../random.ts';
import type { Runtime } from '../../runtime/runtime.ts';
import { elementCount } from '../../tensor.ts';
import type { Tensor } from '../../tensor.ts';
import type { ActivationSource } from './activationBuffer.ts';
import type { Batch } from './step.ts';

export interface ModelActivationOptions {
  readonly model: Model;
  readonly runtime: Runtime;
  /** Hook points read and written; one per layer for a cross-layer transcoder. Equal for an autoencoder. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** int64 [contexts, positions] */
  readonly contexts: Tensor<'int64'>;
  /** Contexts per run of the model. */
  readonly contextsPerRun: number;
  /** Leave out the first position of every context, whose activations are huge in many models. Default true. */
  readonly excludeFirst?: boolean;
  /** Contexts are visited in a new order every epoch, determined by this. */
  readonly seed: number;
}

/** Errors: `argument` for hook points the model lacks, or whose width is not known. */
export function modelActivations(options: ModelActivationOptions): ActivationSource {
  const { model, runtime, inputs, outputs, contexts, contextsPerRun, excludeFirst = true, seed } = options;
  const whole = model.graph();
  for (const hook of [...inputs, ...outputs]) {
    if (!model.hookPoints().some(({ name }) => name === hook)) throw unknownHook(hook, model.hookPoints().map(({ name }) => name));
  }
  const same = inputs.join() === outputs.join();
  const graph = prune(flattened(whole, [...new Set([...inputs, ...outputs])]), [...new Set([...inputs, ...outputs])].map(flatName));
  const [count, length] = contexts.dims as [number, number];
  const runsPerEpoch = Math.ceil(count / contextsPerRun);
  const skip = excludeFirst ? 1 : 0;
  if (count === 0 || length <= skip) throw new MechanistError('argument', 'The corpus has no contexts to run the model on.');
  let epochOrder: { epoch: number; order: number[] } | undefined;

  const shapeOf = (hooks: readonly string[]): number[] => {
    const d = widthOf(graph, hooks[0]!);
    return hooks.length === 1 ? [d] : [hooks.length, d];
  };
  return {
    xShape: shapeOf(inputs),
    yShape: shapeOf(outputs),
    async chunk(index): Promise<Batch> {
      const epoch = Math.floor(index / runsPerEpoch);
      if (epochOrder?.epoch !== epoch) epochOrder = { epoch, order: new Random(seed * 7919 + epoch).permutation(count) };
      const from = (index % runsPerEpoch) * contextsPerRun;
      const rows = epochOrder.order.slice(from, from + contextsPerRun);
      const ids = new BigInt64Array(rows.length * length);
      rows.forEach((row, i) => ids.set(contexts.data.subarray(row * length, (row + 1) * length), i * length));
      const feeds = model.feeds(new Map<string, Tensor>([['input_ids', { dtype: 'int64', dims: [rows.length, length], data: ids }]]));
      const results = await runtime.run(graph, feeds, model.parameters);
      const gather = (hooks: readonly string[]): Tensor<'float32'> => stacked(hooks.map((hook) => results.get(flatName(hook)) as Tensor<'float32'>), skip);
      const x = gather(inputs);
      return { x, y: same ? x : gather(outputs) };
    },
  };
}

const flatName = (hook: string): string => `flat/${hook}`;

/** Adds [b, p, d] forms of hook points, heads concatenated. */
function flattened(graph: Graph, hooks: readonly string[]): Graph {
  const b = new GraphBuilder(graph);
  for (const hook of hooks) {
    if (b.shapeOf(hook).length === 3) b.identity(hook, flatName(hook));
    else b.reshape(hook, [0, 0, -1], flatName(hook));
  }
  return b.build();
}

function widthOf(graph: Graph, hook: string): number {
  const width = graph.types.get(flatName(hook))?.shape?.at(-1);
  if (typeof width !== 'number') throw new MechanistError('argument', 'The width of this hook point is not known.', { field: `hook ${hook}` });
  return width;
}

/** [b, p, d] of each layer as rows [b·(p − skip), (layers,) d]. */
function stacked(layers: readonly Tensor<'float32'>[], skip: number): Tensor<'float32'> {
  const [rows, length, d] = layers[0]!.dims as [number, number, number];
  const kept = length - skip;
  const dims = layers.length === 1 ? [rows * kept, d] : [rows * kept, layers.length, d];
  const data = new Float32Array(elementCount(dims));
  let at = 0;
  for (let row = 0; row < rows; row++) {
    for (let position = skip; position < length; position++) {
      for (const { data: from } of layers) {
        data.set(from.subarray((row * length + position) * d, (row * length + position + 1) * d), at);
        at += d;
      }
    }
  }
  return { dtype: 'float32', dims, data };
}
