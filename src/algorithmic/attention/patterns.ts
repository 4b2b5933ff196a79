/**
 * Attention patterns, plain or weighted by the size of what is moved: A[q,k] · ‖v_k W_O‖, each row scaled to sum 1
 * (Kobayashi et al. 2020). A position with a large weight but a small value moves little.
 */
import { throwIfCancelled } from '../../engine/errors.ts';
import { GraphBuilder } from '../../engine/graph/builder.ts';
import type { Graph } from '../../engine/graph/ir.ts';
import type { Model } from '../../engine/models/model.ts';
import type { Runtime } from '../../engine/runtime/runtime.ts';
import type { Tensor } from '../../engine/tensor.ts';
import { unknownHook } from '../../engine/models/hookPattern.ts';

export type Weighting = 'pattern' | 'value-weighted';

export interface PatternOptions {
  readonly inputs: ReadonlyMap<string, Tensor>;
  /** Default: all layers. */
  readonly layers?: readonly number[];
  readonly weighting?: Weighting;
  readonly signal?: AbortSignal;
}

/** One tensor [b,h,q,k] per layer asked for. Errors: `argument` for a layer the model does not have, `unsupported` for weights not known by name. */
export async function attentionPatterns(model: Model, runtime: Runtime, options: PatternOptions): Promise<Tensor<'float32'>[]> {
  const weighted = options.weighting === 'value-weighted';
  const graph = model.graph();
  const all = Array.from({ length: model.config?.nLayers ?? 0 }, (_, layer) => layer);
  const layers = options.layers ?? all;
  for (const layer of layers) {
    const hook = `blocks.${layer}.attn.hook_pattern`;
    if (graph.types.get(hook) === undefined) throw unknownHook(hook, graph.types.keys());
  }
  throwIfCancelled(options.signal);
  const run = await runtime.run(patternGraph(graph, model, layers, weighted), model.feeds(options.inputs), model.parameters);
  return layers.map((layer) => run.get(outputName(layer)) as Tensor<'float32'>);
}

const outputName = (layer: number): string => `patterns/${layer}`;

function patternGraph(graph: Graph, model: Model, layers: readonly number[], weighted: boolean): Graph {
  const b = new GraphBuilder({ ...graph, outputs: [] });
  for (const layer of layers) {
    const pattern = `blocks.${layer}.attn.hook_pattern`;
    b.output(weighted ? valueWeighted(b, model, layer, pattern) : b.identity(pattern, outputName(layer)));
  }
  return b.build();
}

function valueWeighted(b: GraphBuilder, model: Model, layer: number, pattern: string): string {
  const { nHeads, nKeyValueHeads, dHead, dModel } = model.config!;
  const values = `blocks.${layer}.attn.hook_v`;
  const grouped = b.shapeOf(values)[2] === nKeyValueHeads && nHeads !== nKeyValueHeads;
  const perHead = grouped
    ? b.reshape(b.node('Expand', [b.unsqueeze(values, [3]), b.vector([1, 1, 1, nHeads / nKeyValueHeads, 1])]), [0, 0, nHeads, dHead])
    : values;
  const projection = b.reshape(b.parameter(`blocks.${layer}.attn.W_O`, 'float32', [nHeads * dHead, dModel]), [nHeads, dHead, dModel]);
  const moved = b.matmul(b.transpose(perHead, [0, 2, 1, 3]), projection);
  const norms = b.unary('Sqrt', b.reduceSum(b.mul(moved, moved), [-1], false));
  const product = b.mul(pattern, b.unsqueeze(norms, [2]));
  return b.div(product, b.add(b.reduceSum(product, [-1], true), b.scalar(1e-12)), outputName(layer));
}
