/**
 * What two graphs have in common: of two prompts, models or settings. Nodes are matched by what they stand for, and their
 * shares of influence compared; edges by their share of the target's inputs, since absolute effects of different prompts
 * are on different scales.
 */
import { kindOf, nodeCount } from '../graph.ts';
import type { AttributionGraph } from '../graph.ts';
import { targetsOf } from '../prune.ts';
import type { Thresholds } from '../prune.ts';
import type { OpenGraph } from './openGraph.ts';

export interface DiffOptions {
  /** Nodes at different positions are different nodes. Default false: their influence adds up. */
  readonly positions?: boolean;
  /** Which edges are compared: those kept in either graph. */
  readonly thresholds?: Thresholds;
  readonly count?: number;
}

export interface NodeDifference {
  /** The most influential node of the group in each graph; undefined where there is none. */
  readonly nodes: readonly [number | undefined, number | undefined];
  /** Shares of influence. */
  readonly shares: readonly [number, number];
}

export interface EdgeDifference {
  /** Representatives in the first graph. */
  readonly source: number;
  readonly target: number;
  readonly weights: readonly [number, number];
  readonly shares: readonly [number, number];
}

export interface GraphDifference {
  readonly common: number;
  readonly onlyFirst: number;
  readonly onlySecond: number;
  /** Pearson's correlation of the shares of common nodes; NaN when undefined. */
  readonly correlation: number;
  readonly nodes: readonly NodeDifference[];
  readonly edges: readonly EdgeDifference[];
}

export function diffGraphs(first: OpenGraph, second: OpenGraph, { positions = false, thresholds = {}, count = 200 }: DiffOptions = {}): GraphDifference {
  const [a, b] = [groupsOf(first, positions), groupsOf(second, positions)];
  const keys = [...new Set([...a.byKey.keys(), ...b.byKey.keys()])];
  const nodes = keys.map((key): NodeDifference => ({ nodes: [a.byKey.get(key)?.best, b.byKey.get(key)?.best], shares: [a.byKey.get(key)?.share ?? 0, b.byKey.get(key)?.share ?? 0] }));
  const common = nodes.filter(({ nodes: [x, y] }) => x !== undefined && y !== undefined);
  const byDifference = (x: { shares: readonly [number, number] }, y: { shares: readonly [number, number] }): number => Math.abs(y.shares[0] - y.shares[1]) - Math.abs(x.shares[0] - x.shares[1]);
  return {
    common: common.length,
    onlyFirst: nodes.filter(({ nodes: [, y] }) => y === undefined).length,
    onlySecond: nodes.filter(({ nodes: [x] }) => x === undefined).length,
    correlation: pearson(common.map(({ shares }) => shares[0]), common.map(({ shares }) => shares[1])),
    nodes: nodes.toSorted(byDifference).slice(0, count),
    edges: edgeDifferences(first, second, a, b, thresholds).toSorted(byDifference).slice(0, count),
  };
}

interface Groups {
  readonly keyOf: readonly string[];
  readonly byKey: ReadonlyMap<string, { best: number; share: number }>;
}

function groupsOf(open: OpenGraph, positions: boolean): Groups {
  const { graph, influence } = open;
  const total = influence.node.reduce((sum, value) => sum + value, 0) || 1;
  const keyOf = Array.from({ length: nodeCount(graph) }, (_, node) => `${meaning(open, node)}${positions ? ` @${graph.nodes.position[node]}` : ''}`);
  const byKey = new Map<string, { best: number; share: number }>();
  keyOf.forEach((key, node) => {
    const group = byKey.get(key);
    const share = influence.node[node]! / total;
    if (group === undefined) byKey.set(key, { best: node, share });
    else byKey.set(key, { best: influence.node[node]! > influence.node[group.best]! ? node : group.best, share: group.share + share });
  });
  return { keyOf, byKey };
}

/** Tokens are the same when they read the same, so that models with other vocabularies compare. */
function meaning(open: OpenGraph, node: number): string {
  const { layer, feature } = open.graph.nodes;
  const kind = kindOf(open.graph, node);
  return kind === 'feature' ? `feature ${layer[node]}/${feature[node]}` : kind === 'error' ? `error ${layer[node]}` : `${kind} ${open.labelOf(node)}`;
}

function edgeDifferences(first: OpenGraph, second: OpenGraph, a: Groups, b: Groups, thresholds: Thresholds): EdgeDifference[] {
  const pairs = new Map<string, { source: string; target: string }>();
  for (const [open, groups] of [[first, a], [second, b]] as const) {
    const { edges } = open.pruned(thresholds);
    targetsOf(open.graph, edges).forEach((target, i) => {
      const [from, to] = [groups.keyOf[open.graph.edges.source[edges[i]!]!]!, groups.keyOf[target]!];
      if ([from, to].every((key) => a.byKey.has(key) && b.byKey.has(key))) pairs.set(`${from} > ${to}`, { source: from, target: to });
    });
  }
  const [x, y] = [strengths(first, a, pairs), strengths(second, b, pairs)];
  return [...pairs].map(([pair, { source, target }]) => ({
    source: a.byKey.get(source)!.best, target: a.byKey.get(target)!.best,
    weights: [x.get(pair)?.weight ?? 0, y.get(pair)?.weight ?? 0], shares: [x.get(pair)?.share ?? 0, y.get(pair)?.share ?? 0],
  }));
}

/** Weight and share of the target's inputs of wanted pairs, over all edges between their groups. */
function strengths({ graph, influence: { sums } }: OpenGraph, { keyOf }: Groups, wanted: ReadonlyMap<string, { target: string }>): Map<string, { weight: number; share: number }> {
  const targets = new Set(Array.from(wanted.values(), ({ target }) => target));
  const groupSums = new Map<string, number>();
  const found = new Map<string, { weight: number; share: number }>();
  eachEdge(graph, (edge, target) => {
    if (!targets.has(keyOf[target]!)) return;
    const pair = `${keyOf[graph.edges.source[edge]!]!} > ${keyOf[target]!}`;
    if (!wanted.has(pair)) return;
    const known = found.get(pair) ?? { weight: 0, share: 0 };
    known.weight += graph.edges.weight[edge]!;
    known.share += Math.abs(graph.edges.weight[edge]!);
    found.set(pair, known);
  });
  keyOf.forEach((key, node) => targets.has(key) && groupSums.set(key, (groupSums.get(key) ?? 0) + sums[node]!));
  for (const [pair, strength] of found) strength.share /= Math.max(groupSums.get(wanted.get(pair)!.target)!, 1e-10);
  return found;
}

function eachEdge({ edges: { start } }: AttributionGraph, take: (edge: number, target: number) => void): void {
  for (let target = 0; target + 1 < start.length; target++) for (let edge = start[target]!; edge < start[target + 1]!; edge++) take(edge, target);
}

/** Pearson's correlation; NaN for fewer than two points or without spread. */
export function pearson(x: ArrayLike<number>, y: ArrayLike<number>): number {
  const n = x.length;
  let [mx, my] = [0, 0];
  for (let i = 0; i < n; i++) {
    mx += x[i]! / n;
    my += y[i]! / n;
  }
  let [xx, yy, xy] = [0, 0, 0];
  for (let i = 0; i < n; i++) {
    const [dx, dy] = [x[i]! - mx, y[i]! - my];
    xx += dx * dx;
    yy += dy * dy;
    xy += dx * dy;
  }
  return n < 2 ? NaN : xy / Math.sqrt(xx * yy);
}
