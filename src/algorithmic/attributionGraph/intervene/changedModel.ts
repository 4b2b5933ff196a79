/**
 * The model with nodes of a graph changed, as a graph transform. `model`: dictionaries are spliced in with their error
 * term, so that only the changed activations make a difference, and everything behind them responds. `direct`: attention
 * patterns, norm scales and MLP outputs keep the prompt's values, so that only direct effects are left.
 */
import { withDictionaries } from '../../../engine/dictionaries/dictionary.ts';
import type { CrossLayerTranscoder, Dictionary } from '../../../engine/dictionaries/dictionary.ts';
import { spliceCrossLayer, spliceDictionary } from '../../../engine/dictionaries/splice.ts';
import { int, typeOf } from '../../../engine/graph/ir.ts';
import type { Dim, Graph } from '../../../engine/graph/ir.ts';
import { splice } from '../../../engine/graph/splice.ts';
import type { Model } from '../../../engine/models/model.ts';
import type { ParameterSource } from '../../../engine/runtime/program.ts';
import type { Tensor } from '../../../engine/tensor.ts';
import type { BuiltGraph } from '../build.ts';
import type { FeatureLayer } from '../featureLayers.ts';
import type { PromptRun } from '../promptRun.ts';
import { replacementGraph } from '../replacementGraph.ts';

export type Measure = 'model' | 'direct';

export interface ChangedModel {
  /**
   * Inputs besides the model's: `change/acts/l` [n] and `change/places/l` int64 [n,3] (row, position, feature) for each
   * layer of `features`; `change/delta/s` [batch,pos,d] for each slot of `deltas`, added to what the slot holds.
   */
  readonly graph: Graph;
  readonly features: readonly number[];
  /** Slots as in `ReplacementGraph`. */
  readonly deltas: readonly number[];
  readonly parameters: ParameterSource;
  /** The prompt's values of what is held, under the names of their inputs. */
  readonly held: ReadonlyMap<string, Tensor>;
}

/** `features`: layers whose features change; `deltas`: slots whose values get something added. */
export function changedModel(model: Model, built: BuiltGraph, measure: Measure, features: readonly number[], deltas: readonly number[]): ChangedModel {
  const { layers } = built;
  const slots = replacementGraph(model, layers).slots;
  let graph = model.graph();
  const held = new Map<string, Tensor>();
  const dictionaries: (Dictionary | CrossLayerTranscoder)[] = [];
  if (measure === 'model') {
    graph = withActivations(graph, layers, features, dictionaries);
  } else graph = holding(graph, built, held);
  for (const slot of deltas) {
    const tensor = slots[slot]!;
    graph = splice(graph, tensor, (b, original) => b.add(original, b.input(`change/delta/${slot}`, 'float32', typeOf(model.graph(), tensor)!.shape!)));
  }
  const parameters = withDictionaries(model.parameters, dictionaries);
  const skips = new Map(layers.flatMap(({ skip }) => (skip === undefined ? [] : [[skip.parameter, skip.value] as const])));
  return { graph, features, deltas, held, parameters: { get: (name) => skips.get(name) ?? parameters.get(name) } };
}

/** Transcoders of the changed layers, with the error term, and their activations replaced at given places. */
function withActivations(graph: Graph, layers: readonly FeatureLayer[], features: readonly number[], dictionaries: (Dictionary | CrossLayerTranscoder)[]): Graph {
  let changed = graph;
  const chosen = layers.filter(({ layer }) => features.includes(layer));
  const first = chosen[0]?.source;
  if (first?.kind === 'clt') {
    const clt = { ...first.clt, hooks: { inputs: layers.map(({ input }) => input), outputs: layers.map(({ output }) => output) } };
    dictionaries.push(clt);
    changed = spliceCrossLayer(changed, clt, { errorTerm: true });
  } else {
    for (const { source, input, output } of chosen) {
      if (source.kind !== 'dictionary') continue;
      const dictionary = { ...source.dictionary, hooks: { input, output } };
      dictionaries.push(dictionary);
      changed = spliceDictionary(changed, dictionary, { errorTerm: true });
    }
  }
  for (const { layer, output } of chosen) {
    changed = splice(changed, `${output}.hook_sae_acts_post`, (b, acts) => {
      const places = b.input(`change/places/${layer}`, 'int64', [`changes/${layer}`, 3]);
      return b.node('ScatterND', [acts, places, b.input(`change/acts/${layer}`, 'float32', [`changes/${layer}`])]);
    });
  }
  return changed;
}

/** Patterns, scales and MLP outputs as the prompt has them; skip paths alone still respond. */
function holding(graph: Graph, { layers, run }: BuiltGraph, held: Map<string, Tensor>): Graph {
  let changed = graph;
  const original = (name: string): string => `change/held/${name}`;
  const hold = (name: string): { shape: Dim[] } => {
    held.set(original(name), run.get(name)!);
    return { shape: typeOf(graph, name)!.shape!.map((dim, axis) => (axis === 0 ? 1 : dim)) };
  };
  const names = [...graph.types.keys()].filter((name) => /(^|\.)hook_(scale|pattern)$/.test(name) && run.has(name)).map((name) => reciprocalOf(graph, name, run));
  for (const name of names) {
    const { shape } = hold(name);
    changed = splice(changed, name, (b) => b.input(original(name), 'float32', shape));
  }
  for (const { input, output, skip, dIn, dOut } of layers) {
    const { shape } = hold(output);
    const inputShape = skip === undefined ? undefined : hold(input).shape;
    changed = splice(changed, output, (b) => {
      // A row for every set of changes.
      const rows = b.node('Shape', [input], { attributes: { start: int(0), end: int(1) } });
      const kept = b.node('Expand', [b.input(original(output), 'float32', shape), b.concat([rows, b.vector([1, 1])], 0)]);
      if (skip === undefined) return kept;
      const weight = b.parameter(skip.parameter, 'float32', [dIn, dOut]);
      const before = b.has(original(input)) ? original(input) : b.input(original(input), 'float32', inputShape!);
      return b.add(kept, b.matmul(b.sub(input, before), weight));
    });
  }
  return changed;
}

/**
 * A scale that is only read to take its reciprocal is held as that: onnxruntime 1.30 rewrites x · (1/s) to x / s, and
 * the program is then not valid where s is an input.
 */
function reciprocalOf(graph: Graph, scale: string, run: PromptRun): string {
  const readers = graph.nodes.filter(({ inputs }) => inputs.includes(scale));
  const [reader] = readers;
  const isConstant = (name: string): boolean => graph.constants.has(name) || graph.parameters.has(name);
  const reciprocal = readers.length === 1 && reader!.op === 'Div' && reader!.inputs[1] === scale && isConstant(reader!.inputs[0]!) ? reader!.outputs[0]! : scale;
  return run.has(reciprocal) ? reciprocal : scale;
}
