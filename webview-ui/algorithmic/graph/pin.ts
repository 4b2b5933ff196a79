/** Evidence of a pinned subgraph: how much of the influence runs through it, and what changing it does; and of one node. */
import type { MeasuredEvidence } from '../../../src/protocol/methods/findings.ts';
import type { ModelSummary, Params } from '../../../src/protocol/methods.ts';
import type { PanelParams, Subject } from '../../../src/protocol/views/panel.ts';
import type { GraphNeighbours, GraphNode, GraphSummary } from '../../../src/protocol/methods/graphResults.ts';
import { figureOfChart, figureOfDrawing } from '../../shared/charts/pinned.ts';
import type { SeriesChart } from '../../shared/charts/spec.ts';
import { t } from '../../shared/strings.ts';
import { circuitSubject, featureSubject } from '../../shared/subject.ts';
import type { Inquiry } from '../inquiry.ts';
import type { Drawing } from '../circuit/drawing.ts';
import type { GraphWork, Intervened } from './graphWork.ts';
import { dictionaryOf, setName } from './featureDictionary.ts';
import { nodeName } from './nodeText.ts';

/** Edges into and out of a node that are drawn. */
const listed = 12;

type PinnedRecord = NonNullable<PanelParams<'panel.pin'>['evidence']>[number];

/** What is pinned, as it is when the pin begins: a measurement takes a while, and what is on the screen goes on. */
export interface PinnedGraph {
  readonly summary: GraphSummary;
  /** Id of the graph's model. */
  readonly model: string;
  /** Pinned nodes that the view holds. */
  readonly nodes: readonly GraphNode[];
  readonly supernodes: readonly { readonly label: string }[];
  readonly intervened: Intervened | undefined;
  /** Undefined while there is no view. */
  readonly drawing: Drawing | undefined;
  /** Names of the nodes in the view. */
  readonly names: ReadonlyMap<number, string>;
}

/** Id of the model behind a graph; undefined for a built one whose model has been closed. */
export function modelOf(source: GraphSummary['source'], models: readonly ModelSummary[], inUse: ModelSummary | undefined): string | undefined {
  if (source.kind === 'built') return models.find(({ model }) => model === source.model)?.id;
  const end = source.scan.lastIndexOf('/');
  if (end > 0) return source.scan.slice(0, end);
  return dictionaryOf(source, 0, inUse) === undefined ? source.scan : inUse?.id;
}

/** What has to be measured for the pin; undefined for a graph of a file, behind which there is no model. */
export function subgraphRequest({ source, prompt }: GraphSummary, model: string, nodes: readonly string[]): Params<'findings.run'> | undefined {
  if (source.kind === 'file') return undefined;
  return { method: 'graph.attribution', models: [model], dictionaries: [setName(source)], inputs: { text: prompt }, parameters: { ...(nodes.length === 0 ? {} : { nodes }), ...targetOf(source), max_features: source.maxFeatures } };
}

/** `measured`: the answer to `subgraphRequest`; `data`: the subgraph as JSON. */
export function pinGraph(inquiry: Inquiry, { summary, model, drawing, nodes, supernodes, intervened, names }: PinnedGraph, measured: MeasuredEvidence | undefined, data?: string): void {
  const { source } = summary;
  const set = setName(source);
  const figure = drawing && figureOfDrawing(summary.title || t('Attribution graph'), drawing);
  inquiry.pin({
    ...(figure === undefined ? {} : { figure }), ...(data === undefined ? {} : { data }),
    claim: t('“{0}” is answered through {1}.', summary.prompt, [...supernodes.map(({ label }) => label), ...nodes.map(nodeName)].slice(0, 12).join(', ')),
    subjects: [circuitSubject(model, summary.title.slice(0, 100) || 'attribution graph'), ...nodes.filter(({ kind }) => kind === 'feature').slice(0, 150).map((one) => featureSubject(model, `${set}.${one.layer}`, one.feature, undefined, one.label === '' ? undefined : one.label))],
    evidence: measured === undefined || source.kind === 'file' ? [] : [recordOf(measured), ...intervention(summary, intervened, measured, (node) => names.get(node))],
  });
}

/** One node with its strongest edges: as a figure; what is measured of a feature is its activation on the prompt. */
export function pinNode(inquiry: Inquiry, work: GraphWork, node: GraphNode, subject: Subject): void {
  const { graph } = work;
  const prompt = work.summary.value?.prompt;
  if (graph === undefined || prompt === undefined) return;
  const read = (direction: 'inputs' | 'outputs'): Promise<GraphNeighbours> => work.channel.call('graph.neighbours', { graph, node: node.node, direction, offset: 0, count: listed });
  inquiry.pin(Promise.all([read('inputs'), read('outputs')]).then(([inputs, outputs]) => {
    const figure = figureOfChart(neighbourChart(node, inputs, outputs));
    return { subjects: [subject], evidence: [], ...(prompt === '' ? {} : { text: prompt.slice(0, 4000) }), ...(figure === undefined ? {} : { figure }) };
  }));
}

function neighbourChart(node: GraphNode, inputs: GraphNeighbours, outputs: GraphNeighbours): SeriesChart {
  const side = (name: string, { items }: GraphNeighbours, sign: string) => ({ name, role: 'category' as const, x: items.map(({ node: other }) => `${sign} ${nodeName(other)}`), y: items.map(({ weight }) => weight) });
  return {
    kind: 'bars', title: t('Strongest edges of {0}', nodeName(node)), x: { title: t('node') }, y: { title: t('weight') },
    series: [side(t('What leads to it'), inputs, '→'), side(t('What it leads to'), outputs, '←')].filter(({ y }) => y.length > 0),
  };
}

/** The intervention that is on show, when its nodes still have names. */
function intervention({ prompt, source }: GraphSummary, intervened: Intervened | undefined, { dictionaries }: MeasuredEvidence, nameOf: (node: number) => string | undefined): PinnedRecord[] {
  const names = intervened?.nodes.map(nameOf);
  if (intervened === undefined || source.kind === 'file' || names?.every((name) => name !== undefined) !== true) return [];
  const { change, measure, result: { control, logits, features } } = intervened;
  const amount = change.kind === 'clamp' ? { amount: change.value } : change.kind === 'scale' ? { amount: change.factor } : {};
  const sizes = Array.from(control.magnitudes);
  return [{
    method: 'graph.intervention@1', metric: 'mean change of the logits', unit: 'logits', value: control.magnitude, inputs: { text: prompt },
    parameters: { nodes: names, change: change.kind, ...amount, measure, ...targetOf(source), max_features: source.maxFeatures, nulls: 20 }, dictionaries: dictionaries.map(({ id, hash }) => ({ id, hash })),
    ...(sizes.length === 0 ? {} : { control: { name: `random sets of ${names.length} active features`, value: sizes.reduce((sum, size) => sum + size, 0) / sizes.length, interval: [Math.min(...sizes), Math.max(...sizes)] as [number, number] } }),
    measures: { nodes: names.length, p: control.p, ...(Number.isFinite(logits.correlation) ? { logits_correlation: logits.correlation } : {}), ...(Number.isFinite(features.correlation) ? { features_correlation: features.correlation } : {}) },
  }];
}

/** As the page hands it on: the host adds what it knows itself. */
function recordOf({ method, metric, unit, value, control, inputs, parameters, seed, measures, dictionaries }: MeasuredEvidence): PinnedRecord {
  return {
    method, metric, value, inputs, parameters, seed, measures, dictionaries: dictionaries.map(({ id, hash }) => ({ id, hash })), ...(unit === undefined ? {} : { unit }),
    ...(control === undefined ? {} : { control: { name: control.name, value: control.value, ...(control.interval === undefined ? {} : { interval: control.interval }) } }),
  };
}

function targetOf({ target }: Extract<GraphSummary['source'], { readonly kind: 'built' }>): Record<string, number> {
  switch (target.kind) {
    case 'top': return {};
    case 'tokens': return { target: target.ids[0]! };
    case 'difference': return { target: target.target, distractor: target.distractor };
  }
}
