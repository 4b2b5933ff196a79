/**
 * From edge scores to a circuit (algorithms reference §7, as in EAP-IG's code). A circuit is a mask over
 * [senders, receivers]. Whatever way edges are chosen, those of dead nodes are removed afterwards.
 */
import { MechanistError } from '../../engine/errors.ts';
import { edgeName } from '../edges/edgeGraph.ts';
import type { EdgeGraph } from '../edges/edgeGraph.ts';

export type Selection =
  /** The edges with the largest |score|. */
  | { readonly kind: 'top'; readonly edges: number }
  /** |score| at least the threshold. */
  | { readonly kind: 'threshold'; readonly threshold: number }
  /** From the logits backwards: always the edge with the largest |score| into a node that is in. */
  | { readonly kind: 'greedy'; readonly edges: number }
  /** By name, as they are. */
  | { readonly kind: 'edges'; readonly edges: readonly string[] };

/** `avoid`: edges that must not be in. Errors: `argument` for the name of an edge that does not exist. */
export function selectCircuit(edges: EdgeGraph, scores: ArrayLike<number>, selection: Selection, avoid: ReadonlySet<number> = new Set()): Uint8Array {
  const allowed = Array.from(edges.exists.keys()).filter((edge) => edges.exists[edge] === 1 && !avoid.has(edge));
  const strongest = (list: readonly number[]): number[] => list.toSorted((a, b) => Math.abs(scores[b]!) - Math.abs(scores[a]!) || a - b);
  switch (selection.kind) {
    case 'edges': return maskOf(edges, namedEdges(edges, selection.edges));
    case 'threshold': return withoutDeadNodes(edges, maskOf(edges, allowed.filter((edge) => Math.abs(scores[edge]!) >= selection.threshold)));
    case 'top': return withoutDeadNodes(edges, maskOf(edges, strongest(allowed).slice(0, selection.edges)));
    case 'greedy': return withoutDeadNodes(edges, maskOf(edges, greedy(edges, strongest(allowed), selection.edges)));
  }
}

/** The edges of a circuit, strongest first. */
export function membersOf(circuit: Uint8Array, scores: ArrayLike<number>): number[] {
  return Array.from(circuit.keys()).filter((edge) => circuit[edge] === 1).sort((a, b) => Math.abs(scores[b]!) - Math.abs(scores[a]!) || a - b);
}

/** `a1.h2` of `a1.h2<k>`: the queries, keys and values of a head are one node. */
export function nodeOf(name: string): string {
  return name.replace(/<[qkv]>$/, '');
}

/**
 * Removes the edges of nodes that nothing reaches from the input or that reach nothing, until none is left: heads and
 * MLPs with no edge in or none out.
 */
export function withoutDeadNodes(edges: EdgeGraph, circuit: Uint8Array): Uint8Array {
  const kept = circuit.slice();
  const width = edges.receivers.length;
  for (let changed = true; changed; ) {
    const fed = new Set<string>(['input']);
    const read = new Set<string>(['logits']);
    kept.forEach((inside, edge) => {
      if (inside === 0) return;
      fed.add(nodeOf(edges.receivers[edge % width]!.name));
      read.add(edges.senders[Math.floor(edge / width)]!.name);
    });
    changed = false;
    kept.forEach((inside, edge) => {
      if (inside === 0) return;
      if (fed.has(edges.senders[Math.floor(edge / width)]!.name) && read.has(nodeOf(edges.receivers[edge % width]!.name))) return;
      kept[edge] = 0;
      changed = true;
    });
  }
  return kept;
}

/** Indices of edges by name. Errors: `argument`. */
export function namedEdges(edges: EdgeGraph, names: Iterable<string>): number[] {
  const index = new Map<string, number>();
  edges.exists.forEach((exists, edge) => {
    if (exists === 1) index.set(edgeName(edges, edge), edge);
  });
  return [...names].map((name) => {
    const edge = index.get(name);
    if (edge === undefined) throw new MechanistError('argument', 'The model has no such edge.', { field: `edge ${name}`, hint: 'Edges are written like input->a0.h1<q>, a0.h1->m1, m2->logits.' });
    return edge;
  });
}

function greedy(edges: EdgeGraph, strongest: readonly number[], count: number): number[] {
  const width = edges.receivers.length;
  const rank = new Map(strongest.map((edge, i) => [edge, i]));
  const into = Map.groupBy(strongest, (edge) => nodeOf(edges.receivers[edge % width]!.name));
  const inside = new Set(['logits']);
  const chosen: number[] = [];
  const candidates = new RankQueue();
  const open = (node: string): void => into.get(node)?.forEach((edge) => candidates.push(rank.get(edge)!));
  open('logits');
  while (chosen.length < count) {
    const best = candidates.pop();
    if (best === undefined) break;
    chosen.push(strongest[best]!);
    const sender = edges.senders[Math.floor(strongest[best]! / width)]!.name;
    if (inside.has(sender)) continue;
    inside.add(sender);
    open(sender);
  }
  return chosen;
}

function maskOf(edges: EdgeGraph, chosen: Iterable<number>): Uint8Array {
  const mask = new Uint8Array(edges.exists.length);
  for (const edge of chosen) mask[edge] = 1;
  return mask;
}

/** A binary heap of ranks, smallest first. */
class RankQueue {
  private readonly items: number[] = [];

  push(rank: number): void {
    const { items } = this;
    let at = items.push(rank) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (items[parent]! <= items[at]!) break;
      [items[parent], items[at]] = [items[at]!, items[parent]!];
      at = parent;
    }
  }

  pop(): number | undefined {
    const { items } = this;
    const top = items[0];
    const last = items.pop();
    if (items.length === 0 || last === undefined) return top;
    items[0] = last;
    for (let at = 0; ; ) {
      let least = at;
      for (const child of [2 * at + 1, 2 * at + 2]) if (child < items.length && items[child]! < items[least]!) least = child;
      if (least === at) return top;
      [items[least], items[at]] = [items[at]!, items[least]!];
      at = least;
    }
  }
}
