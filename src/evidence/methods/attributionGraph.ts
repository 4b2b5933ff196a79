/** Attribution graphs: how much of the influence on an answer runs through some features, and what changing them does. */
import { buildGraph } from '../../algorithmic/attributionGraph/build.ts';
import type { BuiltGraph } from '../../algorithmic/attributionGraph/build.ts';
import { nodeId, nodesById } from '../../algorithmic/attributionGraph/interchange/nodeIds.ts';
import { intervene } from '../../algorithmic/attributionGraph/intervene/intervene.ts';
import type { Change } from '../../algorithmic/attributionGraph/intervene/predict.ts';
import { promptTokens } from '../../algorithmic/attributionGraph/promptTokens.ts';
import { OpenGraph } from '../../algorithmic/attributionGraph/queries/openGraph.ts';
import { graphScores, shareThrough } from '../../algorithmic/attributionGraph/scores.ts';
import type { TargetChoice } from '../../algorithmic/attributionGraph/targets.ts';
import { MechanistError } from '../../engine/errors.ts';
import { Random } from '../../engine/random.ts';
import type { EvidenceMethod, MethodContext, ParameterField } from '../method.ts';
import { nullOf } from '../numbers.ts';
import { idsFeed } from '../prompts.ts';

const inputs = [{ name: 'text', kind: 'text', description: 'The prompt.' }] as const;
const building: readonly ParameterField[] = [
  { name: 'target', type: 'integer', optional: true, description: 'Id of the token that is explained. Without it, the likeliest ones.' },
  { name: 'distractor', type: 'integer', optional: true, description: 'Id of the token against which it is explained.' },
  { name: 'max_features', type: 'integer', default: 7500, description: 'Features that become nodes at most.' },
];

export const graphAttribution: EvidenceMethod = {
  id: 'graph.attribution', version: 1, title: 'Attribution graph',
  summary: 'Share of the influence on the answer that comes from the tokens through some features alone, all others counted as errors, beside random sets of as many features of the graph.',
  models: 1, dictionary: 'set', inputs,
  parameters: [
    { name: 'nodes', type: 'texts', optional: true, description: 'Features as LAYER_FEATURE_POSITION. Without them, those that the threshold keeps.' },
    { name: 'node_threshold', type: 'number', default: 0.8, description: 'Share of the influence that is kept, where no nodes are named.' },
    ...building,
    { name: 'nulls', type: 'integer', default: 50, description: 'Random sets.' },
  ],
  async run(context) {
    const { built, open } = await graphOf(context);
    const { graph } = built;
    const kept = context.words('nodes') === undefined ? thresholded(open, context.number('node_threshold')!) : named(built, context.words('nodes')!).filter((node) => node < graph.counts.feature);
    const random = new Random(context.seed);
    const nulls: number[] = [];
    const wanted = Math.min(1000, context.integer('nulls')!);
    for (let i = 0; i < wanted; i++) {
      await context.step(i, wanted);
      nulls.push(shareThrough(graph, open.influence, random.permutation(graph.counts.feature).slice(0, kept.length)));
    }
    const scores = graphScores(graph, open.influence);
    const control = nullOf(`random sets of ${kept.length} features of the graph`, nulls);
    return {
      metric: 'influence through the features', value: shareThrough(graph, open.influence, kept), ...(control && { control }),
      measures: { features: kept.length, of: graph.counts.feature, ...(scores && { replacement: scores.replacement, graph_completeness: scores.completeness, graph_completeness_restricted: scores.completenessRestricted }) },
    };
  },
};

export const graphIntervention: EvidenceMethod = {
  id: 'graph.intervention', version: 1, title: 'Intervention from a graph',
  summary: 'Mean absolute change of the explained logits when features are ablated or clamped in the model, beside random sets of as many active features; with the correlation of what the graph predicts with what is measured.',
  models: 1, dictionary: 'set', inputs,
  parameters: [
    { name: 'nodes', type: 'texts', description: 'Nodes as LAYER_FEATURE_POSITION, or as the graph names them.' },
    { name: 'change', type: 'text', choices: ['ablate', 'clamp', 'scale'], default: 'ablate', description: 'What is done to them.' },
    { name: 'amount', type: 'number', optional: true, description: 'Activation that is clamped to, or factor.' },
    { name: 'measure', type: 'text', choices: ['model', 'direct'], default: 'model', description: 'Everything responds; or attention, norms and MLPs are held.' },
    ...building,
    { name: 'nulls', type: 'integer', default: 20, description: 'Random sets.' },
  ],
  async run(context) {
    const change = changeOf(context);
    const { built, open } = await graphOf(context);
    const nodes = named(built, context.words('nodes')!);
    // Features that are no longer active have nothing to change.
    if (nodes.length === 0) return { metric: 'mean change of the logits', unit: 'logits', value: 0, measures: { nodes: 0 } };
    const { control: { magnitude, magnitudes, p }, logits, features } = await intervene(context.model.model, context.model.runtime, built, open, {
      nodes, change, measure: context.word('measure') as 'model' | 'direct', controls: Math.min(200, context.integer('nulls')!), seed: context.seed, signal: context.signal, onProgress: context.progress,
    });
    const control = nullOf(`random sets of ${nodes.length} active features`, magnitudes);
    const finite = (name: string, value: number): Record<string, number> => (Number.isFinite(value) ? { [name]: value } : {});
    return {
      metric: 'mean change of the logits', unit: 'logits', value: magnitude, ...(control && { control }),
      measures: { nodes: nodes.length, p, ...finite('logits_correlation', logits.correlation), ...finite('features_correlation', features.correlation) },
    };
  },
};

async function graphOf(context: MethodContext): Promise<{ built: BuiltGraph; open: OpenGraph }> {
  const { model, runtime, tokenizer } = context.model;
  if (tokenizer === undefined) throw new MechanistError('unsupported', 'The model has no tokenizer, so it cannot read a text.', { file: model.source });
  const built = await buildGraph(model, runtime, context.transcoders!, {
    inputs: idsFeed(promptTokens(tokenizer, context.text('text')!)), target: targetOf(context), maxFeatures: context.integer('max_features')!, signal: context.signal, onProgress: context.progress,
  });
  return { built, open: new OpenGraph(built.graph) };
}

function targetOf(context: MethodContext): TargetChoice {
  const [target, distractor] = [context.integer('target'), context.integer('distractor')];
  if (target === undefined) return { kind: 'top', mass: 0.95, most: 10 };
  return distractor === undefined ? { kind: 'tokens', ids: [target] } : { kind: 'difference', target, distractor };
}

/** Errors: `argument` for a change without its amount. */
function changeOf(context: MethodContext): Change {
  const amount = context.number('amount');
  const kind = context.word('change');
  if (kind === 'ablate') return { kind };
  if (amount === undefined) throw new MechanistError('argument', 'The activation or factor is missing.', { field: 'amount' });
  return kind === 'clamp' ? { kind: 'clamp', value: amount } : { kind: 'scale', factor: amount };
}

/** Nodes of the graph by name. Features that are not active in it are left out. Errors: `argument` for what is no name. */
function named({ graph }: BuiltGraph, names: readonly string[]): number[] {
  const wrong = names.find((name) => !/^(?:\d+_\d+|E_\d+|ERR_\d+)_\d+$/.test(name));
  if (wrong !== undefined) throw new MechanistError('argument', `"${wrong}" is no node.`, { field: 'nodes', hint: `Nodes are named like ${nodeId(graph, 0)}.` });
  const known = nodesById(graph);
  return [...new Set(names.flatMap((name) => known.get(name) ?? []))];
}

/** Features above the threshold. */
function thresholded(open: OpenGraph, node: number): number[] {
  const { nodes } = open.pruned({ node });
  return Array.from({ length: open.graph.counts.feature }, (_, i) => i).filter((i) => nodes[i] === 1);
}
