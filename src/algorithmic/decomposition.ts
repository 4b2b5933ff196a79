/**
 * The residual stream taken apart: as it grows layer by layer, as the sum of what every component wrote, or as the sum
 * over heads or neurons (TransformerLens `ActivationCache`: accumulated_resid, decompose_resid, stack_head_results,
 * stack_neuron_results). Parts are stacked with labels; those of a sum come with their remainder.
 */
import { GraphBuilder } from '../engine/graph/builder.ts';
import { typeOf } from '../engine/graph/ir.ts';
import type { Graph } from '../engine/graph/ir.ts';
import { prune } from '../engine/graph/prune.ts';
import type { Model } from '../engine/models/model.ts';
import type { Runtime } from '../engine/runtime/runtime.ts';
import type { Tensor } from '../engine/tensor.ts';
import { withHeadWrites } from './headWrites.ts';
import { lastResidualStream } from './readout.ts';

/** `accumulated`: the stream at every layer. `components`: embeddings, attention and MLP outputs. `heads`: head results and the remainder. */
export type Decomposition = 'accumulated' | 'components' | 'heads';

export interface DecomposeOptions {
  readonly inputs: ReadonlyMap<string, Tensor>;
  readonly kind: Decomposition;
  /** `accumulated`: also between attention and MLP. Default true. */
  readonly middles?: boolean;
}

export interface DecomposedStream {
  /** `0_pre`, `0_mid`, `final_post`; `embed`, `1_attn_out`; `L1H2`, `remainder`. */
  readonly labels: readonly string[];
  /** [parts, b, p, d]. */
  readonly parts: Tensor<'float32'>;
}

/** Errors: `unsupported` without a standard residual stream, or those of `withHeadWrites`. */
export async function decomposeStream(model: Model, runtime: Runtime, options: DecomposeOptions): Promise<DecomposedStream> {
  const graph = model.graph({ attnResult: options.kind === 'heads' });
  const last = lastResidualStream(graph);
  switch (options.kind) {
    case 'accumulated': return stacked(model, runtime, graph, options, accumulated(graph, last, options.middles ?? true));
    case 'components': return stacked(model, runtime, graph, options, components(graph));
    case 'heads': return heads(model, runtime, graph, options, last);
  }
}

interface Part {
  readonly label: string;
  readonly hook: string;
}

function accumulated(graph: Graph, last: string, middles: boolean): Part[] {
  const parts: Part[] = [];
  for (let layer = 0; typeOf(graph, `blocks.${layer}.hook_resid_pre`) !== undefined; layer++) {
    parts.push({ label: `${layer}_pre`, hook: `blocks.${layer}.hook_resid_pre` });
    const middle = `blocks.${layer}.hook_resid_mid`;
    if (middles && typeOf(graph, middle) !== undefined) parts.push({ label: `${layer}_mid`, hook: middle });
  }
  return [...parts, { label: 'final_post', hook: last }];
}

function components(graph: Graph): Part[] {
  const parts: Part[] = [{ label: 'embed', hook: 'hook_embed' }, { label: 'pos_embed', hook: 'hook_pos_embed' }];
  for (let layer = 0; typeOf(graph, `blocks.${layer}.hook_attn_out`) !== undefined; layer++) {
    parts.push({ label: `${layer}_attn_out`, hook: `blocks.${layer}.hook_attn_out` }, { label: `${layer}_mlp_out`, hook: `blocks.${layer}.hook_mlp_out` });
  }
  return parts.filter(({ hook }) => typeOf(graph, hook) !== undefined);
}

async function stacked(model: Model, runtime: Runtime, graph: Graph, { inputs }: DecomposeOptions, parts: readonly Part[]): Promise<DecomposedStream> {
  const run = await runtime.run(prune(graph, parts.map(({ hook }) => hook)), model.feeds(inputs), model.parameters);
  return { labels: parts.map(({ label }) => label), parts: stack(parts.map(({ hook }) => run.get(hook)!)) };
}

async function heads(model: Model, runtime: Runtime, graph: Graph, { inputs }: DecomposeOptions, last: string): Promise<DecomposedStream> {
  const { graph: split, hook: writes } = withHeadWrites(graph, model.source);
  const b = new GraphBuilder({ ...split, outputs: [] });
  const labels: string[] = [];
  const perLayer: string[] = [];
  for (let layer = 0; b.typeOf(`blocks.${layer}.attn.hook_result`) !== undefined; layer++) {
    const result = writes(layer);
    const count = b.shapeOf(result)[2] as number;
    labels.push(...Array.from({ length: count }, (_, head) => `L${layer}H${head}`));
    perLayer.push(b.transpose(result, [2, 0, 1, 3]));
  }
  const results = b.concat(perLayer, 0);
  const remainder = b.sub(last, b.reduceSum(results, [0], false));
  const parts = b.concat([results, b.unsqueeze(remainder, [0])], 0, 'decomposition/parts');
  const run = await runtime.run(b.build([parts]), model.feeds(inputs), model.parameters);
  return { labels: [...labels, 'remainder'], parts: run.get(parts) as Tensor<'float32'> };
}

function stack(values: readonly Tensor[]): Tensor<'float32'> {
  const [first] = values;
  const size = first!.data.length;
  const data = new Float32Array(values.length * size);
  values.forEach((value, i) => data.set(value.data as Float32Array, i * size));
  return { dtype: 'float32', dims: [values.length, ...first!.dims], data };
}
