/** Questions about open graphs: what is drawn, neighbourhoods, search, differences, proposals of supernodes. */
import { describe, expect, it } from 'vitest';
import { adjacencyMatrix } from '../../../../src/algorithmic/attributionGraph/graph.ts';
import { pruneGraph } from '../../../../src/algorithmic/attributionGraph/prune.ts';
import { diffGraphs, pearson } from '../../../../src/algorithmic/attributionGraph/queries/diff.ts';
import { neighboursOf, searchNodes } from '../../../../src/algorithmic/attributionGraph/queries/neighbours.ts';
import { OpenGraph, viewOf } from '../../../../src/algorithmic/attributionGraph/queries/openGraph.ts';
import { proposeSupernodes } from '../../../../src/algorithmic/attributionGraph/queries/supernodes.ts';
import { goldenGraph, largeGraph } from '../../../support/attributionGraphs.ts';

const golden = new OpenGraph(goldenGraph(), { labels: new Map([['1/7', 'Greets'], ['0/4', 'one']]) });
const large = new OpenGraph(largeGraph(400, 6000, 6, 10));

describe('viewOf', () => {
  it('shows what pruning keeps, as far as it fits, the logits and the most influential first', () => {
    const { nodes, sources, targets, weights, above } = viewOf(golden, { maxNodes: 10, maxEdges: 10 });
    expect(Array.from(nodes)).toEqual([7, 8, 1, 0, 5, 6]);
    const { graph } = golden;
    const matrix = adjacencyMatrix(graph);
    sources.forEach((source, i) => expect(weights[i]).toBe(matrix[nodes[targets[i]!]! * 9 + nodes[source]!]));
    expect(above).toEqual({ nodes: 6, edges: 8 });
    expect(sources).toHaveLength(8);
    const few = viewOf(golden, { maxNodes: 3, maxEdges: 1 });
    expect(Array.from(few.nodes)).toEqual([7, 8, 1]);
    expect([few.nodes[few.sources[0]!], few.nodes[few.targets[0]!]]).toEqual([1, 7]);
  });

  it('has pinned nodes whatever the thresholds, with all their edges to what is shown', () => {
    const { nodes, sources, targets } = viewOf(golden, { maxNodes: 10, maxEdges: 20, pinned: [4] });
    expect(nodes[0]).toBe(4);
    const outputs = Array.from(sources.keys()).filter((i) => nodes[sources[i]!] === 4).map((i) => nodes[targets[i]!]);
    expect(outputs).toEqual([7]);
    expect(viewOf(golden, { maxNodes: 10, maxEdges: 20, pinned: [99] }).nodes).not.toContain(99);
  });

  it('leaves out kinds and dense features, and counts them', () => {
    expect(Array.from(viewOf(golden, { maxNodes: 10, maxEdges: 10, kinds: ['logit', 'token'] }).nodes)).toEqual([7, 8, 5, 6]);
    const graph = goldenGraph();
    graph.nodes.feature[1] = 4;
    graph.nodes.layer[1] = 0;
    const open = new OpenGraph(graph);
    expect(open.density(0)).toBe(1);
    expect(viewOf(open, { maxNodes: 10, maxEdges: 10, density: 0.6 })).toMatchObject({ dense: 2 });
  });

  it('is bounded, and follows the thresholds', () => {
    const sizes = [0.2, 0.5, 0.8, 0.95].map((node) => {
      const { nodes, sources, above } = viewOf(large, { thresholds: { node, edge: 0.9 }, maxNodes: 50, maxEdges: 60 });
      expect(nodes.length).toBeLessThanOrEqual(50);
      expect(sources.length).toBeLessThanOrEqual(60);
      expect(above.nodes).toBe(pruneGraph(large.graph, large.influence, { node, edge: 0.9 }).nodes.reduce((sum, kept) => sum + kept, 0));
      return above.nodes;
    });
    expect(sizes).toEqual(sizes.toSorted((a, b) => a - b));
    expect(new Set(sizes).size).toBe(4);
  });
});

describe('neighboursOf', () => {
  it('pages through inputs and outputs, strongest first', () => {
    const matrix = adjacencyMatrix(large.graph);
    const n = large.graph.nodes.kind.length;
    for (const node of [0, 70, 200, n - 1]) {
      for (const direction of ['inputs', 'outputs'] as const) {
        const expected = Array.from({ length: n }, (_, other) => (direction === 'inputs' ? matrix[node * n + other]! : matrix[other * n + node]!)).filter((weight) => weight !== 0);
        const pages = [0, 1, 2, 3].map((page) => neighboursOf(large, node, direction, { offset: 10 * page, count: 10 }));
        expect(pages[0]!.total).toBe(expected.length);
        const key = direction === 'inputs' ? 'weight' : 'share';
        const strengths = pages.flatMap(({ items }) => items.map((item) => Math.abs(item[key])));
        expect(strengths).toEqual(strengths.toSorted((a, b) => b - a));
        const all = neighboursOf(large, node, direction, { count: n }).items;
        expect(all.map(({ weight }) => weight).toSorted((a, b) => a - b)).toEqual(expected.toSorted((a, b) => a - b));
        if (direction === 'inputs' && all.length > 0) expect(all.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1, 9);
      }
    }
    expect(neighboursOf(large, 300, 'inputs', { kinds: ['token'] }).total).toBe(1);
  });

  it('refuses a node the graph lacks', () => {
    for (const node of [-1, 0.5, 9]) expect(() => neighboursOf(golden, node, 'inputs')).toThrowError(expect.objectContaining({ reason: 'argument' }));
  });
});

describe('searchNodes', () => {
  it.each([
    ['greet', [1]], ['ONE', [0, 5]], ['#7', [1]], ['L1#9', [2]], ['L0 #9', []], ['ERR_1_1', [4]], ['1_7_1', [1]], ['yes', [7]], ['  ', []], ['nothing', []],
  ])('%s', (query, nodes) => {
    expect(searchNodes(golden, query)).toEqual({ total: nodes.length, items: nodes });
  });
});

describe('diffGraphs', () => {
  it('finds a graph equal to itself', () => {
    const { common, onlyFirst, onlySecond, correlation, nodes, edges } = diffGraphs(golden, new OpenGraph(goldenGraph()), { thresholds: { node: 1, edge: 1 } });
    // The labels of one of the two say the same of the tokens; features are matched by number.
    expect({ common, onlyFirst, onlySecond }).toEqual({ common: 9, onlyFirst: 0, onlySecond: 0 });
    expect(correlation).toBeCloseTo(1, 9);
    for (const { shares } of [...nodes, ...edges]) expect(shares[0]).toBeCloseTo(shares[1], 9);
  });

  it('finds the node and the edge that changed', () => {
    const changed = goldenGraph();
    changed.nodes.feature[2] = 10;
    changed.edges.weight[5] = 0; // f2's input from t1
    const weight = changed.edges.weight;
    weight[changed.edges.start[7]! + 1] = 30; // f1 → L0, was 3
    const { onlyFirst, onlySecond, nodes, edges } = diffGraphs(golden, new OpenGraph(changed), { thresholds: { node: 1, edge: 1 } });
    expect([onlyFirst, onlySecond]).toEqual([1, 1]);
    expect(nodes.find(({ nodes: [, second] }) => second === undefined)!.nodes[0]).toBe(2);
    expect(edges[0]).toMatchObject({ source: 1, target: 7, weights: [3, 30] });
  });
});

describe('proposeSupernodes', () => {
  it('puts the same feature together, and features with the same edges, above chance', () => {
    const graph = largeGraph(60, 600, 3, 6);
    const { feature, layer } = graph.nodes;
    feature[1] = feature[0]!;
    layer[1] = layer[0]!;
    // Node 45 gets the inputs of node 44.
    const { start, source, weight } = graph.edges;
    const length = Math.min(start[45]! - start[44]!, start[46]! - start[45]!);
    source.copyWithin(start[45]!, start[44]!, start[44]! + length);
    weight.copyWithin(start[45]!, start[44]!, start[44]! + length);
    const proposals = proposeSupernodes(new OpenGraph(graph), [...graph.nodes.kind.keys()]);
    const same = proposals.find(({ rule }) => rule === 'same feature')!;
    expect(same.nodes.toSorted((a, b) => a - b)).toEqual([0, 1]);
    const pair = proposals.find(({ nodes }) => nodes.includes(45))!;
    expect(pair).toMatchObject({ rule: 'similar edges' });
    expect(pair.nodes).toContain(44);
    expect(pair.similarity).toBeGreaterThan(pair.control + 0.2);
  });
});

it('correlation is undefined without spread', () => {
  expect(pearson([1, 2, 3], [2, 4, 6])).toBeCloseTo(1, 12);
  expect(pearson([1, 2, 3], [3, 2, 1])).toBeCloseTo(-1, 12);
  expect(pearson([1], [1])).toBeNaN();
  expect(pearson([1, 1], [1, 2])).toBeNaN();
});
