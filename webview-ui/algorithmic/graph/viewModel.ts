/** From interventions and pinned nodes to charts and drawings. Pure. */
import type { GraphNode, GraphView } from '../../../src/protocol/methods/graphResults.ts';
import type { PinnedSubgraph } from '../../../src/protocol/methods/graph.ts';
import type { SeriesChart } from '../../shared/charts/spec.ts';
import { t } from '../../shared/strings.ts';
import { layered } from '../circuit/drawing.ts';
import type { DrawnNode, Drawing } from '../circuit/drawing.ts';
import type { Intervened } from './graphWork.ts';
import { rowOf } from './layout.ts';
import { nodeName } from './nodeText.ts';

/** Predicted against measured changes of features and logits; the muted line is where they would agree. */
export function scatterChart({ result: { features, logits } }: Intervened): SeriesChart {
  const all = [...features.predicted, ...features.measured, ...logits.predicted, ...logits.measured].filter(Number.isFinite);
  const ends = [Math.min(0, ...all), Math.max(0, ...all)];
  const series = (name: string, { predicted, measured, targets }: Intervened['result']['features'], role: 'main' | 'category') => ({ name, role, x: predicted, y: measured, labels: targets.map(nodeName) });
  return {
    kind: 'points', title: t('Predicted against measured change'), x: { title: t('predicted by the graph') }, y: { title: t('measured in the model') },
    series: [series(t('features'), features, 'main'), series(t('logits'), logits, 'category'), { name: t('agreement'), role: 'control', joined: true, x: ends, y: ends }],
  };
}

/** What random sets of active features do to the same logits, beside what this one does. */
export function controlChart({ result: { control } }: Intervened): SeriesChart {
  const names = [t('this change'), ...Array.from(control.magnitudes, (_, set) => t('random {0}', set + 1))];
  return {
    kind: 'bars', title: t('Mean change of the logits, beside random features'), x: { title: t('what was changed') }, y: { title: t('size') },
    series: [{ name: t('measured'), role: 'main', x: names.slice(0, 1), y: [control.magnitude] }, { name: t('random active features'), role: 'control', x: names.slice(1), y: control.magnitudes }],
  };
}

/** The pinned part: groups and single nodes, edges between them added up. */
export function pinnedDrawing(view: GraphView, { nodes, supernodes = [] }: Pick<PinnedSubgraph, 'nodes'> & Partial<PinnedSubgraph>, layers: number): Drawing {
  const known = new Map(view.nodes.map((node, index) => [node.node, { node, index }]));
  const owner = new Map<number, string>();
  const drawn = new Map<string, DrawnNode>();
  for (const { label, nodes: members } of supernodes) {
    const present = members.flatMap((member) => known.get(member)?.node ?? []);
    if (present.length === 0) continue;
    const id = `group:${label}`;
    drawn.set(id, { id, label, row: middleRow(present, layers), kind: 'group' });
    for (const { node } of present) owner.set(node, id);
  }
  for (const pinned of nodes) {
    const node = known.get(pinned)?.node;
    if (node === undefined || owner.has(pinned)) continue;
    drawn.set(String(pinned), { id: String(pinned), label: nodeName(node), row: rowOf(node, layers), kind: node.kind === 'logit' ? 'logits' : node.kind });
    owner.set(pinned, String(pinned));
  }
  const together = new Map<string, { from: string; to: string; weight: number }>();
  view.weights.forEach((weight, edge) => {
    const [from, to] = [owner.get(view.nodes[view.sources[edge]!]!.node), owner.get(view.nodes[view.targets[edge]!]!.node)];
    if (from === undefined || to === undefined || from === to) return;
    const key = `${from} ${to}`;
    together.set(key, { from, to, weight: (together.get(key)?.weight ?? 0) + weight });
  });
  return layered([...drawn.values()], [...together.values()]);
}

function middleRow(members: readonly GraphNode[], layers: number): number {
  const rows = members.map((node) => rowOf(node, layers)).toSorted((a, b) => a - b);
  return rows[Math.floor(rows.length / 2)]!;
}
