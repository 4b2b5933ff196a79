/** Renaming tensors throughout a graph, including inside the bodies of `If` and `Loop`. */
import { MechanistError } from '../errors.ts';
import { tensorNames } from './ir.ts';
import type { Attribute, Graph, Node } from './ir.ts';

/**
 * The same graph under new names. Names not in the map stay. Bodies see the renamed outer tensors unless they define
 * the name themselves. Errors: `argument` when a new name is taken already.
 */
export function renameTensors(graph: Graph, names: ReadonlyMap<string, string>): Graph {
  if (names.size === 0) return graph;
  const taken = new Set<string>();
  for (const old of tensorNames(graph)) {
    const name = names.get(old) ?? old;
    if (taken.has(name)) throw new MechanistError('argument', 'Two tensors would have this name.', { field: `tensor ${name}` });
    taken.add(name);
  }
  const to = (name: string): string => names.get(name) ?? name;
  const keys = <T>(map: ReadonlyMap<string, T>): Map<string, T> => new Map(Array.from(map, ([name, value]) => [to(name), value]));
  return {
    inputs: keys(graph.inputs),
    parameters: keys(graph.parameters),
    constants: keys(graph.constants),
    nodes: graph.nodes.map((node) => renameNode(node, to, names)),
    outputs: graph.outputs.map(to),
    types: keys(graph.types),
  };
}

/** Renames what `graph` reads from outside, without touching its own definitions. */
export function renameReads(graph: Graph, names: ReadonlyMap<string, string>): Graph {
  if (names.size === 0) return graph;
  const own = new Set(tensorNames(graph));
  const outer = new Map([...names].filter(([name]) => !own.has(name)));
  return {
    ...graph,
    nodes: graph.nodes.map((node) => renameNodeReads(node, outer)),
    outputs: graph.outputs.map((name) => outer.get(name) ?? name),
  };
}

/** The node reading other tensors, also in its bodies. Its outputs keep their names. */
export function renameNodeReads(node: Node, names: ReadonlyMap<string, string>): Node {
  if (names.size === 0) return node;
  return { ...node, inputs: node.inputs.map((name) => names.get(name) ?? name), attributes: renameInBodies(node, names) };
}

function renameNode(node: Node, to: (name: string) => string, names: ReadonlyMap<string, string>): Node {
  return { ...node, inputs: node.inputs.map(to), outputs: node.outputs.map(to), attributes: renameInBodies(node, names) };
}

function renameInBodies(node: Node, names: ReadonlyMap<string, string>): ReadonlyMap<string, Attribute> {
  if (![...node.attributes.values()].some((a) => a.type === 'graph')) return node.attributes;
  return new Map(Array.from(node.attributes, ([key, a]): [string, Attribute] => [key, a.type === 'graph' ? { type: 'graph', value: renameReads(a.value, names) } : a]));
}
