/** A norm of its own for the MLP where a parallel block shares one with attention (Phi, GPT-J), as TransformerLens has it. */
import type { Graph, Node, ValueType } from '../../graph/ir.ts';
import { renameNodeReads } from '../../graph/rename.ts';
import type { LayerStack } from './moduleLayouts.ts';
import type { ScopedGraph } from './scopedGraph.ts';

/** The graph with shared norms doubled, and the stacks that say so. Undefined when no norm is shared. */
export function separateNorms(g: ScopedGraph, stacks: readonly LayerStack[]): { graph: Graph; stacks: LayerStack[] } | undefined {
  const added: { after: Node; node: Node }[] = [];
  const types = new Map<string, ValueType>(g.graph.types);
  const redirects = new Map<Node, ReadonlyMap<string, string>>();
  const changed = stacks.map((stack) => {
    const { layout, root, count } = stack;
    const norm = layout.normBeforeAttention;
    if (norm === undefined || layout.normBeforeMlp !== undefined) return stack;
    for (let i = 0; i < count; i++) {
      const scope = `${root}/${layout.layers}.${i}`;
      const copy = copied(g, `${scope}/${norm}`, types);
      if (copy === undefined) return stack;
      added.push(...copy.nodes.map((node) => ({ after: copy.last, node })));
      for (const reader of g.within(`${scope}/${layout.mlpIn}`)) redirects.set(reader, copy.names);
    }
    return { ...stack, layout: { ...layout, normBeforeMlp: `${norm}${suffix}` } };
  });
  if (added.length === 0) return undefined;
  const nodes = g.graph.nodes.flatMap((node) => [renameNodeReads(node, redirects.get(node) ?? new Map()), ...added.filter(({ after }) => after === node).map((entry) => entry.node)]);
  return { graph: { ...g.graph, nodes, types }, stacks: changed };
}

const suffix = '~mlp';

/** The nodes of a scope under the names of a sister scope. */
function copied(g: ScopedGraph, scope: string, types: Map<string, ValueType>): { nodes: Node[]; last: Node; names: Map<string, string> } | undefined {
  const originals = g.within(scope);
  const last = originals.at(-1);
  if (last === undefined) return undefined;
  const to = (name: string): string => (name.startsWith(`${scope}/`) ? `${scope}${suffix}${name.slice(scope.length)}` : `${name}${suffix}`);
  const names = new Map(originals.flatMap((node) => node.outputs.filter((name) => name !== '').map((name): [string, string] => [name, to(name)])));
  for (const [name, copy] of names) {
    const type = types.get(name);
    if (type !== undefined) types.set(copy, type);
  }
  const nodes = originals.map((node) => ({ ...renameNodeReads(node, names), name: to(node.name), outputs: node.outputs.map((name) => names.get(name) ?? name) }));
  return { nodes, last, names };
}
