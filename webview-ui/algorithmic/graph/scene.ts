/** What is drawn of a graph, as shapes: a canvas and an SVG file are made from the same list. Pure. */
import type { GraphNode, GraphView } from '../../../src/protocol/methods/graphResults.ts';
import { visibleToken } from '../../shared/notation.ts';
import type { GraphLayout } from './layout.ts';
import { t } from '../../shared/strings.ts';

export interface SceneEdge {
  readonly x1: number;
  readonly y1: number;
  readonly x2: number;
  readonly y2: number;
  readonly width: number;
  readonly negative: boolean;
  /** 0…1 */
  readonly strength: number;
}

export interface SceneNode {
  readonly x: number;
  readonly y: number;
  readonly kind: GraphNode['kind'];
  readonly state: 'plain' | 'pinned' | 'linked' | 'dimmed';
  readonly selected: boolean;
  readonly hovered: boolean;
}

export interface SceneText {
  readonly x: number;
  readonly y: number;
  readonly text: string;
  readonly anchor: 'start' | 'middle' | 'end';
  /** Written upwards to the right, where there is no room beside the neighbours. */
  readonly slanted?: boolean;
}

export interface Scene {
  readonly width: number;
  readonly height: number;
  readonly lines: readonly number[];
  readonly edges: readonly SceneEdge[];
  readonly nodes: readonly SceneNode[];
  readonly texts: readonly SceneText[];
}

export interface SceneOptions {
  readonly tokens: readonly string[];
  readonly layers: number;
  readonly pinned: ReadonlySet<number>;
  /** Places in the view. */
  readonly selected: number | undefined;
  readonly hovered: number | undefined;
}

/** Edges drawn while nothing is chosen; with a node chosen, its own are drawn, all of them. */
const edgesAtRest = 1200;

export function sceneOf(view: GraphView, layout: GraphLayout, { tokens, layers, pinned, selected, hovered }: SceneOptions): Scene {
  const focus = selected ?? hovered;
  const linked = new Set<number>();
  const chosen: number[] = [];
  const count = view.weights.length;
  if (focus === undefined) for (let edge = 0; edge < Math.min(count, edgesAtRest); edge++) chosen.push(edge);
  else {
    for (let edge = 0; edge < count; edge++) {
      if (view.sources[edge] !== focus && view.targets[edge] !== focus) continue;
      chosen.push(edge);
      linked.add(view.sources[edge]!).add(view.targets[edge]!);
    }
  }
  const most = chosen.reduce((largest, edge) => Math.max(largest, Math.abs(view.weights[edge]!)), 0) || 1;
  const edges = chosen.map((edge): SceneEdge => {
    const [from, to] = [view.sources[edge]!, view.targets[edge]!];
    const strength = Math.abs(view.weights[edge]!) / most;
    return { x1: layout.x[from]!, y1: layout.y[from]!, x2: layout.x[to]!, y2: layout.y[to]!, width: 0.4 + 3 * strength, negative: view.weights[edge]! < 0, strength };
  }).toSorted((a, b) => a.strength - b.strength);
  const nodes = view.nodes.map(({ node, kind }, index): SceneNode => ({
    x: layout.x[index]!, y: layout.y[index]!, kind, selected: index === selected, hovered: index === hovered,
    state: pinned.has(node) ? 'pinned' : focus === undefined ? 'plain' : linked.has(index) || index === focus ? 'linked' : 'dimmed',
  }));
  const rowNames = [t('tokens'), ...Array.from({ length: layers }, (_, layer) => `L${layer}`), t('logits')];
  const step = Math.max(1, Math.ceil(rowNames.length / Math.max(1, Math.floor(layout.height / 16))));
  return {
    width: layout.width, height: layout.height, edges, nodes, lines: layout.rows.map(({ at, size }) => at + size / 2),
    texts: [
      ...layout.rows.flatMap(({ at }, row) => (row % step === 0 || row === rowNames.length - 1 ? [{ x: 4, y: at, text: rowNames[row]!, anchor: 'start' as const }] : [])),
      ...columnTexts(layout, tokens),
    ],
  };
}

/** Tokens below their columns: side by side where all fit, at about 6.5 pixels a letter; otherwise slanted, as many as there is room for. */
function columnTexts({ columns, height }: GraphLayout, tokens: readonly string[]): SceneText[] {
  const names = columns.map((_, position) => visibleToken(tokens[position] ?? ''));
  if (columns.every(({ size }, position) => names[position]!.length * 6.5 <= size)) return columns.map(({ at }, position) => ({ x: at, y: height - 14, text: names[position]!, anchor: 'middle' }));
  let last = Number.NEGATIVE_INFINITY;
  return columns.flatMap(({ at }, position): SceneText[] => {
    if (at - last < slantedStep) return [];
    last = at;
    const name = names[position]!;
    return [{ x: at + 3, y: height - 46, text: name.length > 8 ? `${name.slice(0, 7)}…` : name, anchor: 'end', slanted: true }];
  });
}

const slantedStep = 11;
