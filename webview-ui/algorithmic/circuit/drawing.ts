/** A drawing of a circuit: rows are layers from the input upwards, edges carry sign and size. Layout and shapes; pure. */
import type { Subject } from '../../../src/protocol/views/panel.ts';

export interface DrawnNode {
  readonly id: string;
  readonly label: string;
  /** Half-steps of layers: attention of a layer lies below its MLP. */
  readonly row: number;
  readonly kind: 'input' | 'head' | 'mlp' | 'logits' | 'feature' | 'error' | 'token' | 'group';
}

export interface DrawnEdge {
  readonly from: string;
  readonly to: string;
  readonly weight: number;
}

export interface PlacedNode extends DrawnNode {
  readonly x: number;
  readonly y: number;
}

export interface PlacedEdge extends DrawnEdge {
  /** Of an SVG path. */
  readonly path: string;
  readonly width: number;
}

export interface Drawing {
  readonly width: number;
  readonly height: number;
  readonly nodes: readonly PlacedNode[];
  readonly edges: readonly PlacedEdge[];
}

export const nodeWidth = 62;
export const nodeHeight = 20;
const [gapX, gapY, margin] = [14, 34, 12];

/** Rows bottom-up; inside a row nodes lie near what they read, so that fewer edges cross. */
export function layered(nodes: readonly DrawnNode[], edges: readonly DrawnEdge[]): Drawing {
  const rows = [...new Set(nodes.map(({ row }) => row))].toSorted((a, b) => a - b);
  const widest = Math.max(1, ...rows.map((row) => nodes.filter((node) => node.row === row).length));
  const width = 2 * margin + widest * nodeWidth + (widest - 1) * gapX;
  const height = 2 * margin + rows.length * nodeHeight + Math.max(0, rows.length - 1) * gapY;
  const placed = new Map<string, PlacedNode>();
  rows.forEach((row, index) => {
    const own = nodes.filter((node) => node.row === row);
    const wish = (node: DrawnNode): number => {
      const from = edges.flatMap((edge) => (edge.to === node.id && placed.has(edge.from) ? [placed.get(edge.from)!.x] : []));
      return from.length === 0 ? width / 2 : from.reduce((sum, x) => sum + x, 0) / from.length;
    };
    const sorted = own.map((node) => ({ node, wish: wish(node) })).toSorted((a, b) => a.wish - b.wish || (a.node.id < b.node.id ? -1 : 1));
    const step = nodeWidth + gapX;
    const start = (width - (sorted.length - 1) * step) / 2;
    sorted.forEach(({ node }, place) => placed.set(node.id, { ...node, x: start + place * step, y: height - margin - nodeHeight / 2 - index * (nodeHeight + gapY) }));
  });
  const most = edges.reduce((largest, { weight }) => Math.max(largest, Math.abs(weight)), 0);
  return {
    width, height, nodes: [...placed.values()],
    edges: edges.filter(({ from, to }) => placed.has(from) && placed.has(to)).map((edge) => ({ ...edge, path: curve(placed.get(edge.from)!, placed.get(edge.to)!), width: most > 0 ? 0.6 + 4 * Math.abs(edge.weight) / most : 1 })),
  };
}

function curve(from: PlacedNode, to: PlacedNode): string {
  const [y1, y2] = [from.y - nodeHeight / 2, to.y + nodeHeight / 2];
  const bend = Math.max(12, Math.abs(y1 - y2) / 2);
  return `M ${from.x.toFixed(1)} ${y1.toFixed(1)} C ${from.x.toFixed(1)} ${(y1 - bend).toFixed(1)}, ${to.x.toFixed(1)} ${(y2 + bend).toFixed(1)}, ${to.x.toFixed(1)} ${y2.toFixed(1)}`;
}

/** A node of EAP's graph by its name: `input`, `a1.h2`, `m0`, `logits`. */
export function componentNode(id: string): DrawnNode {
  const head = /^a(\d+)\.h(\d+)$/.exec(id);
  if (head !== null) return { id, label: `L${head[1]}H${head[2]}`, row: Number(head[1]) * 2 + 1, kind: 'head' };
  const mlp = /^m(\d+)$/.exec(id);
  if (mlp !== null) return { id, label: `L${mlp[1]} MLP`, row: Number(mlp[1]) * 2 + 2, kind: 'mlp' };
  return id === 'logits' ? { id, label: id, row: Number.MAX_SAFE_INTEGER, kind: 'logits' } : { id, label: id, row: 0, kind: 'input' };
}

/** A receiver without its slot: `a2.h0` for `a2.h0<k>`. */
export const ownerOf = (receiver: string): string => receiver.replace(/<\w+>$/, '');

/** The node that stands for a subject: `a2.h3` for a head, `m2` for an MLP or a neuron of it, the sender of an edge. */
export function circuitNode({ subject }: Pick<Subject, 'subject'>): string | undefined {
  const [kind, , hook = '', index] = subject.replace(/^mechanist:/, '').split('/').map(decodeURIComponent);
  if (kind === 'edge') return hook;
  const layer = /^blocks\.(\d+)\./.exec(hook)?.[1];
  if (kind !== 'component' || layer === undefined) return undefined;
  if (hook.includes('.attn.') && index !== undefined) return `a${layer}.h${index}`;
  return hook.includes('mlp') ? `m${layer}` : undefined;
}
