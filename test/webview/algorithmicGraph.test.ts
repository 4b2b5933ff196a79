import { describe, expect, it } from 'vitest';
import type { GraphNode, GraphView } from '../../src/protocol/methods/graphResults.ts';
import { edgesOf, sortNodes } from '../../webview-ui/algorithmic/graph/graphList.ts';
import { layoutGraph, nodeAt, nodeBeside, nodeRadius, rowOf } from '../../webview-ui/algorithmic/graph/layout.ts';
import { nodeName, nodeText, targetProbability } from '../../webview-ui/algorithmic/graph/nodeText.ts';
import { sceneSvg, strokesOf } from '../../webview-ui/algorithmic/graph/painter.ts';
import { sceneOf } from '../../webview-ui/algorithmic/graph/scene.ts';
import { controlChart, pinnedDrawing, scatterChart } from '../../webview-ui/algorithmic/graph/viewModel.ts';
import { graphNodes, graphView, intervention, node } from './algorithmicData.ts';
import { palette } from './palette.ts';

const words = ['<bos>', 'When', '·Mary', '·gave'];
const layout = layoutGraph(graphView, 4, 2, 600, 400);
const at = (index: number) => ({ x: layout.x[index]!, y: layout.y[index]! });

describe('the layout of a graph', () => {
  it('has layers upwards, tokens at the bottom, logits on top', () => {
    expect(at(4).y > at(1).y && at(1).y > at(2).y && at(2).y > at(0).y).toBe(true);
    expect(graphNodes.map((one) => rowOf(one, 2))).toEqual([3, 1, 2, 1, 0, 1]);
  });

  it('has positions from left to right', () => {
    expect(at(1).x < at(3).x && at(3).x < at(2).x).toBe(true);
    expect(layout.columns.map(({ at: middle }) => middle)).toEqual(layout.columns.map(({ at: middle }) => middle).toSorted((a, b) => a - b));
  });

  it('draws no two nodes in one place, even where a cell is crowded, and all inside', () => {
    const crowd: GraphView = { ...graphView, nodes: Array.from({ length: 60 }, (_, index) => node(index, { position: 2, layer: 0, influence: (index * 7) % 60 })), sources: new Uint32Array(), targets: new Uint32Array(), weights: new Float32Array() };
    const places = layoutGraph(crowd, 4, 2, 600, 400);
    const seen = new Set(Array.from(places.x, (x, index) => `${x.toFixed(2)} ${places.y[index]!.toFixed(2)}`));
    expect(seen.size).toBe(60);
    expect(places.x.every((x) => x >= nodeRadius && x <= 600 - nodeRadius) && places.y.every((y) => y >= nodeRadius && y <= 400 - nodeRadius)).toBe(true);
  });

  it('finds the node under a point and none where there is none', () => {
    expect(graphNodes.map((_, index) => nodeAt(layout, at(index)))).toEqual([0, 1, 2, 3, 4, 5]);
    expect(nodeAt(layout, { x: 1, y: 1 })).toBeUndefined();
  });

  it.each([
    [undefined, 'ArrowUp', 0], [4, 'ArrowUp', 3], [1, 'ArrowUp', 2], [2, 'ArrowUp', 0], [2, 'ArrowDown', 3], [0, 'ArrowUp', undefined], [4, '[', undefined], [1, ']', 2], [1, 'x', undefined],
  ])('from node %s the key %s leads to %s', (from, key, to) => {
    const next = nodeBeside(layout, graphNodes, 2, from, key);
    if (to === 3) expect([3, 5]).toContain(next);
    else expect(next).toBe(to);
  });

  it('reaches every node of a layer by the arrow keys', () => {
    const reached: number[] = [1];
    for (let next = nodeBeside(layout, graphNodes, 2, 1, 'ArrowRight'); next !== undefined; next = nodeBeside(layout, graphNodes, 2, next, 'ArrowRight')) reached.push(next);
    expect(reached.toSorted((a, b) => a - b)).toEqual([1, 3, 5]);
  });
});

it('a probability stands with the token whose it is', () => {
  expect([targetProbability(' Mary', 0.97), targetProbability(' Mary − John', 0.97)]).toEqual(['␣Mary 97 %', '␣Mary − John, ␣Mary 97 %']);
});

describe('what is drawn of a graph', () => {
  const options = { tokens: words, layers: 2, pinned: new Set([2]), selected: undefined, hovered: undefined };

  it('is every edge at rest, the strongest last, with sign', () => {
    const { edges, nodes } = sceneOf(graphView, layout, options);
    expect(edges.map(({ strength, negative }) => [Math.round(strength * 12), negative])).toEqual([[1, false], [2, true], [4, false], [8, false], [12, false]]);
    expect(nodes.map(({ state }) => state)).toEqual(['plain', 'plain', 'pinned', 'plain', 'plain', 'plain']);
  });

  it('is only the edges of the chosen node, others dimmed', () => {
    const { edges, nodes } = sceneOf(graphView, layout, { ...options, selected: 1 });
    expect(edges).toHaveLength(2);
    expect(nodes.map(({ state }) => state)).toEqual(['dimmed', 'linked', 'pinned', 'dimmed', 'linked', 'dimmed']);
  });

  it('never is more than the view holds, and at rest a bounded part of it', () => {
    const count = 40_000;
    const many: GraphView = { ...graphView, sources: new Uint32Array(count).fill(1), targets: new Uint32Array(count).fill(2), weights: Float32Array.from({ length: count }, (_, index) => count - index) };
    expect(sceneOf(many, layout, options).edges.length).toBeLessThan(2000);
  });

  it('can leave as a file in which tokens are text', () => {
    const svg = sceneSvg(sceneOf(graphView, layout, { ...options, tokens: ['<b>&', 'a', 'b', 'c'] }), palette);
    expect(svg).toContain('&lt;b&gt;&amp;');
    expect(svg.match(/<circle/g)).toHaveLength(3);
    expect(svg.match(/stroke-dasharray/g)).toHaveLength(1);
  });
});

it('edges are stroked in a few groups of one sign and about one strength, the weakest first', () => {
  const edges = Array.from({ length: 1000 }, (_, i) => ({ x1: 0, y1: 0, x2: 1, y2: 1, width: 0.4 + (3 * i) / 999, negative: i % 3 === 0, strength: i / 999 }));
  const strokes = strokesOf(edges);
  expect(strokes.length).toBeLessThanOrEqual(24);
  expect(strokes.reduce((sum, [, ...members]) => sum + members.length, 0)).toBe(1000);
  for (const [style, ...members] of strokes) for (const member of members) {
    expect(member.negative).toBe(style.negative);
    expect(Math.abs(member.strength - style.strength)).toBeLessThan(0.09);
  }
  const strengths = strokes.map(([style]) => Math.floor(12 * style.strength));
  expect(strengths).toEqual(strengths.toSorted((a, b) => a - b));
});

describe('the pinned part', () => {
  it('adds up the edges of a group', () => {
    const { nodes, edges } = pinnedDrawing(graphView, { nodes: [0, 1, 2, 5], supernodes: [{ label: 'names', nodes: [1, 5] }] }, 2);
    expect(nodes.map(({ label, kind }) => [label, kind])).toEqual(expect.arrayContaining([['names', 'group'], ['L1 #102', 'feature'], ['△ ␣Mary', 'logits']]));
    expect(edges.map(({ from, to, weight }) => [from, to, weight])).toEqual([['2', '0', 3], ['group:names', '2', 2.25]]);
  });

  it('leaves out what the view does not hold', () => {
    expect(pinnedDrawing(graphView, { nodes: [99], supernodes: [{ label: 'gone', nodes: [98] }] }, 2)).toMatchObject({ nodes: [], edges: [] });
  });
});

describe('an intervention', () => {
  const value = { result: intervention, nodes: [2], change: { kind: 'ablate' }, measure: 'model' } as const;

  it('lays measured beside predicted, with the line on which they agree', () => {
    const { series } = scatterChart(value);
    expect(series.map(({ name, role }) => [name, role])).toEqual([['features', 'main'], ['logits', 'category'], ['agreement', 'control']]);
    expect(series[2]).toMatchObject({ x: [-3, 2], y: [-3, 2] });
  });

  it('stands beside random features put to the same change', () => {
    const { series } = controlChart(value);
    expect(series.map(({ role, y }) => [role, y.length])).toEqual([['main', 1], ['control', 2]]);
  });
});

describe('the list of a graph', () => {
  it('has the drawn edges of a node, the strongest first', () => {
    const { inputs, outputs } = edgesOf(graphView, 2);
    const said = (edges: typeof inputs) => edges.map(({ node: { node: end }, weight }) => [end, weight]);
    expect(said(inputs)).toEqual([[1, 2], [3, -0.5], [5, 0.25]]);
    expect(said(outputs)).toEqual([[0, 3]]);
  });

  it.each([['influence', true, [0, 1, 2]], ['layer', false, [4, 1, 3]], ['position', true, [0, 2, 3]], ['label', true, [0, 4, 1]], ['activation', true, [1, 2, 5]]] as const)('is sorted by %s', (by, descending, first) => {
    const sorted = sortNodes(graphNodes, { by, descending }).map(({ node: index }) => index);
    expect(sorted.slice(0, 3)).toEqual(first);
  });

  it('says of each node what it is and where', () => {
    expect(graphNodes.map(nodeName)).toEqual(['△ ␣Mary', 'L0 #101', 'L1 #102', 'error L0', '␣Mary', 'L0 #105']);
    expect(nodeName({ ...graphNodes[0]!, label: '·Mary − ·John' })).toBe('△ ␣Mary − ␣John');
    expect(nodeText(graphNodes[1]!, words)).toBe('L0 #101 · names · at 1 When · active 2.0 · influence 0.5 · within the first 50 % of it');
    const logit: GraphNode = graphNodes[0]!;
    expect(nodeText(logit, words)).toContain('.900');
  });
});
