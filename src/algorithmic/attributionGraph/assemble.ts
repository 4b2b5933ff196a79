/** From rows of direct effects to the graph of the chosen features. */
import { countKinds } from './graph.ts';
import type { AttributionGraph, EdgeRows, GraphNodes } from './graph.ts';
import type { EffectRows, SparseRow } from './effectRows.ts';
import type { ActiveFeatures } from './promptRun.ts';
import type { Columns } from './sources.ts';
import type { LogitTarget } from './targets.ts';

export interface Parts {
  readonly rows: EffectRows;
  readonly columns: Columns;
  readonly active: ActiveFeatures;
  readonly targets: readonly LogitTarget[];
  readonly ids: readonly number[];
  readonly textOf: (id: number) => string;
  readonly prompt: string;
}

export function assembleGraph({ rows, columns, active, targets, ids, textOf, prompt }: Parts): AttributionGraph {
  const selected = rows.selected();
  const nodes = nodesOf(columns, active, selected, targets, ids);
  // A column's node, or −1 for a feature that was not chosen.
  const nodeOf = new Int32Array(columns.total).fill(-1);
  selected.forEach((feature, node) => (nodeOf[feature] = node));
  for (let column = columns.features; column < columns.total; column++) nodeOf[column] = selected.length + column - columns.features;
  return {
    nodes,
    counts: countKinds(nodes.kind),
    edges: edgesOf(rows, selected, nodeOf, nodes.kind.length),
    probabilities: Float64Array.from(targets, ({ probability }) => probability),
    layers: columns.layers,
    tokens: { ids, texts: ids.map(textOf) },
    prompt,
    targets: targets.map((target) => targetText(target, textOf)),
  };
}

function nodesOf({ layers, positions }: Columns, active: ActiveFeatures, selected: Uint32Array, targets: readonly LogitTarget[], ids: readonly number[]): GraphNodes {
  const errors = layers * positions;
  const count = selected.length + errors + positions + targets.length;
  const nodes = { kind: new Uint8Array(count), layer: new Int32Array(count), position: new Int32Array(count), feature: new Int32Array(count), activation: new Float32Array(count).fill(NaN) };
  let node = 0;
  const add = (kind: number, layer: number, position: number, feature: number, activation = NaN): void => {
    nodes.kind[node] = kind;
    nodes.layer[node] = layer;
    nodes.position[node] = position;
    nodes.feature[node] = feature;
    nodes.activation[node++] = activation;
  };
  for (const i of selected) add(0, active.layer[i]!, active.position[i]!, active.feature[i]!, active.activation[i]);
  for (let i = 0; i < errors; i++) add(1, Math.floor(i / positions), i % positions, -1);
  ids.forEach((id, position) => add(2, -1, position, id));
  for (const { id } of targets) add(3, layers, positions - 1, id);
  return nodes;
}

function edgesOf(rows: EffectRows, selected: Uint32Array, nodeOf: Int32Array, count: number): EdgeRows {
  const start = new Uint32Array(count + 1);
  const byTarget: (SparseRow | undefined)[] = [...Array.from(selected, (feature) => rows.feature(feature)), ...Array<undefined>(count - selected.length - rows.logits.length), ...rows.logits];
  byTarget.forEach((row, target) => {
    let edges = 0;
    for (const column of row?.columns ?? []) if (nodeOf[column]! >= 0) edges++;
    start[target + 1] = start[target]! + edges;
  });
  const source = new Uint32Array(start[count]!);
  const weight = new Float32Array(start[count]!);
  let at = 0;
  for (const row of byTarget) {
    row?.columns.forEach((column, i) => {
      const node = nodeOf[column]!;
      if (node < 0) return;
      source[at] = node;
      weight[at++] = row.weights[i]!;
    });
  }
  return { start, source, weight };
}

function targetText({ weights }: LogitTarget, textOf: (id: number) => string): string {
  return [...weights].map(([id, weight]) => `${weight < 0 ? '− ' : ''}${textOf(id)}`).join(' ');
}
