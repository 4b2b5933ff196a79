/** Questions about a random graph of 100,000 nodes and 10 million edges: what a person waits for when a threshold moves. */
import { neighboursOf, searchNodes } from '../src/algorithmic/attributionGraph/queries/neighbours.ts';
import { OpenGraph, viewOf } from '../src/algorithmic/attributionGraph/queries/openGraph.ts';
import { largeGraph } from '../test/support/attributionGraphs.ts';
import { rounded } from './measure.ts';

export interface LargeGraphResult {
  readonly nodes: number;
  readonly edges: number;
  readonly memoryMiB: number;
  /** CPU milliseconds. A view at a threshold not seen before, and of the pages beside it. */
  readonly openMs: number;
  readonly viewMs: Readonly<Record<string, number>>;
  readonly neighboursMs: number;
  readonly searchMs: number;
}

export function benchLargeGraph(): LargeGraphResult {
  const graph = largeGraph(99_000, 1.07e7);
  const [open, openMs] = cpu(() => new OpenGraph(graph));
  const viewMs = Object.fromEntries([0.5, 0.6, 0.7, 0.8, 0.9].map((node) => [node, cpu(() => viewOf(open, { thresholds: { node, edge: 0.98 }, maxNodes: 400, maxEdges: 3000 }))[1]]));
  const columnsMs = cpu(() => open.columns)[1];
  const [, neighboursMs] = cpu(() => [10, 50_000, 98_000].map((node) => [neighboursOf(open, node, 'inputs'), neighboursOf(open, node, 'outputs')]));
  const [, searchMs] = cpu(() => searchNodes(open, 't3'));
  return {
    nodes: graph.nodes.kind.length, edges: graph.edges.source.length, memoryMiB: rounded(open.memory / 2 ** 20),
    openMs: rounded(openMs + columnsMs), viewMs, neighboursMs: rounded(neighboursMs / 3), searchMs,
  };
}

function cpu<T>(work: () => T): [T, number] {
  const before = process.cpuUsage();
  const result = work();
  const { user, system } = process.cpuUsage(before);
  return [result, rounded((user + system) / 1000)];
}
