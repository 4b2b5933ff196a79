/** Structural checks on a decoded graph: every name is defined exactly once. */
import { MechanistError } from '../../errors.ts';
import type { Graph, Node } from '../ir.ts';

/**
 * Checks the graph and, recursively, the bodies of its nodes.
 * Errors: `parse` naming the node and tensor: defined twice, read but never defined, missing output.
 */
export function checkGraph(graph: Graph): void {
  check(graph, () => false);
}

function check(graph: Graph, isOuter: (name: string) => boolean): void {
  const defined = new Set<string>();
  const define = (name: string, field: string): void => {
    if (defined.has(name)) throw new MechanistError('parse', `The tensor "${name}" is defined twice.`, { field });
    defined.add(name);
  };
  for (const map of [graph.inputs, graph.parameters, graph.constants]) for (const name of map.keys()) define(name, `tensor ${name}`);
  for (const node of graph.nodes) for (const name of node.outputs) if (name !== '') define(name, fieldOf(node));
  const isVisible = (name: string): boolean => defined.has(name) || isOuter(name);
  for (const node of graph.nodes) {
    for (const name of node.inputs) {
      if (name !== '' && !isVisible(name)) throw new MechanistError('parse', `The node reads "${name}", which nothing defines.`, { field: fieldOf(node) });
    }
    for (const attribute of node.attributes.values()) if (attribute.type === 'graph') check(attribute.value, isVisible);
  }
  for (const name of graph.outputs) {
    if (!isVisible(name)) throw new MechanistError('parse', `Nothing computes the graph output "${name}".`, { field: `output ${name}` });
  }
}

function fieldOf(node: Node): string {
  return `node ${node.name} (${node.op})`;
}
