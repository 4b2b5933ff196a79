/** Runs of the changed model, several sets of changes as rows beside an unchanged one. */
import { throwIfCancelled } from '../../../engine/errors.ts';
import { prune } from '../../../engine/graph/prune.ts';
import type { Model } from '../../../engine/models/model.ts';
import type { Runtime } from '../../../engine/runtime/runtime.ts';
import { i64 } from '../../../engine/tensor.ts';
import type { Tensor } from '../../../engine/tensor.ts';
import type { BuiltGraph } from '../build.ts';
import { kindOf } from '../graph.ts';
import { changedModel } from './changedModel.ts';
import type { ChangedModel, Measure } from './changedModel.ts';

/** Relative changes by node. */
export type ChangeSet = ReadonlyMap<number, number>;

export interface MeasureOptions {
  readonly measure: Measure;
  /** Rows per run, the unchanged one included. Default 8. */
  readonly rowsPerRun?: number;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
}

/** What of one set's run differs from the unchanged run. */
export interface Measured {
  /** Difference of a layer's input [pos,dIn]. */
  input(layer: number): Float32Array;
  /** Difference of what the unembedding reads at the last position [d], and its value. */
  readonly lastDifference: Float32Array;
  readonly last: Float32Array;
}

/** Measures each set of changes. Errors: `cancelled`; those of the runtime. */
export async function measureChanges(model: Model, runtime: Runtime, built: BuiltGraph, sets: readonly ChangeSet[], options: MeasureOptions): Promise<Measured[]> {
  const perRun = Math.max(1, (options.rowsPerRun ?? 8) - 1);
  const results: Measured[] = [];
  const plan = planOf(built, sets, options.measure);
  const changed = changedModel(model, built, options.measure, plan.features, plan.deltas);
  const wanted = [...new Set([...built.layers.map(({ input }) => input), built.unembedding.input])];
  const program = prune(changed.graph, wanted);
  for (let start = 0; start < sets.length; start += perRun) {
    throwIfCancelled(options.signal);
    const chunk = sets.slice(start, start + perRun);
    const feeds = new Map([...model.feeds(new Map([['input_ids', repeatedIds(built, chunk.length + 1)]])), ...changed.held, ...changeFeeds(built, changed, chunk)]);
    const run = await runtime.run(program, feeds, changed.parameters);
    chunk.forEach((_, i) => results.push(measured(built, run, i + 1)));
    options.onProgress?.(results.length, sets.length);
  }
  return results;
}

/** Layers and slots that any of the sets changes. */
function planOf({ graph, layers }: BuiltGraph, sets: readonly ChangeSet[], measure: Measure): { features: number[]; deltas: number[] } {
  const [features, deltas] = [new Set<number>(), new Set<number>()];
  for (const node of sets.flatMap((set) => [...set.keys()])) {
    const layer = graph.nodes.layer[node]!;
    if (kindOf(graph, node) === 'token') deltas.add(layers.length);
    else if (kindOf(graph, node) === 'error') deltas.add(layer);
    else if (measure === 'model' && !layers[layer]!.keepsNegative) features.add(layer);
    else for (const output of layers[layer]!.writesTo) deltas.add(output);
  }
  return { features: [...features].toSorted((a, b) => a - b), deltas: [...deltas].toSorted((a, b) => a - b) };
}

/** Activations and additions of each set, one row per set behind the unchanged row 0. */
function changeFeeds(built: BuiltGraph, { features, deltas }: ChangedModel, sets: readonly ChangeSet[]): Map<string, Tensor> {
  const { graph: { nodes, tokens }, graph, layers } = built;
  const positions = tokens.ids.length;
  const places = new Map(features.map((layer): [number, { at: number[]; values: number[] }] => [layer, { at: [], values: [] }]));
  const widths = new Map(deltas.map((slot): [number, number] => [slot, layers[slot]?.dOut ?? embeddings(built).dims[2]!]));
  const added = new Map(deltas.map((slot): [number, Float32Array] => [slot, new Float32Array((sets.length + 1) * positions * widths.get(slot)!)]));
  const vector = new Float32Array(Math.max(1, ...widths.values()));
  sets.forEach((set, i) => {
    for (const [node, relative] of set) {
      const [layer, position, feature, activation] = [nodes.layer[node]!, nodes.position[node]!, nodes.feature[node]!, nodes.activation[node]!];
      const kind = kindOf(graph, node);
      const inLayer = kind === 'feature' ? places.get(layer) : undefined;
      if (inLayer !== undefined) {
        inLayer.at.push(i + 1, position, feature);
        inLayer.values.push(activation * (1 + relative));
        continue;
      }
      const slots = kind === 'token' ? [layers.length] : kind === 'error' ? [layer] : layers[layer]!.writesTo;
      for (const slot of slots) {
        const width = widths.get(slot)!;
        if (kind === 'feature') layers[layer]!.writeDecoder(feature, slot, activation * relative, vector, 0);
        else {
          const source = kind === 'token' ? (embeddings(built).data as Float32Array) : built.errors[layer]!;
          for (let d = 0; d < width; d++) vector[d] = relative * source[position * width + d]!;
        }
        const to = added.get(slot)!;
        const at = ((i + 1) * positions + position) * width;
        for (let d = 0; d < width; d++) to[at + d]! += vector[d]!;
      }
    }
  });
  return new Map<string, Tensor>([
    ...[...places].flatMap(([layer, { at, values }]): [string, Tensor][] => [
      [`change/places/${layer}`, i64([values.length, 3], at)], [`change/acts/${layer}`, { dtype: 'float32', dims: [values.length], data: Float32Array.from(values) }],
    ]),
    ...[...added].map(([slot, data]): [string, Tensor] => [`change/delta/${slot}`, { dtype: 'float32', dims: [sets.length + 1, positions, widths.get(slot)!], data }]),
  ]);
}

function embeddings({ run, embedding }: BuiltGraph): Tensor {
  return run.get(embedding)!;
}

function repeatedIds({ graph: { tokens: { ids } } }: BuiltGraph, rows: number): Tensor {
  return i64([rows, ids.length], Array.from({ length: rows }, () => ids).flat());
}

function measured({ layers, unembedding }: BuiltGraph, run: ReadonlyMap<string, Tensor>, row: number): Measured {
  const part = (tensor: Tensor, index: number): Float32Array => {
    const size = tensor.data.length / tensor.dims[0]!;
    return (tensor.data as Float32Array).subarray(index * size, (index + 1) * size);
  };
  const difference = (tensor: Tensor): Float32Array => {
    const [changed, unchanged] = [part(tensor, row), part(tensor, 0)];
    return changed.map((value, i) => value - unchanged[i]!);
  };
  const final = run.get(unembedding.input)!;
  return {
    input: (layer) => difference(run.get(layers[layer]!.input)!),
    lastDifference: difference(final).slice(-unembedding.width),
    last: part(final, row).slice(-unembedding.width),
  };
}
