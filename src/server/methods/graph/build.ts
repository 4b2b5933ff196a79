/** `graph.build`, `graph.open`, `graph.close`, `graph.list`: graphs come and go. */
import { basename } from 'node:path';
import { buildGraph } from '../../../algorithmic/attributionGraph/build.ts';
import { hashesOf } from '../../../algorithmic/attributionGraph/featureLayers.ts';
import { nodeCount } from '../../../algorithmic/attributionGraph/graph.ts';
import { subgraphOf } from '../../../algorithmic/attributionGraph/interchange/pinned.ts';
import type { Pinned } from '../../../algorithmic/attributionGraph/interchange/pinned.ts';
import { readGraphFile } from '../../../algorithmic/attributionGraph/interchange/readGraph.ts';
import type { ReadGraph } from '../../../algorithmic/attributionGraph/interchange/readGraph.ts';
import { promptTokens, tokenTexts } from '../../../algorithmic/attributionGraph/promptTokens.ts';
import { OpenGraph } from '../../../algorithmic/attributionGraph/queries/openGraph.ts';
import { graphScores } from '../../../algorithmic/attributionGraph/scores.ts';
import { MechanistError } from '../../../engine/errors.ts';
import { i64 } from '../../../engine/tensor.ts';
import type { ParsedParams } from '../../../protocol/methods.ts';
import type { GraphSummary } from '../../../protocol/methods/graphResults.ts';
import { checkedPath } from '../../paths.ts';
import { running } from '../../running.ts';
import type { Job } from '../../scheduler.ts';
import type { Session } from '../../session.ts';
import { whileWaiting } from '../../waiting.ts';
import { shownText } from './nodes.ts';
import { setOf } from './sets.ts';
import { graphsOf } from './shelf.ts';

/** Errors: `unsupported` for a model without tokenizer; those of `setOf` and `buildGraph`. */
export async function* graphBuild(session: Session, params: ParsedParams<'graph.build'>, signal: AbortSignal): Job<GraphSummary> {
  const shelf = graphsOf(session);
  const key = shelf.newKey();
  const model = session.model(params.model);
  const { tokenizer } = model;
  const ids = promptTokens(tokenizer, params.text);
  const { path, transcoders } = yield* whileWaiting(setOf(session, model, params.set, params), { stage: 'transcoders', done: 0, of: 1 });
  const built = yield* running(model, 'features', signal, (progress) => buildGraph(model.model, model.runtime, transcoders, {
    ...progress, inputs: new Map([['input_ids', i64([1, ids.length], ids)]]), target: params.target, maxFeatures: params.maxFeatures,
    textOf: tokenTexts(tokenizer), prompt: params.text,
  }));
  yield { stage: 'assembling', done: 0, of: 1 };
  const open = new OpenGraph(built.graph);
  const scores = graphScores(built.graph, open.influence);
  const summary: GraphSummary = {
    ...described(open, key, params.text), active: built.active.feature.length, leftOut: { firstPosition: built.active.ignored },
    scores: scores && { replacement: scores.replacement, completeness: { reference: scores.completeness, restricted: scores.completenessRestricted } },
    source: { kind: 'built', model: params.model, modelHash: await model.model.hash(), set: path, setHashes: hashesOf(transcoders), target: params.target, maxFeatures: params.maxFeatures },
    remarks: [],
  };
  return shelf.add({ open, summary, made: { model, transcoders, built, set: path }, read: undefined, pinned: nothing });
}

/** Errors: `argument` for a relative path; those of `readGraphFile`. */
export async function* graphOpen(session: Session, params: ParsedParams<'graph.open'>, signal: AbortSignal): Job<GraphSummary> {
  const shelf = graphsOf(session);
  const key = shelf.newKey();
  const path = await checkedPath(params.path, 'file');
  const progress = { stage: 'reading', done: 0, of: 1 };
  const onProgress = (done: number, of: number): void => void Object.assign(progress, { done, of });
  const read = yield* whileWaiting(readGraphFile(path, { signal, onProgress, repair: params.repair }), progress);
  yield { stage: 'assembling', done: 0, of: 1 };
  const open = new OpenGraph(read.graph, { cumulative: read.cumulative, labels: read.labels });
  const [slug, scan] = ['slug', 'scan'].map((name) => read.metadata.get(name));
  const { pinned, remarks } = pinnedOf(read);
  const summary: GraphSummary = {
    ...described(open, key, typeof slug === 'string' && slug !== '' ? slug : basename(path)), active: undefined, leftOut: undefined, scores: undefined,
    source: { kind: 'file', path, scan: typeof scan === 'string' ? scan : '' }, remarks: [...read.remarks, ...remarks],
  };
  return shelf.add({ open, summary, made: undefined, read, pinned });
}

/** Errors: `not-found`. */
export function graphClose(session: Session, params: ParsedParams<'graph.close'>): null {
  graphsOf(session).close(params.graph);
  return null;
}

export function graphList(session: Session): readonly GraphSummary[] {
  return graphsOf(session).list();
}

const nothing: Pinned = { nodes: [], supernodes: [] };

/** Pinned nodes of a file; when it pins what it does not hold, none, with a remark. */
function pinnedOf({ graph, qParams }: ReadGraph): { pinned: Pinned; remarks: string[] } {
  try {
    return { pinned: subgraphOf(graph, qParams), remarks: [] };
  } catch (error) {
    if (!MechanistError.is(error)) throw error;
    return { pinned: nothing, remarks: [`Pinned nodes were left out: ${error.statement}`] };
  }
}

function described(open: OpenGraph, key: string, title: string): Pick<GraphSummary, 'graph' | 'title' | 'prompt' | 'tokens' | 'targets' | 'layers' | 'nodes' | 'edges' | 'counts' | 'memory'> {
  const { graph } = open;
  const first = nodeCount(graph) - graph.counts.logit;
  return {
    graph: key, title, prompt: graph.prompt, tokens: graph.tokens.ids.map((id, i) => ({ id, text: shownText(graph.tokens.texts[i]!) })),
    targets: graph.targets.map((text, i) => ({ node: first + i, text: shownText(text), id: graph.nodes.feature[first + i]!, probability: graph.probabilities[i]! })),
    layers: graph.layers, nodes: nodeCount(graph), edges: graph.edges.source.length, counts: graph.counts, memory: open.memory,
  };
}
