/** Inserting computation at a tensor: interventions, dictionaries, errors. */
import { MechanistError } from '../errors.ts';
import { GraphBuilder } from './builder.ts';
import { readsOf } from './ir.ts';
import type { Graph, Node } from './ir.ts';

/**
 * Replaces tensor `name` by `replace(builder, original)`.
 *
 * Afterwards `name` denotes the *replaced* value: consumers, graph outputs and captures of it all see the new
 * one, as a hook in TransformerLens does. The original value is renamed and passed to `replace`.
 * A fed tensor (input or parameter) keeps its name as the feed; there the consumers are rewired instead.
 * Errors: `argument` when the graph has no such tensor.
 */
export function splice(graph: Graph, name: string, replace: (b: GraphBuilder, original: string) => string): Graph {
  const produced = graph.nodes.some((node) => node.outputs.includes(name));
  const fed = graph.inputs.has(name) || graph.parameters.has(name) || graph.constants.has(name);
  if (!produced && !fed) throw new MechanistError('argument', 'The graph has no tensor of this name.', { field: `tensor ${name}` });

  const before = new GraphBuilder(graph);
  const original = produced ? before.fresh(`${name}~original`) : name;
  const replaced = produced ? name : before.fresh(`${name}~replaced`);
  const renamed = graph.nodes.map((node) => (produced ? renameOutput(node, name, original) : renameReads(node, name, replaced)));
  const types = new Map(graph.types);
  const type = types.get(name);
  if (produced && type !== undefined) types.set(original, type);
  types.delete(replaced);

  const b = new GraphBuilder({ ...graph, nodes: renamed, types });
  const result = replace(b, original);
  b.identity(result, replaced);
  return b.build(produced ? graph.outputs : graph.outputs.map((o) => (o === name ? replaced : o)));
}

function renameOutput(node: Node, from: string, to: string): Node {
  return node.outputs.includes(from) ? { ...node, outputs: node.outputs.map((o) => (o === from ? to : o)) } : node;
}

function renameReads(node: Node, from: string, to: string): Node {
  if (!readsOf(node).includes(from)) return node;
  if (!node.inputs.includes(from)) {
    throw new MechanistError('unsupported', 'A tensor captured by a sub-graph cannot be replaced; inline the sub-graph first.', { field: `tensor ${from}` });
  }
  return { ...node, inputs: node.inputs.map((i) => (i === from ? to : i)) };
}
