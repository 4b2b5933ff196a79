/** Writing graphs as circuit-tracer and Neuronpedia read them (formats reference §2). */
import { kindOf } from '../graph.ts';
import type { AttributionGraph } from '../graph.ts';
import type { Influence } from '../influence.ts';
import { targetsOf } from '../prune.ts';
import type { Pruned } from '../prune.ts';
import { cantorPair } from './cantor.ts';
import { fileId } from './nodeIds.ts';
import type { Pinned } from './pinned.ts';

export interface GraphFileOptions {
  readonly slug: string;
  /** Identifies the transcoders; one name for all layers. */
  readonly scan: string;
  readonly transcoders?: readonly string[];
  readonly nodeThreshold?: number;
  readonly pinned?: Pinned;
  /** Labels of features by `layer/feature`. */
  readonly labels?: ReadonlyMap<string, string>;
  /** `feature_type` of nodes that have another one than circuit-tracer gives them. */
  readonly types?: ReadonlyMap<number, string>;
  /** What else `metadata` says, for instance how the graph was made. */
  readonly metadata?: Readonly<Record<string, unknown>>;
}

/** The kept part of a graph as JSON, in pieces: as a whole it may exceed the longest string. Numbers are those of float32. */
export function* graphFile(graph: AttributionGraph, influence: Influence, pruned: Pruned, options: GraphFileOptions): Generator<string> {
  const targets = targetsOf(graph, pruned.edges);
  const connected = new Uint8Array(graph.nodes.kind.length);
  pruned.edges.forEach((edge, i) => {
    connected[graph.edges.source[edge]!] = 1;
    connected[targets[i]!] = 1;
  });
  const { slug, scan, metadata, nodeThreshold, pinned } = options;
  const transcoders = options.transcoders ?? metadata?.['transcoder_list'] ?? [];
  yield `{"metadata":${JSON.stringify({
    ...metadata, slug, scan, transcoder_list: transcoders, prompt_tokens: graph.tokens.texts, prompt: graph.prompt, ...(nodeThreshold === undefined ? {} : { node_threshold: nodeThreshold }), schema_version: 1,
  })},\n"qParams":${JSON.stringify({
    pinnedIds: (pinned?.nodes ?? []).map((node) => fileId(graph, node)),
    supernodes: (pinned?.supernodes ?? []).map(({ label, nodes }) => [label, ...nodes.map((node) => fileId(graph, node))]),
    linkType: 'both', clickedId: '', sg_pos: '',
  })},\n"nodes":[`;
  let separator = '\n';
  for (let node = 0; node < connected.length; node++) {
    const always = kindOf(graph, node) === 'token' || kindOf(graph, node) === 'logit';
    if (pruned.nodes[node] === 0 || (connected[node] === 0 && !always)) continue;
    yield separator + JSON.stringify(nodeJson(graph, influence, node, options));
    separator = ',\n';
  }
  yield '\n],\n"links":[';
  separator = '\n';
  const shared = sharedIds(graph, pruned.nodes);
  for (const [i, edge] of pruned.edges.entries()) {
    const source = graph.edges.source[edge]!;
    const id = fileId(graph, source);
    // Ours alone: readers that do not know it take the first of two links for the feature's.
    const kind = shared.has(id) ? `,"source_kind":"${kindOf(graph, source)}"` : '';
    yield `${separator}{"source":"${id}","target":"${fileId(graph, targets[i]!)}","weight":${graph.edges.weight[edge]!}${kind}}`;
    separator = ',\n';
  }
  yield '\n]}\n';
}

/** Ids that a kept feature and a kept error have in common. */
function sharedIds(graph: AttributionGraph, kept: Uint8Array): Set<string> {
  const errors = new Set<string>();
  const shared = new Set<string>();
  for (let node = kept.length - 1; node >= 0; node--) {
    if (kept[node] === 0) continue;
    if (kindOf(graph, node) === 'error') errors.add(fileId(graph, node));
    else if (kindOf(graph, node) === 'feature' && errors.has(fileId(graph, node))) shared.add(fileId(graph, node));
  }
  return shared;
}

function nodeJson(graph: AttributionGraph, influence: Influence, node: number, { labels, types }: GraphFileOptions): Record<string, unknown> {
  const { layer, position, feature, activation } = graph.nodes;
  const [l, p, f] = [layer[node]!, position[node]!, feature[node]!];
  const common = { node_id: fileId(graph, node), ctx_idx: p, run_idx: 0, reverse_ctx_idx: 0, influence: influence.cumulative[node]!, token_prob: 0, is_target_logit: false };
  switch (kindOf(graph, node)) {
    case 'feature': return {
      ...common, feature: cantorPair(l, f), layer: String(l), feature_type: types?.get(node) ?? 'cross layer transcoder', jsNodeId: `${l}_${f}-0`, clerp: labels?.get(`${l}/${f}`) ?? '',
      ...(Number.isNaN(activation[node]!) ? {} : { activation: activation[node]! }),
    };
    case 'error': return { ...common, feature: -1, layer: String(l), feature_type: types?.get(node) ?? 'mlp reconstruction error', jsNodeId: `${l}_${p}-0`, clerp: '' };
    case 'token': return { ...common, feature: p, layer: 'E', feature_type: 'embedding', jsNodeId: `E_${f}-${p}`, clerp: '' };
    case 'logit': {
      const index = node - (graph.nodes.kind.length - graph.counts.logit);
      const probability = graph.probabilities[index]!;
      return {
        ...common, feature: f, layer: String(graph.layers + 1), feature_type: 'logit', jsNodeId: `L_${f}-${p}`, influence: null, token_prob: probability, is_target_logit: index === 0,
        clerp: `Output "${graph.targets[index]!}" (p=${probability.toFixed(3)})`,
      };
    }
  }
}
