/** Evidence of a pinned subgraph: how much of the influence runs through it, and what changing it does. */
import type { MeasuredEvidence } from '../../../src/protocol/methods/findings.ts';
import type { Params } from '../../../src/protocol/methods.ts';
import type { PanelParams } from '../../../src/protocol/views/panel.ts';
import type { GraphSummary } from '../../../src/protocol/methods/graphResults.ts';
import { t } from '../../shared/strings.ts';
import { circuitSubject, featureSubject } from '../../shared/subject.ts';
import type { Inquiry } from '../inquiry.ts';
import type { GraphWork, Intervened } from './graphWork.ts';
import { setName } from './featureDictionary.ts';
import { nodeName } from './nodeText.ts';

type PinnedRecord = NonNullable<PanelParams<'panel.pin'>['evidence']>[number];

/** What has to be measured for the pin; undefined for a graph of a file, behind which there is no model. */
export function subgraphRequest({ source, prompt }: GraphSummary, model: string, nodes: readonly string[]): Params<'findings.run'> | undefined {
  if (source.kind === 'file') return undefined;
  return { method: 'graph.attribution', models: [model], dictionaries: [setName(source)], inputs: { text: prompt }, parameters: { ...(nodes.length === 0 ? {} : { nodes }), ...targetOf(source), max_features: source.maxFeatures } };
}

/** `measured`: the answer to `subgraphRequest`. */
export function pinGraph(inquiry: Inquiry, work: GraphWork, measured: MeasuredEvidence | undefined): void {
  const summary = work.summary.value;
  if (summary === undefined) return;
  const { pinned, supernodes } = work.choices;
  const known = new Map(work.view.value?.nodes.map((one) => [one.node, one]));
  const nodes = pinned.flatMap((one) => known.get(one) ?? []);
  const { source } = summary;
  const model = inquiry.session.model?.id ?? (source.kind === 'file' ? source.scan : 'model');
  const set = setName(source);
  inquiry.pin({
    claim: t('“{0}” is answered through {1}.', summary.prompt, [...supernodes.map(({ label }) => label), ...nodes.map(nodeName)].slice(0, 12).join(', ')),
    subjects: [circuitSubject(model, summary.title.slice(0, 100) || 'attribution graph'), ...nodes.filter(({ kind }) => kind === 'feature').slice(0, 150).map((one) => featureSubject(model, `${set}.${one.layer}`, one.feature, undefined, one.label === '' ? undefined : one.label))],
    evidence: measured === undefined || source.kind === 'file' ? [] : [recordOf(measured), ...intervention(summary, work.intervention.value, measured, (node) => known.get(node)?.id)],
  });
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
