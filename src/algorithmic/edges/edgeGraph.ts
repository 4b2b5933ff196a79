/**
 * The graph of components that circuit discovery works on (algorithms reference §7): senders write to the residual
 * stream, receivers read from it, and an edge leads from every sender to every receiver that comes after it.
 *
 * Node names and their order are those of EAP-IG: `input`, `a{layer}.h{head}`, `m{layer}`, `logits`; edges
 * `a0.h1->m0`, `m0->a1.h2<q>`.
 */
import { MechanistError } from '../../engine/errors.ts';
import { typeOf } from '../../engine/graph/ir.ts';
import type { Graph } from '../../engine/graph/ir.ts';
import type { Model } from '../../engine/models/model.ts';
import { withHeadWrites } from '../headWrites.ts';
import type { HeadWrites } from '../headWrites.ts';

const known = new WeakMap<Model, HeadWrites>();

/** The model's graph in which inputs and writes of every head are tensors of their own. Errors: those of `withHeadWrites`. */
export function edgeModelGraph(model: Model): Graph {
  return writesOf(model).graph;
}

function writesOf(model: Model): HeadWrites {
  let found = known.get(model);
  if (found === undefined) known.set(model, (found = withHeadWrites(model.graph({ splitQkvInput: true, attnResult: true, ungroupKeyValue: true }), model.source)));
  return found;
}

export interface EdgeNode {
  readonly name: string;
  /** Hook point that holds the value: what a sender writes, or the stream a receiver reads. */
  readonly hook: string;
  /** Position along the hook's head axis; undefined when it has none. */
  readonly head: number | undefined;
  /** A sender precedes a receiver when its stage is lower. */
  readonly stage: number;
}

export interface EdgeGraph {
  readonly senders: readonly EdgeNode[];
  readonly receivers: readonly EdgeNode[];
  /** Hook of the stream that enters the first block, the sender `input`. */
  readonly inputHook: string;
  /** Whether edge (sender, receiver) exists, row-major [senders, receivers]. */
  readonly exists: Uint8Array;
}

/**
 * The edge graph of a decoder. Grouped keys and values are taken apart, so that every head has k and v edges of its own, as in EAP-IG.
 * Errors: `unsupported` for a model without known blocks or whose stream is normalised itself; those of `withHeadWrites`.
 */
export function edgeGraphOf(model: Model): EdgeGraph {
  const { config } = model;
  if (config === undefined) throw new MechanistError('unsupported', 'Edges need a decoder with known blocks.', { file: model.source });
  const { graph, hook: writes } = writesOf(model);
  const inputHook = 'blocks.0.hook_resid_pre';
  if (typeOf(graph, inputHook) === undefined) throw new MechanistError('unsupported', 'Edges need a decoder with known blocks.', { file: model.source });
  if (typeOf(graph, 'blocks.0.hook_normalized_resid_post') !== undefined) {
    throw new MechanistError('unsupported', 'Blocks that normalise the stream itself do not split into edges: nothing is only added to it.', { file: model.source });
  }
  const { nLayers, nHeads, parallelAttnMlp } = config;
  const senders: EdgeNode[] = [{ name: 'input', hook: inputHook, head: undefined, stage: 0 }];
  const receivers: EdgeNode[] = [];
  for (let layer = 0; layer < nLayers; layer++) {
    const block = `blocks.${layer}`;
    const attention = 2 * layer + 1;
    const mlp = parallelAttnMlp ? attention : attention + 1;
    for (let head = 0; head < nHeads; head++) senders.push({ name: `a${layer}.h${head}`, hook: writes(layer), head, stage: attention });
    senders.push({ name: `m${layer}`, hook: `${block}.hook_mlp_out`, head: undefined, stage: mlp });
    for (const letter of ['q', 'k', 'v']) {
      for (let head = 0; head < nHeads; head++) receivers.push({ name: `a${layer}.h${head}<${letter}>`, hook: `${block}.hook_${letter}_input`, head, stage: attention });
    }
    receivers.push({ name: `m${layer}`, hook: `${block}.hook_mlp_in`, head: undefined, stage: mlp });
  }
  receivers.push({ name: 'logits', hook: `blocks.${nLayers - 1}.hook_resid_post`, head: undefined, stage: Infinity });
  const exists = new Uint8Array(senders.length * receivers.length);
  senders.forEach((sender, s) => receivers.forEach((receiver, r) => (exists[s * receivers.length + r] = sender.stage < receiver.stage ? 1 : 0)));
  return { senders, receivers, inputHook, exists };
}

/** `sender->receiver`, as EAP-IG writes it. */
export function edgeName(edges: EdgeGraph, index: number): string {
  const width = edges.receivers.length;
  return `${edges.senders[Math.floor(index / width)]!.name}->${edges.receivers[index % width]!.name}`;
}

/** Distinct hooks of some nodes, in order. */
export function hooksOf(nodes: readonly EdgeNode[]): string[] {
  return [...new Set(nodes.map(({ hook }) => hook))];
}
