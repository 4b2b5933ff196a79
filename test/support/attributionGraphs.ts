/** Attribution graphs written down by hand, and large random ones. */
import { countKinds } from '../../src/algorithmic/attributionGraph/graph.ts';
import type { AttributionGraph } from '../../src/algorithmic/attributionGraph/graph.ts';
import { Random } from '../../src/engine/random.ts';

/** The golden graph of the algorithms reference, §26: f0 f1 f2 e0 e1 t0 t1 L0 L1. */
export function goldenGraph(): AttributionGraph {
  const rows: readonly (readonly (readonly [source: number, weight: number])[])[] = [
    [[3, 0.5], [5, 2]], [[0, 1], [6, -1]], [[4, -0.6], [6, 0.2]], [], [], [], [],
    [[0, 1], [1, 3], [4, 0.5], [6, 0.5]],
    [[1, -1], [2, 0.25], [3, 0.25], [5, 0.5]],
  ];
  const kind = Uint8Array.of(0, 0, 0, 1, 1, 2, 2, 3, 3);
  const flat = rows.flat();
  return {
    nodes: {
      kind, layer: Int32Array.of(0, 1, 1, 0, 1, -1, -1, 2, 2), position: Int32Array.of(0, 1, 1, 0, 1, 0, 1, 1, 1),
      feature: Int32Array.of(4, 7, 9, -1, -1, 11, 12, 20, 21), activation: Float32Array.of(1, 2, 3, NaN, NaN, NaN, NaN, NaN, NaN),
    },
    counts: countKinds(kind),
    edges: {
      start: Uint32Array.from(rows.reduce<number[]>((starts, row) => [...starts, starts.at(-1)! + row.length], [0])),
      source: Uint32Array.from(flat, ([source]) => source), weight: Float32Array.from(flat, ([, weight]) => weight),
    },
    probabilities: Float64Array.of(0.7, 0.2),
    layers: 2, tokens: { ids: [11, 12], texts: ['one', 'two'] }, prompt: 'one two', targets: ['yes', 'no'],
  };
}

/** `features` features in `layers` layers with about `edges` edges to earlier layers, tokens and logits. */
export function largeGraph(features: number, edges: number, layers = 12, positions = 64, seed = 1): AttributionGraph {
  const random = new Random(seed);
  const logits = 10;
  const errors = layers * positions;
  const count = features + errors + positions + logits;
  const kind = new Uint8Array(count).fill(1, features).fill(2, features + errors).fill(3, features + errors + positions);
  const perLayer = Math.ceil(features / layers);
  const layer = Int32Array.from({ length: count }, (_, i) => (i < features ? Math.floor(i / perLayer) : i < features + errors ? Math.floor((i - features) / positions) : kind[i] === 2 ? -1 : layers));
  const position = Int32Array.from({ length: count }, (_, i) => (i < features ? Math.floor(((i % perLayer) / perLayer) * positions) : kind[i] === 3 ? positions - 1 : (i - features) % positions));
  const perRow = Math.max(1, Math.round(edges / (features + logits)));
  const start = new Uint32Array(count + 1);
  const source: number[] = [];
  const chosen = new Set<number>();
  const sources = new Uint32Array((features + logits) * (perRow + 2));
  const weights = new Float32Array(sources.length);
  let at = 0;
  for (let target = 0; target < count; target++) {
    if (kind[target] === 0 || kind[target] === 3) {
      chosen.clear();
      const before = Math.min(features, layer[target]! * perLayer);
      for (let k = 0; k < perRow && before > 0; k++) chosen.add(random.integer(before));
      chosen.add(features + errors + random.integer(positions));
      if (layer[target]! > 0) chosen.add(features + random.integer(layer[target]! * positions));
      source.length = 0;
      source.push(...chosen);
      source.sort((a, b) => a - b);
      for (const s of source) {
        sources[at] = s;
        weights[at++] = random.normal();
      }
    }
    start[target + 1] = at;
  }
  return {
    nodes: { kind, layer, position, feature: Int32Array.from({ length: count }, (_, i) => (kind[i] === 1 ? -1 : kind[i] === 0 ? i % 4096 : kind[i] === 2 ? position[i]! : i % 100)), activation: Float32Array.from({ length: count }, (_, i) => (kind[i] === 0 ? 1 + random.uniform() : NaN)) },
    counts: countKinds(kind),
    edges: { start, source: sources.slice(0, at), weight: weights.slice(0, at) },
    probabilities: Float64Array.from({ length: logits }, (_, i) => 0.5 / 2 ** i),
    layers, tokens: { ids: Array.from({ length: positions }, (_, i) => i), texts: Array.from({ length: positions }, (_, i) => `t${i}`) }, prompt: 'large', targets: Array.from({ length: logits }, (_, i) => `target ${i}`),
  };
}
