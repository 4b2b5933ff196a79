/** Fuzz target: reading an attribution graph file, with and without repairs, and the pinned nodes in it. */
import { graphInfluence } from '../../src/algorithmic/attributionGraph/influence.ts';
import { subgraphOf } from '../../src/algorithmic/attributionGraph/interchange/pinned.ts';
import { readGraphText } from '../../src/algorithmic/attributionGraph/interchange/readGraph.ts';
import { graphFile } from '../../src/algorithmic/attributionGraph/interchange/writeGraph.ts';
import { pruneGraph } from '../../src/algorithmic/attributionGraph/prune.ts';
import { goldenGraph } from '../support/attributionGraphs.ts';
import { onlyTypedErrors } from './target.ts';

export const fuzz = onlyTypedErrors((data) => {
  const { graph, cumulative, qParams } = readGraphText(data.toString('utf8'), { repair: data.length % 2 === 0, maxNodes: 1000, maxLinks: 1000 });
  pruneGraph(graph, graphInfluence(graph, cumulative));
  subgraphOf(graph, qParams);
});

export function seeds(): readonly Uint8Array[] {
  const graph = goldenGraph();
  const influence = graphInfluence(graph);
  const whole = pruneGraph(graph, influence, { node: 1, edge: 1 });
  const written = [...graphFile(graph, influence, whole, { slug: 's', scan: 'x', pinned: { nodes: [0, 1], supernodes: [{ label: 'g', nodes: [0] }] } })].join('');
  const neuronpedia = '{"links":[{"source":"E_3_0","target":"1_5_0","weight":1.5}],"qk_only_nodes":[{}],"metadata":{"prompt_tokens":["a"]},"nodes":[{"node_id":"1_5_0","feature":26,"layer":1,"ctx_idx":0,"feature_type":"lorsa","influence":0.5},{"node_id":"E_3_0","layer":"E","ctx_idx":0,"feature_type":"embedding"}]}';
  return [Buffer.from(written), Buffer.from(neuronpedia), Buffer.from('{"nodes":[],"links":[]}')];
}
