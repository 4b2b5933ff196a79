/** Keeps only what the wanted outputs need. onnxruntime executes a whole graph whatever is fetched, so programs are pruned first. */
import { MechanistError } from '../errors.ts';
import { producers, readsOf } from './ir.ts';
import type { Graph, Node } from './ir.ts';

/**
 * The sub-graph that computes `outputs`. Inputs and parameters that nothing reads any more are dropped.
 * Errors: `argument` naming an output the graph does not have.
 */
export function prune(graph: Graph, outputs: readonly string[]): Graph {
  const producer = producers(graph);
  const needed = new Set<string>();
  const kept = new Set<Node>();
  const stack = [...outputs];
  while (stack.length > 0) {
    const name = stack.pop()!;
    if (needed.has(name)) continue;
    needed.add(name);
    const node = producer.get(name);
    if (node !== undefined) {
      if (!kept.has(node)) {
        kept.add(node);
        stack.push(...readsOf(node));
      }
    } else if (!graph.inputs.has(name) && !graph.parameters.has(name) && !graph.constants.has(name)) {
      throw new MechanistError('argument', 'The graph has no tensor of this name.', { field: `tensor ${name}` });
    }
  }
  const nodes = graph.nodes.filter((node) => kept.has(node));
  const produced = new Set(nodes.flatMap((node) => node.outputs));
  const keep = <T>(map: ReadonlyMap<string, T>, names: ReadonlySet<string>): Map<string, T> => new Map([...map].filter(([name]) => names.has(name)));
  return {
    inputs: keep(graph.inputs, needed),
    parameters: keep(graph.parameters, needed),
    constants: keep(graph.constants, needed),
    nodes,
    outputs: [...outputs],
    types: keep(graph.types, produced),
  };
}
