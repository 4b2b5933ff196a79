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
  return produced ? spliceAt(graph, name, replace) : rewire(graph, name, replace);
}

/**
 * Like `splice`, but `name` keeps denoting the original value; only its consumers read the replacement.
 * Errors: `argument` when the graph has no such tensor.
 */
export function rewire(graph: Graph, name: string, replace: (b: GraphBuilder, original: string) => string): Graph {
  const b0 = new GraphBuilder(graph);
  if (!b0.has(name)) throw unknown(name);
  const replaced = b0.fresh(`${name}~replaced`);
  const b = new GraphBuilder({ ...graph, nodes: graph.nodes.map((node) => renameReads(node, name, replaced)) });
  b.identity(replace(b, name), replaced);
  return b.build(graph.outputs.map((output) => (output === name ? replaced : output)));
}

function spliceAt(graph: Graph, name: string, replace: (b: GraphBuilder, original: string) => string): Graph {
  const original = new GraphBuilder(graph).fresh(`${name}~original`);
  const types = new Map(graph.types);
  const type = types.get(name);
  if (type !== undefined) types.set(original, type);
  types.delete(name);
  const b = new GraphBuilder({ ...graph, nodes: graph.nodes.map((node) => renameOutput(node, name, original)), types });
  b.identity(replace(b, original), name);
  return b.build(graph.outputs);
}

function unknown(name: string): MechanistError {
  return new MechanistError('argument', 'The graph has no tensor of this name.', { field: `tensor ${name}` });
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
