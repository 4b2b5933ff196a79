/** Slicing: the part of a graph that depends on given tensors, with everything else read from outside. */
import { MechanistError } from '../errors.ts';
import { producers, readsOf, typeOf } from './ir.ts';
import type { Graph, Node, ValueType } from './ir.ts';
import { prune } from './prune.ts';

export interface SlicedGraph {
  /** Inputs are the cut tensors and the boundary. */
  readonly graph: Graph;
  /** Tensors from upstream that the slice reads besides the cut: to be captured once and fed. */
  readonly boundary: readonly string[];
}

/**
 * The nodes between `cut` and `outputs`: those that depend on a cut tensor and are needed for an output.
 * The cut tensors become inputs, and so do the upstream tensors that the kept nodes read (the boundary).
 * Nodes that depend on nothing but constants and parameters stay inside.
 * Errors: `argument` for an unknown tensor or one of unknown type.
 */
export function sliceDownstream(graph: Graph, cut: readonly string[], outputs: readonly string[]): SlicedGraph {
  const pruned = prune(graph, [...outputs, ...cut]);
  const dependent = new Set<string>(cut);
  const fed = new Set<string>(pruned.inputs.keys());
  for (const node of pruned.nodes) {
    const reads = readsOf(node);
    if (reads.some((name) => dependent.has(name))) for (const output of node.outputs) dependent.add(output);
    if (reads.some((name) => fed.has(name))) for (const output of node.outputs) fed.add(output);
  }

  const producer = producers(pruned);
  const kept = new Set<Node>();
  const boundary = new Set<string>();
  const visited = new Set<string>();
  const stack = [...outputs];
  while (stack.length > 0) {
    const name = stack.pop()!;
    if (visited.has(name) || cut.includes(name)) continue;
    visited.add(name);
    if (fed.has(name) && !dependent.has(name)) {
      boundary.add(name);
      continue;
    }
    const node = producer.get(name);
    if (node === undefined || kept.has(node)) continue;
    kept.add(node);
    stack.push(...readsOf(node));
  }

  const inputs = new Map<string, ValueType>();
  for (const name of [...cut, ...boundary]) {
    const type = typeOf(pruned, name);
    if (type === undefined) throw new MechanistError('argument', 'The type of this tensor is not known.', { field: `tensor ${name}` });
    inputs.set(name, type);
  }
  const nodes = pruned.nodes.filter((node) => kept.has(node)).map((node) => withoutOutputs(node, cut));
  const sliced: Graph = { ...pruned, inputs, nodes, outputs: [...outputs] };
  return { graph: prune(sliced, outputs), boundary: [...boundary] };
}

/** A node that also produces a cut tensor must not define it again. */
function withoutOutputs(node: Node, names: readonly string[]): Node {
  return node.outputs.some((output) => names.includes(output)) ? { ...node, outputs: node.outputs.map((o) => (names.includes(o) ? '' : o)) } : node;
}
