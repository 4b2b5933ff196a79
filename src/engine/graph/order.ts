/** Topological order of nodes. */
import { MechanistError } from '../errors.ts';
import { readsOf } from './ir.ts';
import type { Node } from './ir.ts';

/**
 * Stable topological sort: nodes keep their relative order wherever dependencies allow.
 * Errors: `parse` when the nodes form a cycle.
 */
export function topologicalOrder(nodes: readonly Node[]): Node[] {
  const producer = new Map<string, Node>();
  for (const node of nodes) for (const output of node.outputs) if (output !== '') producer.set(output, node);
  const done = new Set<Node>();
  const open = new Set<Node>();
  const sorted: Node[] = [];
  for (const root of nodes) {
    // An explicit stack: graphs of deep models would overflow the call stack.
    const stack: { node: Node; reads: string[]; next: number }[] = [];
    const enter = (node: Node): void => {
      open.add(node);
      stack.push({ node, reads: readsOf(node), next: 0 });
    };
    if (!done.has(root)) enter(root);
    while (stack.length > 0) {
      const frame = stack.at(-1)!;
      if (frame.next < frame.reads.length) {
        const dependency = producer.get(frame.reads[frame.next++]!);
        if (dependency === undefined || done.has(dependency)) continue;
        if (open.has(dependency)) {
          throw new MechanistError('parse', 'The graph has a cycle.', { field: `node ${dependency.name}` });
        }
        enter(dependency);
        continue;
      }
      stack.pop();
      open.delete(frame.node);
      done.add(frame.node);
      sorted.push(frame.node);
    }
  }
  return sorted;
}
