/** Where the nodes of an attribution graph are drawn: columns are positions, rows are layers, tokens at the bottom, logits on top. Pure. */
import type { GraphNode, GraphView } from '../../../src/protocol/methods/graphResults.ts';

export interface Band {
  /** Middle, in pixels. */
  readonly at: number;
  readonly size: number;
}

export interface GraphLayout {
  readonly width: number;
  readonly height: number;
  /** By the node's place in the view. */
  readonly x: Float32Array;
  readonly y: Float32Array;
  /** By position, and by row: −1 (tokens) comes first. */
  readonly columns: readonly Band[];
  readonly rows: readonly Band[];
}

const leftMargin = 46;
const bottomMargin = 54;
const topMargin = 14;
const rightMargin = 10;
export const nodeRadius = 5;

/**
 * Columns share the width by the most nodes that any layer has there, so that crowded positions have room. Nodes of a cell
 * stand side by side, the most influential in the middle. `positions`: number of tokens.
 */
export function layoutGraph(view: GraphView, positions: number, layers: number, width: number, height: number): GraphLayout {
  const rows = layers + 2;
  const cells = new Map<number, number[]>();
  view.nodes.forEach((node, index) => {
    const key = node.position * rows + rowOf(node, layers);
    cells.set(key, [...(cells.get(key) ?? []), index]);
  });
  const crowd = new Float32Array(positions).fill(1);
  for (const [key, members] of cells) {
    const position = Math.floor(key / rows);
    crowd[position] = Math.max(crowd[position] ?? 1, members.length);
  }
  const weights = crowd.map((most) => 1 + Math.sqrt(most));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const room = Math.max(1, width - leftMargin - rightMargin);
  let from = leftMargin;
  const columns: Band[] = Array.from(weights, (weight) => {
    const size = (weight / total) * room;
    from += size;
    return { at: from - size / 2, size };
  });
  const step = Math.max(1, height - topMargin - bottomMargin) / rows;
  const bands: Band[] = Array.from({ length: rows }, (_, row) => ({ at: height - bottomMargin - (row + 0.5) * step, size: step }));
  const [x, y] = [new Float32Array(view.nodes.length), new Float32Array(view.nodes.length)];
  for (const [key, members] of cells) {
    const [column, band] = [columns[Math.floor(key / rows)], bands[key % rows]!];
    if (column === undefined) continue;
    const spread = Math.min(nodeRadius * 2.6, (column.size - nodeRadius) / members.length);
    const lines = spread >= nodeRadius * 1.4 ? 1 : Math.min(4, Math.max(1, Math.floor(band.size / (nodeRadius * 2.2))));
    const perLine = Math.ceil(members.length / lines);
    const gap = Math.min(nodeRadius * 2.6, (column.size - nodeRadius) / perLine);
    const ordered = members.toSorted((a, b) => view.nodes[b]!.influence - view.nodes[a]!.influence);
    ordered.forEach((index, rank) => {
      const [line, place] = [Math.floor(rank / perLine), rank % perLine];
      x[index] = column.at + middleOut(place) * gap;
      y[index] = band.at + (line - (lines - 1) / 2) * nodeRadius * 2.2;
    });
  }
  return { width, height, x, y, columns, rows: bands };
}

/** 0 for tokens, then the layers, then logits. */
export function rowOf({ kind, layer }: Pick<GraphNode, 'kind' | 'layer'>, layers: number): number {
  if (kind === 'token') return 0;
  if (kind === 'logit') return layers + 1;
  return Math.min(layers, Math.max(0, layer) + 1);
}

/** The node under a point, within `reach` pixels. */
export function nodeAt({ x, y }: GraphLayout, at: { readonly x: number; readonly y: number }, reach = nodeRadius + 4): number | undefined {
  let [best, distance] = [undefined as number | undefined, reach * reach];
  for (let index = 0; index < x.length; index++) {
    const found = (x[index]! - at.x) ** 2 + (y[index]! - at.y) ** 2;
    if (found <= distance) [best, distance] = [index, found];
  }
  return best;
}

/** The next node in a direction: left and right along the layer, up and down to the nearest of the next layer that has any. */
export function nodeBeside({ x, y }: GraphLayout, nodes: readonly GraphNode[], layers: number, current: number | undefined, key: string): number | undefined {
  if (nodes.length === 0) return undefined;
  if (current === undefined) return nodes.reduce((best, node, index) => (node.influence > nodes[best]!.influence ? index : best), 0);
  const row = (index: number): number => rowOf(nodes[index]!, layers);
  const all = nodes.map((_, index) => index).filter((index) => index !== current);
  const nearest = (candidates: readonly number[]): number | undefined => candidates.reduce<number | undefined>((best, index) => (best === undefined || Math.abs(x[index]! - x[current]!) < Math.abs(x[best]! - x[current]!) ? index : best), undefined);
  switch (key) {
    case 'ArrowLeft': return nearest(all.filter((index) => row(index) === row(current) && before(index)));
    case 'ArrowRight': return nearest(all.filter((index) => row(index) === row(current) && !before(index)));
    case 'ArrowUp': case ']': return nextRow(1);
    case 'ArrowDown': case '[': return nextRow(-1);
    default: return undefined;
  }
  function before(index: number): boolean {
    return x[index]! < x[current!]! || (x[index] === x[current!] && (y[index]! < y[current!]! || (y[index] === y[current!] && index < current!)));
  }
  function nextRow(step: 1 | -1): number | undefined {
    const beyond = all.filter((index) => (row(index) - row(current!)) * step > 0);
    const next = beyond.reduce((best, index) => (Math.abs(row(index) - row(current!)) < best ? Math.abs(row(index) - row(current!)) : best), Number.POSITIVE_INFINITY);
    return nearest(beyond.filter((index) => Math.abs(row(index) - row(current!)) === next));
  }
}

/** 0, 1, −1, 2, −2, … */
function middleOut(rank: number): number {
  return rank % 2 === 1 ? (rank + 1) / 2 : -rank / 2;
}
