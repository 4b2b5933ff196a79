/**
 * Proposals of supernodes: features that a person may want to see as one. Two rules, each told with the group: the same
 * feature at several positions, and features with the same inputs and outputs. Beside the similarity of a group stands
 * that of random groups of the same size.
 */
import { Random } from '../../../engine/random.ts';
import { kindOf } from '../graph.ts';
import type { OpenGraph } from './openGraph.ts';

export interface SupernodeProposal {
  readonly label: string;
  readonly nodes: readonly number[];
  readonly rule: 'same feature' | 'similar edges';
  /** Mean cosine over pairs of the members' inputs and outputs, and the mean over random groups of the same size. */
  readonly similarity: number;
  readonly control: number;
}

/** Features whose edges agree at least this much are put together. */
const wanted = 0.4;
const controlDraws = 20;
/** More would take longer than a person waits: similarities are between all pairs. */
const mostNodes = 1000;

/** Groups among `nodes`, by their edges with each other; largest first. Nodes beyond the thousand most influential are left alone. */
export function proposeSupernodes(open: OpenGraph, nodes: readonly number[], seed = 0): SupernodeProposal[] {
  const { influence } = open;
  const features = [...new Set(nodes)].filter((node) => kindOf(open.graph, node) === 'feature').toSorted((a, b) => influence.node[b]! - influence.node[a]!).slice(0, mostNodes);
  const profiles = profilesOf(open, features, new Set(nodes));
  const similarity = similarities(profiles);
  const random = new Random(seed);
  const proposal = (members: readonly number[], rule: SupernodeProposal['rule']): SupernodeProposal => ({
    label: labelOf(open, members.map((i) => features[i]!)), nodes: members.map((i) => features[i]!), rule,
    similarity: meanSimilarity(similarity, features.length, members),
    control: mean(Array.from({ length: controlDraws }, () => meanSimilarity(similarity, features.length, random.permutation(features.length).slice(0, members.length)))),
  });
  const byFeature = Map.groupBy(features.keys(), (i) => open.featureKey(features[i]!)!);
  const repeated = [...byFeature.values()].filter((members) => members.length > 1);
  const single = [...features.keys()].filter((i) => byFeature.get(open.featureKey(features[i]!)!)!.length === 1);
  return [
    ...repeated.map((members) => proposal(members, 'same feature')),
    ...clusters(similarity, features.length, single).map((members) => proposal(members, 'similar edges')),
  ].toSorted((a, b) => b.nodes.length - a.nodes.length || b.similarity - a.similarity);
}

/** Inputs and outputs of each feature among the nodes, each of unit length. */
function profilesOf(open: OpenGraph, features: readonly number[], among: ReadonlySet<number>): Map<number, number>[] {
  const { edges } = open.graph;
  const { start, edge, target } = open.columns;
  return features.map((node) => {
    const inputs = new Map<number, number>();
    for (let e = edges.start[node]!; e < edges.start[node + 1]!; e++) if (among.has(edges.source[e]!)) inputs.set(edges.source[e]!, edges.weight[e]!);
    const outputs = new Map<number, number>();
    for (let at = start[node]!; at < start[node + 1]!; at++) if (among.has(target[at]!)) outputs.set(-1 - target[at]!, edges.weight[edge[at]!]!);
    return new Map([...unit(inputs), ...unit(outputs)]);
  });
}

function unit(vector: ReadonlyMap<number, number>): [number, number][] {
  const norm = Math.hypot(...vector.values());
  return norm === 0 ? [] : [...vector].map(([key, value]) => [key, value / norm]);
}

/** Half the sum of the cosines of inputs and of outputs, [n,n]. */
function similarities(profiles: readonly ReadonlyMap<number, number>[]): Float32Array {
  const n = profiles.length;
  const matrix = new Float32Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < i; j++) {
      const [small, large] = profiles[i]!.size < profiles[j]!.size ? [profiles[i]!, profiles[j]!] : [profiles[j]!, profiles[i]!];
      let sum = 0;
      for (const [key, value] of small) sum += value * (large.get(key) ?? 0);
      matrix[i * n + j] = matrix[j * n + i] = sum / 2;
    }
  }
  return matrix;
}

/** Average-linkage groups, grown from each feature not yet taken, the most influential first. */
function clusters(similarity: Float32Array, n: number, candidates: readonly number[]): number[][] {
  const free = new Set(candidates);
  const groups: number[][] = [];
  for (const first of candidates) {
    if (!free.delete(first)) continue;
    const members = [first];
    for (;;) {
      let [best, value] = [-1, wanted];
      for (const other of free) {
        const linkage = mean(members.map((member) => similarity[member * n + other]!));
        if (linkage >= value) [best, value] = [other, linkage];
      }
      if (best < 0) break;
      free.delete(best);
      members.push(best);
    }
    if (members.length > 1) groups.push(members);
  }
  return groups;
}

function meanSimilarity(similarity: Float32Array, n: number, members: readonly number[]): number {
  const pairs = members.flatMap((a, i) => members.slice(0, i).map((b) => similarity[a * n + b]!));
  return mean(pairs);
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
}

/** The label its members share, else that of the most influential, else where they are. */
function labelOf(open: OpenGraph, members: readonly number[]): string {
  const labels = members.map((node) => open.labelOf(node)).filter((label) => label !== '');
  const { layer, feature } = open.graph.nodes;
  return labels[0] ?? `L${layer[members[0]!]}#${feature[members[0]!]}${members.every((node) => open.featureKey(node) === open.featureKey(members[0]!)) ? '' : ' …'}`;
}
