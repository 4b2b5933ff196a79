/** Stacking the values of edge nodes: hooks with and without a head axis side by side. */
import type { GraphBuilder } from '../../engine/graph/builder.ts';

/** Values [b,p,d] or [b,p,h,d] joined along the node axis: [b,p,nodes,d]. `names` are hooks in node order. */
export function stackNodes(b: GraphBuilder, names: readonly string[]): string {
  const parts = names.map((name) => (b.shapeOf(name).length === 3 ? b.unsqueeze(name, [2]) : name));
  return parts.length === 1 ? parts[0]! : b.concat(parts, 2);
}
