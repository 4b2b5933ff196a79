/** `graph.export` and `graph.pinned`: graphs and their pinned parts as files. */
import { extname, isAbsolute } from 'node:path';
import { scanOf } from '../../../algorithmic/attributionGraph/featureLayers.ts';
import { graphFile } from '../../../algorithmic/attributionGraph/interchange/writeGraph.ts';
import { nodeId } from '../../../algorithmic/attributionGraph/interchange/nodeIds.ts';
import { readSubgraph, subgraphJson } from '../../../algorithmic/attributionGraph/interchange/pinned.ts';
import { requireNode } from '../../../algorithmic/attributionGraph/queries/neighbours.ts';
import type { OpenGraph } from '../../../algorithmic/attributionGraph/queries/openGraph.ts';
import { targetsOf } from '../../../algorithmic/attributionGraph/prune.ts';
import type { Pruned, Thresholds } from '../../../algorithmic/attributionGraph/prune.ts';
import { MechanistError } from '../../../engine/errors.ts';
import { isJsonMap } from '../../../engine/formats/json.ts';
import type { JsonValue } from '../../../engine/formats/json.ts';
import { writeFileAtomically } from '../../../engine/formats/atomicFile.ts';
import type { ParsedParams } from '../../../protocol/methods.ts';
import type { PinnedSubgraph } from '../../../protocol/methods/graph.ts';
import type { GraphExport } from '../../../protocol/methods/graphResults.ts';
import type { Session } from '../../session.ts';
import { graphsOf } from './shelf.ts';
import type { ShelvedGraph } from './shelf.ts';

/** Errors: `not-found`; `argument` for nodes that the graph lacks, a relative path, or a format that needs pinned nodes; `memory` for a text above 32 MiB. */
export function graphExport(session: Session, params: ParsedParams<'graph.export'>): GraphExport {
  const shelved = graphsOf(session).get(params.graph);
  for (const node of [...(params.pinned?.nodes ?? []), ...(params.pinned?.supernodes.flatMap(({ nodes }) => nodes) ?? [])]) requireNode(shelved.open, node);
  const pieces = piecesOf(shelved, params);
  const { path } = params;
  if (path === undefined) {
    const text = joined(pieces);
    return { text, path: undefined, bytes: Buffer.byteLength(text) };
  }
  const wanted = params.format === 'csv' ? '.csv' : '.json';
  if (!isAbsolute(path) || path.includes('\0') || extname(path) !== wanted) throw new MechanistError('argument', `An absolute path that ends in ${wanted} is expected.`, { file: path });
  let bytes = 0;
  writeFileAtomically(path, (function* counted() {
    for (const piece of pieces) {
      const encoded = Buffer.from(piece);
      bytes += encoded.byteLength;
      yield encoded;
    }
  })());
  return { text: undefined, path, bytes };
}

/** Errors: `not-found`; those of `readSubgraph`. */
export function graphPinned(session: Session, params: ParsedParams<'graph.pinned'>): PinnedSubgraph {
  const { open, pinned } = graphsOf(session).get(params.graph);
  const found = params.text === undefined ? { ...pinned, labels: new Map<string, string>() } : readSubgraph(open.graph, params.text);
  for (const [key, label] of found.labels) open.labels.set(key, label);
  return { nodes: [...found.nodes], supernodes: found.supernodes.map(({ label, nodes }) => ({ label, nodes: [...nodes] })) };
}

const largestText = 32 * 2 ** 20;

function piecesOf({ open, summary, made, read }: ShelvedGraph, { format, thresholds, pinned, slug }: ParsedParams<'graph.export'>): Iterable<string> {
  const { graph, influence, labels } = open;
  switch (format) {
    case 'subgraph':
      if (pinned === undefined) throw new MechanistError('argument', 'A saved subgraph is made of pinned nodes.', { field: 'pinned' });
      return [subgraphJson(graph, { ...pinned, labels, pruningThreshold: thresholds.node, densityThreshold: undefined })];
    case 'csv': return csv(open, open.pruned(thresholds));
    case 'circuit-tracer': return graphFile(graph, influence, open.pruned(thresholds), {
      slug: slug ?? summary.title.replaceAll(/\W+/g, '-').slice(0, 60).toLowerCase(), scan: summary.source.kind === 'file' ? summary.source.scan : scanOf(made!.transcoders),
      labels, ...nodeThreshold(thresholds), ...(pinned === undefined ? {} : { pinned }),
      ...(read === undefined ? {} : { types: read.types }),
      metadata: summary.source.kind === 'file' ? (plain(read!.metadata) as Record<string, unknown>) : { info: { generator: { name: 'Mechanist' } }, generation_settings: { model_hash: summary.source.modelHash, transcoder_hashes: summary.source.setHashes } },
    });
  }
}

/** Parsed JSON as plain data. */
function plain(value: JsonValue): unknown {
  if (isJsonMap(value)) return Object.fromEntries(Array.from(value, ([key, member]) => [key, plain(member)]));
  return Array.isArray(value) ? value.map(plain) : value;
}

function nodeThreshold({ node }: Thresholds): { nodeThreshold?: number } {
  return node === undefined ? {} : { nodeThreshold: node };
}

/** Kept edges, one per line, with what their ends are called. */
function* csv(open: OpenGraph, pruned: Pruned): Generator<string> {
  const quoted = (text: string): string => `"${text.replaceAll('"', '""')}"`;
  yield 'source,target,weight,share,source label,target label\n';
  const targets = targetsOf(open.graph, pruned.edges);
  for (const [i, edge] of pruned.edges.entries()) {
    const [source, target] = [open.graph.edges.source[edge]!, targets[i]!];
    const weight = open.graph.edges.weight[edge]!;
    const share = Math.abs(weight) / Math.max(open.influence.sums[target]!, 1e-10);
    yield `${nodeId(open.graph, source)},${nodeId(open.graph, target)},${weight},${share},${quoted(open.labelOf(source))},${quoted(open.labelOf(target))}\n`;
  }
}

function joined(pieces: Iterable<string>): string {
  let text = '';
  for (const piece of pieces) {
    text += piece;
    if (text.length > largestText) throw new MechanistError('memory', `The text would exceed ${largestText / 2 ** 20} MiB.`, { hint: 'Write it to a file, or raise the thresholds.' });
  }
  return text;
}
