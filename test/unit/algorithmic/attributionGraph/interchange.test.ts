/** Graph files: written and read again, of other tools, and hostile ones. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { adjacencyMatrix } from '../../../../src/algorithmic/attributionGraph/graph.ts';
import type { AttributionGraph } from '../../../../src/algorithmic/attributionGraph/graph.ts';
import { graphInfluence } from '../../../../src/algorithmic/attributionGraph/influence.ts';
import { cantorPair, cantorUnpair } from '../../../../src/algorithmic/attributionGraph/interchange/cantor.ts';
import { fileId, nodeId } from '../../../../src/algorithmic/attributionGraph/interchange/nodeIds.ts';
import { readSubgraph, subgraphJson, subgraphOf } from '../../../../src/algorithmic/attributionGraph/interchange/pinned.ts';
import { readGraphFile, readGraphText } from '../../../../src/algorithmic/attributionGraph/interchange/readGraph.ts';
import { graphFile } from '../../../../src/algorithmic/attributionGraph/interchange/writeGraph.ts';
import type { GraphFileOptions } from '../../../../src/algorithmic/attributionGraph/interchange/writeGraph.ts';
import { pruneGraph } from '../../../../src/algorithmic/attributionGraph/prune.ts';
import { MechanistError } from '../../../../src/engine/errors.ts';
import { goldenGraph, largeGraph } from '../../../support/attributionGraphs.ts';

const folder = mkdtempSync(join(tmpdir(), 'mechanist-graphs-'));
afterAll(() => rmSync(folder, { recursive: true }));

const written = (graph: AttributionGraph, thresholds = { node: 1, edge: 1 }, options: Partial<GraphFileOptions> = {}): string => {
  const influence = graphInfluence(graph);
  return [...graphFile(graph, influence, pruneGraph(graph, influence, thresholds), { slug: 'test', scan: 'scan', ...options })].join('');
};

describe('Cantor pairs', () => {
  it.each([[0, 0, 0], [1, 0, 1], [0, 1, 2], [5, 12345, 76279770], [25, 16383, 134635819], [25, 65535, 2149155115], [31, 1048575, 549788844496]])('(%d, %d) is %d', (layer, feature, pair) => {
    expect(cantorPair(layer, feature)).toBe(pair);
    expect(cantorUnpair(pair)).toEqual({ layer, feature });
  });

  it('has no inverse for what is no pair', () => {
    for (const pair of [-1, 0.5, NaN, 2 ** 60]) expect(cantorUnpair(pair)).toBeUndefined();
  });
});

describe('a written graph', () => {
  it('has the members and ids of circuit-tracer', () => {
    const file = JSON.parse(written(goldenGraph(), { node: 0.8, edge: 0.98 }, { nodeThreshold: 0.8 })) as { metadata: object; qParams: object; nodes: Record<string, unknown>[]; links: unknown[] };
    expect(file.metadata).toMatchObject({ slug: 'test', scan: 'scan', transcoder_list: [], prompt_tokens: ['one', 'two'], prompt: 'one two', node_threshold: 0.8, schema_version: 1 });
    expect(file.qParams).toEqual({ pinnedIds: [], supernodes: [], linkType: 'both', clickedId: '', sg_pos: '' });
    expect(file.nodes[0]).toEqual({
      node_id: '0_4_0', feature: 14, layer: '0', ctx_idx: 0, feature_type: 'cross layer transcoder', token_prob: 0, is_target_logit: false, run_idx: 0, reverse_ctx_idx: 0,
      jsNodeId: '0_4-0', clerp: '', influence: expect.closeTo(0.498645, 6), activation: 1,
    });
    expect(file.nodes.map((node) => node['node_id'])).toEqual(['0_4_0', '1_7_1', 'E_11_0', 'E_12_1', '3_20_1', '3_21_1']);
    expect(file.nodes[4]).toMatchObject({ feature_type: 'logit', layer: '3', token_prob: 0.7, is_target_logit: true, clerp: 'Output "yes" (p=0.700)', jsNodeId: 'L_20-1', influence: null });
    expect(file.links).toContainEqual({ source: 'E_12_1', target: '1_7_1', weight: -1 });
    expect(file.links).toHaveLength(8);
  });

  it('comes back as it was', async () => {
    for (const graph of [goldenGraph(), largeGraph(300, 3000)]) {
      const path = join(folder, 'graph.json');
      writeFileSync(path, written(graph));
      const read = await readGraphFile(path);
      const expected = graphInfluence(graph);
      // Nodes that nothing reads are not written.
      const present = [...graph.nodes.kind.keys()].filter((node) => expected.node[node]! > 0 || graph.nodes.kind[node]! >= 2);
      expect(Array.from(read.graph.nodes.kind, (_, i) => nodeId(read.graph, i))).toEqual(present.map((node) => nodeId(graph, node)));
      const [a, b] = [adjacencyMatrix(graph), adjacencyMatrix(read.graph)];
      const [n, m] = [graph.nodes.kind.length, present.length];
      expect(b).toEqual(Float32Array.from({ length: m * m }, (_, i) => a[present[Math.floor(i / m)]! * n + present[i % m]!]!));
      expect(read.graph).toMatchObject({ layers: graph.layers, prompt: graph.prompt, targets: graph.targets, tokens: graph.tokens });
      Array.from(read.graph.probabilities).forEach((value, i) => expect(value).toBe(graph.probabilities[i]));
      present.forEach((node, i) => graph.nodes.kind[node]! < 3 && expect(read.cumulative![i]).toBe(expected.cumulative[node]));
      expect(read.remarks).toEqual([]);
    }
  });

  it('keeps labels, pinned nodes and supernodes', () => {
    const pinned = { nodes: [0, 1, 7], supernodes: [{ label: 'a group', nodes: [0, 1] }] };
    const { graph, labels, qParams } = readGraphText(written(goldenGraph(), undefined, { pinned, labels: new Map([['1/7', 'a "label"']]) }));
    expect(labels).toEqual(new Map([['1/7', 'a "label"']]));
    expect(subgraphOf(graph, qParams)).toMatchObject(pinned);
  });

  it('keeps the influence of the whole graph when it holds a part', () => {
    const graph = goldenGraph();
    const part = readGraphText(written(graph, { node: 0.6, edge: 0.9 }));
    const influence = graphInfluence(part.graph, part.cumulative);
    const kept = Array.from(pruneGraph(part.graph, influence, { node: 0.4, edge: 1 }).nodes);
    // f1 crosses 0.28, f0 0.4986: the one that crosses is kept (trap T14).
    expect(kept.slice(0, 2)).toEqual([1, 1]);
    expect(Array.from(pruneGraph(part.graph, influence, { node: 0.2, edge: 1 }).nodes).slice(0, 2)).toEqual([0, 1]);
  });
});

describe('ids that a feature and an error share', () => {
  // Feature 1 of layer 0 and the error of layer 1, both at position 1.
  const node = (feature_type: string, layer: string, id: string, more: object = {}): object => ({ node_id: id, feature: 0, layer, ctx_idx: 1, feature_type, jsNodeId: 'x', ...more });
  const nodes = [node('cross layer transcoder', '0', '0_1_1'), node('mlp reconstruction error', '1', '0_1_1'), node('cross layer transcoder', '1', '1_5_1'), node('embedding', 'E', 'E_3_1'), node('logit', '3', '3_9_1', { token_prob: 0.5 })];
  const read = (links: object[]): ReturnType<typeof readGraphText> => readGraphText(JSON.stringify({ metadata: {}, qParams: {}, nodes, links }));
  const matrix = (links: object[]): { row: (target: number) => number[]; remarks: readonly string[] } => {
    const { graph, remarks } = read(links);
    const flat = adjacencyMatrix(graph);
    return { row: (target) => Array.from(flat.subarray(5 * target, 5 * target + 5)), remarks };
  };

  it('are told apart by what a link can be, and by order', () => {
    const { row, remarks } = matrix([
      { source: 'E_3_1', target: '0_1_1', weight: 2 },
      { source: '0_1_1', target: '1_5_1', weight: 3 },
      { source: '0_1_1', target: '3_9_1', weight: 4 },
      { source: '0_1_1', target: '3_9_1', weight: 5 },
    ]);
    // Order: feature 0/1, feature 1/5, error, token, logit.
    expect(row(0)).toEqual([0, 0, 0, 2, 0]);
    expect(row(1)).toEqual([3, 0, 0, 0, 0]);
    expect(row(4)).toEqual([4, 0, 5, 0, 0]);
    expect(remarks).toEqual([]);
  });

  it('say so when nothing tells', () => {
    const { row, remarks } = matrix([{ source: '0_1_1', target: '3_9_1', weight: 4 }]);
    expect(row(4)).toEqual([4, 0, 0, 0, 0]);
    expect(remarks).toEqual([expect.stringContaining('1 links come from an id that a feature and an error share')]);
  });

  it('have names of their own inside', () => {
    const { graph } = read([]);
    expect([0, 1, 2, 3, 4].map((i) => nodeId(graph, i))).toEqual(['0_1_1', '1_5_1', 'ERR_1_1', 'E_3_1', '3_9_1']);
    expect(fileId(graph, 2)).toBe('0_1_1');
  });
});

it('reads Neuronpedia additions, links before nodes, and any chunking', async () => {
  const text = JSON.stringify({
    links: [{ source: 'E_3_0', target: '1_5_0', weight: 1.5 }],
    qk_only_nodes: [{ a: [1, '}]"'] }],
    metadata: { info: { description: 'x' }, prompt_tokens: ['<b>', 'é{["\\'], prompt: 'p' },
    nodes: [
      { node_id: '1_5_0', feature: 26, layer: 1, ctx_idx: 0, feature_type: 'lorsa', influence: 0.5, qk_tracing_results: { pair_wise_contributors: [[1, 2, 0.5]] } },
      { node_id: 'E_3_0', feature: 0, layer: 'E', ctx_idx: 0, feature_type: 'embedding' },
    ],
    qParams: {},
  }, undefined, 1);
  const whole = readGraphText(text);
  expect(whole.graph.tokens).toEqual({ ids: [3, -1], texts: ['<b>', 'é{["\\'] });
  expect(Array.from(whole.graph.edges.weight)).toEqual([1.5]);
  const { JsonPieces } = await import('../../../../src/algorithmic/attributionGraph/interchange/pieces.ts');
  for (const size of [1, 2, 3, 7, 64]) {
    const pieces: string[] = [];
    const cut = new JsonPieces({ streamed: new Set(['nodes', 'links']), begin: () => undefined, element: (member, piece) => pieces.push(`${member} ${piece}`), member: (name, piece) => pieces.push(`${name} ${piece}`) });
    const bytes = Buffer.from(text);
    for (let at = 0; at < bytes.length; at += size) cut.push(bytes.subarray(at, at + size));
    cut.end();
    expect(pieces.map((piece) => piece.slice(0, piece.indexOf(' ')))).toEqual(['links', 'qk_only_nodes', 'metadata', 'nodes', 'nodes', 'qParams']);
    for (const piece of pieces) JSON.parse(piece.slice(piece.indexOf(' ')));
  }
});

describe('hostile files', () => {
  const node = { node_id: '0_1_0', feature: 2, layer: '0', ctx_idx: 0, feature_type: 'cross layer transcoder' };
  const token = { node_id: 'E_1_0', feature: 0, layer: 'E', ctx_idx: 0, feature_type: 'embedding' };
  const file = (nodes: unknown, links: unknown): string => JSON.stringify({ metadata: {}, qParams: {}, nodes, links });
  const link = { source: 'E_1_0', target: '0_1_0', weight: 1 };

  it.each<[string, string, string, RegExp]>([
    ['nothing', '', 'parse', /too early/],
    ['no object', '[]', 'parse', /object is expected/],
    ['half a file', file([node], [link]).slice(0, 150), 'parse', /too early/],
    ['text behind the end', `${file([node, token], [link])} x`, 'parse', /Unexpected text/],
    ['no links', '{"nodes":[{"node_id":"E_1_0","layer":"E","ctx_idx":0,"feature_type":"embedding"}]}', 'parse', /no "links"/],
    ['nodes that are no list', '{"nodes":{},"links":[]}', 'parse', /list is expected/],
    ['a node that is no object', file([1], [link]), 'parse', /node is an object/],
    ['an unknown kind', file([{ ...node, feature_type: 'x' }], [link]), 'parse', /not a kind of node/],
    ['a position that would fill memory', file([{ ...node, ctx_idx: 2e9 }], [link]), 'parse', /position/],
    ['a layer that is no number', file([{ ...node, layer: 'abc' }], [link]), 'parse', /whole number/],
    ['a link without ends', file([node], [{ weight: 1 }]), 'parse', /ids of its source/],
    ['a weight that is not finite', file([node, token], [link]).replace('"weight":1', '"weight":1e999'), 'parse', /finite/],
    ['NaN', file([node, token], [link]).replace('"weight":1', '"weight":NaN'), 'parse', /not valid JSON/],
    ['a weight beyond single precision', file([node, token], [{ ...link, weight: 1e300 }]), 'parse', /finite/],
    ['a dangling link', file([node, token], [link, { ...link, source: '5_5_5' }]), 'parse', /A link names a node.*5_5_5.*with repairs/],
    ['a duplicate id', file([node, node, token], [link]), 'parse', /Two nodes have the id 0_1_0.*with repairs/],
    ['trailing commas', '{"nodes":[1,],"links":[]}', 'parse', /node is an object|value is expected/],
    ['deep nesting', `{"metadata":${'['.repeat(100)}`, 'memory', /nested/],
    ['nodes twice', '{"nodes":[],"nodes":[],"links":[]}', 'parse', /twice/],
    ['members twice', '{"metadata":{},"metadata":{},"nodes":[],"links":[]}', 'parse', /twice/],
  ])('%s', (_, text, reason, message) => {
    let error: unknown;
    try {
      readGraphText(text);
    } catch (thrown) {
      error = thrown;
    }
    expect(MechanistError.is(error, reason as 'parse')).toBe(true);
    expect((error as MechanistError).message).toMatch(message);
  });

  it('are opened with repairs, which are told', () => {
    const { graph, remarks } = readGraphText(file([node, { ...node, layer: '1' }, token], [link, { ...link, source: '5_5_5' }]), { repair: true });
    expect(graph.counts).toMatchObject({ feature: 1, token: 1 });
    expect(graph.edges.source).toHaveLength(1);
    expect(remarks).toEqual([expect.stringContaining('A node was left out'), expect.stringContaining('A link names a node')]);
  });

  it('are refused above the limits, with the limit', async () => {
    const path = join(folder, 'large.json');
    writeFileSync(path, file([node, token], [link, link]));
    await expect(readGraphFile(path, { maxBytes: 100 })).rejects.toThrowError(expect.objectContaining({ reason: 'memory' }));
    await expect(readGraphFile(path, { maxNodes: 1 })).rejects.toThrowError(/more than 1 nodes/);
    await expect(readGraphFile(path, { maxLinks: 1 })).rejects.toThrowError(/more than 1 links/);
    await expect(readGraphFile(join(folder, 'none.json'))).rejects.toThrowError(expect.objectContaining({ reason: 'not-found' }));
  });
});

describe('saved subgraphs', () => {
  const graph = goldenGraph();

  it('come back as they were', () => {
    const saved = { nodes: [0, 1, 4, 8], supernodes: [{ label: 'both', nodes: [0, 1] }], labels: new Map([['0/4', 'first'], ['1/7', 'second']]), pruningThreshold: 0.8, densityThreshold: 0.99 };
    expect(readSubgraph(graph, subgraphJson(graph, saved))).toEqual(saved);
  });

  it('are refused when they are of another graph', () => {
    expect(() => readSubgraph(graph, '{"pinnedIds":["7_7_7"]}')).toThrowError(/lacks 1 of the nodes.*7_7_7/);
    expect(() => readSubgraph(graph, '{"pinnedIds":{}}')).toThrowError(/list is expected/);
    expect(() => readSubgraph(graph, '[]')).toThrowError(/object is expected/);
  });
});
