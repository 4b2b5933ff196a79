/** Influence, pruning and scores on the golden graph of the algorithms reference (§26), and against dense linear algebra. */
import { describe, expect, it } from 'vitest';
import { adjacencyMatrix, columnsOfEdges } from '../../../../src/algorithmic/attributionGraph/graph.ts';
import { graphInfluence } from '../../../../src/algorithmic/attributionGraph/influence.ts';
import { pruneGraph, targetsOf } from '../../../../src/algorithmic/attributionGraph/prune.ts';
import { graphScores, shareThrough } from '../../../../src/algorithmic/attributionGraph/scores.ts';
import { thresholdByMass } from '../../../../src/algorithmic/attributionGraph/thresholdByMass.ts';
import { Random } from '../../../../src/engine/random.ts';
import { goldenGraph, largeGraph } from '../../../support/attributionGraphs.ts';

const names = ['f0', 'f1', 'f2', 'e0', 'e1', 't0', 't1', 'L0', 'L1'];

describe('the golden graph', () => {
  const graph = goldenGraph();
  const influence = graphInfluence(graph);

  it('has the influence and cumulative shares of the reference', () => {
    const expected = [0.4, 0.52, 0.025, 0.105, 0.08875, 0.37, 0.33625, 0, 0];
    const cumulative = [0.498645, 0.281843, 1, 0.938347, 0.98645, 0.699187, 0.881436, 1, 1];
    expected.forEach((value, i) => expect(influence.node[i]).toBeCloseTo(value, 9));
    cumulative.forEach((value, i) => expect(influence.cumulative[i]).toBeCloseTo(value, 6));
  });

  it.each([
    [0.8, 0.98, ['t0→f0', 'f0→f1', 't1→f1', 'f0→L0', 'f1→L0', 't1→L0', 'f1→L1', 't0→L1']],
    [0.6, 0.9, ['t0→f0', 'f0→f1', 't1→f1', 'f0→L0', 'f1→L0', 'f1→L1']],
  ])('prune(%d, %d)', (node, edge, edges) => {
    const pruned = pruneGraph(graph, influence, { node, edge });
    expect(names.filter((_, i) => pruned.nodes[i] === 1)).toEqual(['f0', 'f1', 't0', 't1', 'L0', 'L1']);
    const targets = targetsOf(graph, pruned.edges);
    expect(Array.from(pruned.edges, (e, i) => `${names[graph.edges.source[e]!]}→${names[targets[i]!]}`).toSorted()).toEqual(edges.toSorted());
  });

  it('has the scores of the reference, completeness both ways', () => {
    const { replacement, completeness, completenessRestricted } = graphScores(graph, influence)!;
    expect(replacement).toBeCloseTo(0.784722, 6);
    expect(completeness).toBeCloseTo(0.929417, 6);
    expect(completenessRestricted).toBeCloseTo(0.894986, 6);
  });

  it('shares its influence with what runs through some features: all give the replacement score, none what tokens do directly', () => {
    expect(shareThrough(graph, influence, [0, 1, 2])).toBeCloseTo(graphScores(graph, influence)!.replacement, 12);
    // L0 (0.7): a tenth straight from t1; L1 (0.2): a quarter from t0; all else ends at features and errors.
    const direct = 0.7 * (0.5 / 5) + 0.2 * (0.5 / 2);
    expect(shareThrough(graph, influence, [])).toBeCloseTo(direct / 0.9, 12);
    // f0 reads t0 by 2 of 2.5.
    expect(shareThrough(graph, influence, [0])).toBeCloseTo((direct + 0.7 * (1 / 5) * (2 / 2.5)) / 0.9, 12);
  });

  it('without links has no scores, and shares that are numbers', () => {
    const count = graph.nodes.kind.length;
    const unlinked = { ...graph, edges: { start: new Uint32Array(count + 1), source: new Uint32Array(), weight: new Float32Array() } };
    const none = graphInfluence(unlinked);
    expect(Array.from(none.cumulative)).toEqual(new Array(count).fill(1));
    expect(graphScores(unlinked, none)).toBeUndefined();
  });

  it('refuses thresholds that are no shares', () => {
    for (const thresholds of [{ node: 1.1 }, { edge: -0.1 }, { node: NaN }]) expect(() => pruneGraph(graph, influence, thresholds)).toThrowError(expect.objectContaining({ reason: 'argument' }));
  });
});

it('influence in one pass equals the power series', () => {
  const graph = largeGraph(60, 500, 4, 5);
  const matrix = adjacencyMatrix(graph);
  const { node, weights } = graphInfluence(graph);
  const n = weights.length;
  const normalized = Float64Array.from(matrix, Math.abs);
  for (let t = 0; t < n; t++) {
    const row = normalized.subarray(t * n, (t + 1) * n);
    const sum = Math.max(row.reduce((a, b) => a + b, 0), 1e-10);
    row.forEach((value, i) => (row[i] = value / sum));
  }
  const series = new Float64Array(n);
  let current = weights;
  for (let power = 0; power < 10; power++) {
    const next = new Float64Array(n);
    for (let t = 0; t < n; t++) for (let s = 0; s < n; s++) next[s]! += current[t]! * normalized[t * n + s]!;
    next.forEach((value, i) => (series[i]! += value));
    current = next;
  }
  node.forEach((value, i) => expect(value).toBeCloseTo(series[i]!, 9));
});

it('names a cycle instead of running forever', () => {
  const graph = goldenGraph();
  const source = graph.edges.source.slice();
  source[0] = 1; // f1 → f0, while f0 → f1
  expect(() => graphInfluence({ ...graph, edges: { ...graph.edges, source } })).toThrowError(expect.objectContaining({ reason: 'parse' }));
});

it('the threshold is where the largest scores reach the share', () => {
  const random = new Random(4);
  for (const size of [1, 2, 7, 50, 50, 50, 5000, 20_000]) {
    for (let round = 0; round < 20; round++) {
      const scores = Float64Array.from({ length: size }, () => (random.integer(4) === 0 ? 0 : Math.exp(6 * random.normal())));
      const share = random.uniform();
      const threshold = thresholdByMass(scores, share);
      const mass = (keep: (score: number) => boolean): number => scores.filter(keep).reduce((sum, score) => sum + score, 0);
      const wanted = share * mass(() => true);
      expect(scores.includes(threshold)).toBe(true);
      // Sums in another order differ in their last digits.
      expect(mass((score) => score >= threshold)).toBeGreaterThanOrEqual(wanted * (1 - 1e-12));
      expect(mass((score) => score > threshold)).toBeLessThanOrEqual(wanted * (1 + 1e-12));
    }
  }
  expect(thresholdByMass(new Float64Array(), 0.5)).toBe(0);
  expect(thresholdByMass(Float64Array.of(3, 1, 2), 0)).toBe(3);
  expect(thresholdByMass(Float64Array.of(3, 1, 2), 1)).toBe(1);
});

it('lists the edges of each source', () => {
  const graph = goldenGraph();
  const { start, edge, target } = columnsOfEdges(graph);
  const outputs = (node: number): string[] => Array.from(target.subarray(start[node], start[node + 1]), (t, i) => `${names[t]} ${graph.edges.weight[edge[start[node]! + i]!]}`);
  expect(outputs(0)).toEqual(['f1 1', 'L0 1']);
  expect(outputs(6)).toEqual(['f1 -1', `f2 ${Math.fround(0.2)}`, 'L0 0.5']);
});
