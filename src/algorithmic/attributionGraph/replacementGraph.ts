/**
 * The local replacement model as a graph transform (algorithms reference §12): attention patterns and norm scales are
 * constants to the gradient, an MLP's output is a constant except for the skip path of its transcoder. What is left
 * between sources and targets is linear, so that one backward pass from a target gives its exact direct effects.
 */
import { MechanistError } from '../../engine/errors.ts';
import { GraphBuilder } from '../../engine/graph/builder.ts';
import { addCotangentInput, differentiate } from '../../engine/graph/differentiate/differentiate.ts';
import { readsOf, typeOf } from '../../engine/graph/ir.ts';
import type { Dim, Graph, Shape } from '../../engine/graph/ir.ts';
import { sliceDownstream } from '../../engine/graph/slice.ts';
import { splice } from '../../engine/graph/splice.ts';
import type { Model } from '../../engine/models/model.ts';
import type { ParameterSource } from '../../engine/runtime/program.ts';
import { inputAxes } from './featureLayers.ts';
import type { FeatureLayer } from './featureLayers.ts';
import { requireLinear } from './requireLinear.ts';

export interface ReplacementGraph {
  readonly graph: Graph;
  /** Tensors that no gradient passes. */
  readonly stop: ReadonlySet<string>;
  /** Places that sources write to, in order: the output of each layer, then the token embeddings. */
  readonly slots: readonly string[];
  /** Tensors that the prompt's run computes, for a backward pass to read. */
  readonly forward: readonly string[];
  readonly parameters: ParameterSource;
  readonly axes: { readonly batch: string; readonly position: string };
}

/** Errors: `unsupported` when the model's patterns, scales or embeddings have no names, so that they cannot be held. */
export function replacementGraph(model: Model, layers: readonly FeatureLayer[]): ReplacementGraph {
  let graph = model.graph();
  const axes = inputAxes(graph);
  const held = [...graph.types.keys()].filter((name) => /(^|\.)hook_(scale|pattern)$/.test(name));
  const missing = layers.find(({ layer }) => !held.includes(`blocks.${layer}.attn.hook_pattern`));
  if (missing !== undefined) {
    throw new MechanistError('unsupported', `The model's attention pattern of layer ${missing.layer} has no name, so that it cannot be held constant.`, { file: model.source });
  }
  const embedding = ['hook_embed', 'embed.hook_embed'].find((name) => typeOf(graph, name) !== undefined);
  if (embedding === undefined) throw new MechanistError('unsupported', 'The model has no named token embeddings.', { file: model.source });
  const stop = new Set(held);
  const skips = new Map(layers.flatMap(({ skip }) => (skip === undefined ? [] : [[skip.parameter, skip.value] as const])));
  for (const { input, output, skip, dIn, dOut } of layers) {
    if (skip === undefined) {
      stop.add(output);
      continue;
    }
    const rest = `attribution/rest/${output}`;
    stop.add(rest);
    graph = splice(graph, output, (b, original) => {
      const path = b.matmul(input, b.parameter(skip.parameter, 'float32', [dIn, dOut]));
      return b.add(path, b.sub(original, path, rest));
    });
  }
  return {
    graph, stop, axes,
    forward: model.graph().nodes.flatMap(({ outputs }) => outputs).filter((name) => typeOf(model.graph(), name) !== undefined),
    slots: [...layers.map(({ output }) => output), embedding],
    parameters: { get: (name) => skips.get(name) ?? model.parameters.get(name) },
  };
}

/** Direct effects on targets that read one tensor, many targets per run. */
export interface BackwardProgram {
  /**
   * Inputs: `target` [rows,d], `position` int64 [rows], `positions` int64 [pos] (0, 1, …), and for each slot s
   * `sources/s` [blocks,k,d] with `blocks/s` int64 [blocks], their positions. Outputs `effects/s` [blocks,rows,k]:
   * each source vector's inner product with the gradient at its slot and position.
   */
  readonly graph: Graph;
  /** Slots that can reach the target. */
  readonly slots: readonly number[];
  /** Tensors of the forward run to be fed under their names. */
  readonly boundary: readonly string[];
  /** Boundary tensors are fed with a copy per target instead of one row. */
  readonly repeated: boolean;
  /** Axes of the boundary tensors that run over positions; undefined when some axis is not known, so that nothing may be cut off. */
  readonly positionAxes: ReadonlyMap<string, readonly number[]> | undefined;
}

/**
 * The backward pass from `target` to the slots that lie before it, with the contraction.
 * Errors: `unsupported` when what is not held is not linear, or when the pass needs more of the prompt's run than values.
 */
export function backwardProgram(replacement: ReplacementGraph, target: string, slots: readonly number[], vectorsPerBlock: readonly number[]): BackwardProgram {
  const { axes, stop } = replacement;
  const wrt = slots.map((slot) => replacement.slots[slot]!);
  requireLinear(replacement.graph, wrt, target, stop);
  const { graph: seeded, cotangent } = addCotangentInput(replacement.graph, target);
  const { graph: backward, gradients } = differentiate(seeded, { seeds: new Map([[target, cotangent]]), wrt, stop });
  const reached = slots.filter((_, i) => dependsOn(backward, gradients.get(wrt[i]!)!, cotangent));
  const outputs = reached.map((slot) => gradients.get(replacement.slots[slot]!)!);
  const { graph: sliced } = sliceDownstream(backward, [cotangent, ...replacement.forward], outputs);
  const boundary = [...sliced.inputs.keys()].filter((name) => name !== cotangent);
  // The prompt's run is one row that broadcasts over the targets, except where the pass reads sizes off its tensors.
  const repeated = sliced.nodes.some(({ op }) => op === 'Shape' || op === 'Size');
  const shapes = new Map(boundary.map((name) => [name, boundaryShape(backward, name, axes.batch, repeated)]));

  const b = new GraphBuilder({ ...sliced, inputs: new Map(), nodes: [], types: new Map(), outputs: [] }, sliced.nodes.flatMap((node) => [node.name, ...node.outputs]));
  for (const [name, shape] of shapes) b.input(name, typeOf(backward, name)!.dtype, shape);
  const width = typeOf(backward, target)!.shape![2]!;
  const vectors = b.input('target', 'float32', ['rows', width]);
  const at = b.node('Equal', [b.unsqueeze(b.input('position', 'int64', ['rows']), [1]), b.unsqueeze(b.input('positions', 'int64', [axes.position]), [0])]);
  b.mul(b.unsqueeze(b.cast(at, 'float32'), [2]), b.unsqueeze(vectors, [1]), cotangent);
  b.setType(cotangent, { dtype: 'float32', shape: ['rows', axes.position, width] });
  for (const node of sliced.nodes) b.append(node);
  reached.forEach((slot, i) => {
    const gradient = outputs[i]!;
    const size = typeOf(backward, gradient)!.shape![2]!;
    const sources = b.input(`sources/${slot}`, 'float32', [`blocks/${slot}`, vectorsPerBlock[slot]!, size]);
    const places = b.input(`blocks/${slot}`, 'int64', [`blocks/${slot}`]);
    const gathered = b.gather(b.transpose(gradient, [1, 0, 2]), places, 0);
    b.output(b.matmul(gathered, b.transpose(sources, [0, 2, 1]), `effects/${slot}`));
  });
  return { graph: b.build(), slots: reached, boundary, repeated, positionAxes: positionAxesOf(shapes, axes.position) };
}

function boundaryShape(graph: Graph, name: string, batch: string, repeated: boolean): Shape {
  const type = typeOf(graph, name);
  const fits = type?.shape?.every((dim, axis) => typeof dim === 'number' || !dim.split('*').includes(batch) || (axis === 0 && (repeated || dim === batch)));
  if (type?.shape === undefined || type.dtype !== 'float32' || fits !== true) {
    throw new MechanistError('unsupported', 'The backward pass of this model depends on sizes computed at run time.', { field: `tensor ${name}` });
  }
  return type.shape.map((dim): Dim => (typeof dim === 'number' ? dim : repeated ? dim.split('*').map((factor) => (factor === batch ? 'rows' : factor)).join('*') : dim === batch ? 1 : dim));
}

function positionAxesOf(shapes: ReadonlyMap<string, Shape>, position: string): Map<string, number[]> | undefined {
  const axes = new Map<string, number[]>();
  for (const [name, shape] of shapes) {
    if (shape.some((dim) => typeof dim === 'string' && dim !== position && dim !== 'rows')) return undefined;
    axes.set(name, shape.flatMap((dim, axis) => (dim === position ? [axis] : [])));
  }
  return axes;
}

function dependsOn(graph: Graph, tensor: string, source: string): boolean {
  const dependent = new Set([source]);
  for (const node of graph.nodes) if (readsOf(node).some((name) => dependent.has(name))) for (const output of node.outputs) dependent.add(output);
  return dependent.has(tensor);
}
