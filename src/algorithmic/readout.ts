/** The readout of a language model: what turns the last residual stream into logits (final norm, unembedding, soft cap). */
import { MechanistError } from '../engine/errors.ts';
import type { GraphBuilder } from '../engine/graph/builder.ts';
import { typeOf } from '../engine/graph/ir.ts';
import type { Graph } from '../engine/graph/ir.ts';
import { sliceDownstream } from '../engine/graph/slice.ts';
import type { Model } from '../engine/models/model.ts';

export interface Readout {
  /** Input: `stream`; output: the logits. */
  readonly graph: Graph;
  /** Name of the last residual stream, the graph's input [batch,pos,d]. */
  readonly stream: string;
}

/** Errors: `unsupported` when the model has no named residual stream, or its readout reads anything besides it. */
export function readoutOf(model: Model): Readout {
  const graph = model.graph();
  const stream = lastResidualStream(graph);
  const { graph: sliced, boundary } = sliceDownstream(graph, [stream], [model.output]);
  if (boundary.length > 0) {
    throw new MechanistError('unsupported', `The logits of this model read ${boundary.join(', ')} besides the residual stream, so a lens cannot be applied.`, { file: model.source });
  }
  return { graph: sliced, stream };
}

/** Appends a further copy of the readout that reads `input` instead of its stream; returns the copy's logits. */
export function appendReadout(b: GraphBuilder, { graph, stream }: Readout, input: string, logits: string): string {
  const renamed = new Map<string, string>([[stream, input]]);
  for (const node of graph.nodes) {
    const outputs = node.outputs.map((name) => (name === '' ? '' : b.fresh(`copy/${name}`)));
    b.append({ ...node, name: b.fresh(`copy/${node.name}`), inputs: node.inputs.map((name) => renamed.get(name) ?? name), outputs });
    node.outputs.forEach((name, i) => renamed.set(name, outputs[i]!));
  }
  return renamed.get(logits)!;
}

/** Name of the residual stream after the last block. Errors: `unsupported`. */
export function lastResidualStream(graph: Graph): string {
  const streams = residualStreams(graph);
  const last = streams.at(-1);
  if (last === undefined) throw new MechanistError('unsupported', 'This model has no residual stream under its standard name (blocks.{layer}.hook_resid_post).');
  return last;
}

/** The stream entering the first block and leaving each block, in order. */
export function residualStreams(graph: Graph): string[] {
  const streams: string[] = typeOf(graph, 'blocks.0.hook_resid_pre') === undefined ? [] : ['blocks.0.hook_resid_pre'];
  for (let layer = 0; typeOf(graph, `blocks.${layer}.hook_resid_post`) !== undefined; layer++) streams.push(`blocks.${layer}.hook_resid_post`);
  return streams;
}

/** Everything of the stream's width that a lens can read: embeddings, the stream at every stage, and what each attention and MLP writes. */
export function readableHooks(model: Model): string[] {
  const pattern = /^(hook_embed|blocks\.\d+\.hook_(resid_pre|attn_out|resid_mid|mlp_out|resid_post))$/;
  return model.hookPoints().map(({ name }) => name).filter((name) => pattern.test(name));
}
