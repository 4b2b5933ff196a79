/** Unique names: no tensor of a sub-graph may share its name with one outside or in another sub-graph. */
import { renameTensors } from '../rename.ts';
import { tensorNames } from '../ir.ts';
import type { Attribute, Graph, Node } from '../ir.ts';

/** A name built from `hint` that is not in `taken`; it is added there. */
function claimName(hint: string, taken: Set<string>): string {
  let name = hint;
  for (let i = 1; taken.has(name); i++) name = `${hint}~${i}`;
  taken.add(name);
  return name;
}

/** Renames tensors and nodes inside bodies wherever their names occur elsewhere, so that a body can be inlined. */
export function uniqueAcrossBodies(graph: Graph): Graph {
  const taken = new Set<string>([...tensorNames(graph), ...graph.nodes.map((node) => node.name)]);
  return { ...graph, nodes: graph.nodes.map((node) => withUniqueBodies(node, taken)) };
}

function withUniqueBodies(node: Node, taken: Set<string>): Node {
  if (![...node.attributes.values()].some((a) => a.type === 'graph')) return node;
  const attributes = new Map(Array.from(node.attributes, ([key, a]): [string, Attribute] => [key, a.type === 'graph' ? { type: 'graph', value: uniqueBody(a.value, taken) } : a]));
  return { ...node, attributes };
}

function uniqueBody(body: Graph, taken: Set<string>): Graph {
  const names = new Map<string, string>();
  for (const name of tensorNames(body)) {
    const unique = claimName(name, taken);
    if (unique !== name) names.set(name, unique);
  }
  const renamed = renameTensors(body, names);
  const nodes = renamed.nodes.map((node) => withUniqueBodies({ ...node, name: claimName(node.name, taken) }, taken));
  return { ...renamed, nodes };
}
