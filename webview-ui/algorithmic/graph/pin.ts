/** Evidence of a pinned subgraph: which nodes, and what the whole graph scores. */
import { t } from '../../shared/strings.ts';
import { circuitSubject, featureSubject } from '../../shared/subject.ts';
import type { Inquiry } from '../inquiry.ts';
import type { GraphWork } from './graphWork.ts';
import { nodeName } from './nodeText.ts';

export function pinGraph(inquiry: Inquiry, work: GraphWork): void {
  const summary = work.summary.value;
  if (summary === undefined) return;
  const { pinned, supernodes, node, edge } = work.choices;
  const known = new Map(work.view.value?.nodes.map((one) => [one.node, one]));
  const nodes = pinned.flatMap((one) => known.get(one) ?? []);
  const model = inquiry.session.model?.id ?? (summary.source.kind === 'file' ? summary.source.scan : 'model');
  const set = summary.source.kind === 'built' ? summary.source.set.split(/[\\/]/).at(-1)! : summary.source.scan;
  const intervened = work.intervention.value;
  inquiry.pin({
    claim: t('“{0}” is answered through {1}.', summary.prompt, [...supernodes.map(({ label }) => label), ...nodes.map(nodeName)].slice(0, 12).join(', ')),
    subjects: [circuitSubject(model, summary.title.slice(0, 100) || 'attribution graph'), ...nodes.filter(({ kind }) => kind === 'feature').slice(0, 150).map((one) => featureSubject(model, `${set}/${one.layer}`, one.feature, undefined, one.label === '' ? undefined : one.label))],
    evidence: [
      ...(summary.scores === undefined ? [] : [{
        method: 'graph.attribution@1', metric: 'replacement score', value: summary.scores.replacement, inputs: { text: summary.prompt }, parameters: { set, node_threshold: node, edge_threshold: edge, nodes: nodes.map(({ id }) => id) },
        measures: { completeness: summary.scores.completeness.reference, completeness_restricted: summary.scores.completeness.restricted },
      }]),
      ...(intervened === undefined || !Number.isFinite(intervened.result.logits.correlation) ? [] : [{
        method: 'graph.intervention@1', metric: 'mean change of the logits', value: intervened.result.control.magnitude, inputs: { text: summary.prompt }, parameters: { nodes: [...intervened.nodes], change: intervened.change, measure: intervened.measure },
        control: { name: 'random active features, mean', value: intervened.result.control.magnitudes.reduce((sum, size) => sum + size, 0) / Math.max(1, intervened.result.control.sets) },
        measures: { logits_correlation: intervened.result.logits.correlation, p: intervened.result.control.p },
      }]),
    ],
  });
}
