/**
 * Changing one feature in a run: what is added at the dictionary's output hook is the change of its activation times its
 * decoder row, so that everything else stays as it is (algorithms reference §20). The same as an intervention on
 * `hook_sae_acts_post` of a dictionary spliced in with its error term, at the cost of one row.
 */
import { withDictionaries } from '../../engine/dictionaries/dictionary.ts';
import type { Dictionary } from '../../engine/dictionaries/dictionary.ts';
import { appendEncode, appendEncodeLayer } from '../../engine/dictionaries/encode.ts';
import type { EncodeContext } from '../../engine/dictionaries/encode.ts';
import { MechanistError } from '../../engine/errors.ts';
import { GraphBuilder } from '../../engine/graph/builder.ts';
import { splice } from '../../engine/graph/splice.ts';
import type { Graph } from '../../engine/graph/ir.ts';
import type { Model } from '../../engine/models/model.ts';
import { Random } from '../../engine/random.ts';
import type { ParameterSource } from '../../engine/runtime/program.ts';
import { f32, i64 } from '../../engine/tensor.ts';
import type { Tensor } from '../../engine/tensor.ts';
import type { FeatureSource } from '../store/source.ts';

export type FeatureAction =
  | { readonly kind: 'ablate' }
  /** Sets the activation. */
  | { readonly kind: 'clamp'; readonly value: number }
  /** Adds to the activation. */
  | { readonly kind: 'add'; readonly amount: number };

export interface SteeringProgram {
  /** The model's graph with the change, and `steering/activation` [b,p,1]. */
  readonly graph: Graph;
  readonly parameters: ParameterSource;
  /** Feeds for a change of `feature` where `where` [rows · positions] is 1; `random` takes a random direction of equal norm instead of its own. */
  feeds(feature: number, action: FeatureAction, where: Float32Array, dims: readonly [number, number], random?: { readonly seed: number }): Map<string, Tensor>;
}

/** The feature's activation before the change. */
export const activationOutput = 'steering/activation';
/** Norm of what is added at each position, of the first output hook it is added to [b,p,1]. */
export const addedOutput = 'steering/added';

const inputs = { feature: 'steering/feature', direction: 'steering/direction', keep: 'steering/keep', offset: 'steering/offset', where: 'steering/where' } as const;

/** One program serves every feature and action. Errors: `argument` for a dictionary that does not say what it writes. */
export function steeringProgram(model: Model, source: FeatureSource): SteeringProgram {
  const { weights, layer } = source;
  const outputs = weights.kind === 'clt' ? weights.hooks.outputs.slice(layer) : weights.hooks.output === undefined ? [] : [weights.hooks.output];
  if (outputs.length === 0) throw new MechanistError('argument', 'The dictionary does not say which hook point it writes.', { file: weights.source, hint: 'Name it: --output-hook on the command line.' });
  return {
    graph: changedGraph(model.graph(), source, outputs),
    parameters: withDictionaries(model.parameters, [weights]),
    feeds(feature, action, where, dims, random) {
      const own = decoderRows(source, feature);
      const direction = random === undefined ? own : randomRows(own, weights.dOut, random.seed);
      const [keep, offset] = action.kind === 'ablate' ? [-1, 0] : action.kind === 'clamp' ? [-1, action.value] : [0, action.amount];
      return new Map<string, Tensor>([
        [inputs.feature, i64([1], [feature])], [inputs.direction, f32([outputs.length, weights.dOut], direction)],
        [inputs.keep, f32([1], [keep])], [inputs.offset, f32([1], [offset])], [inputs.where, f32([dims[0], dims[1], 1], where)],
      ]);
    },
  };
}

/** change = where · (keep · activation + offset): −a for an ablation, v − a for a clamp, the amount for an addition. */
function changedGraph(graph: Graph, { weights, layer, hook }: FeatureSource, outputs: readonly string[]): Graph {
  const declared = new GraphBuilder({ ...graph, outputs: [] });
  declared.input(inputs.feature, 'int64', [1]);
  declared.input(inputs.direction, 'float32', [outputs.length, weights.dOut]);
  declared.input(inputs.keep, 'float32', [1]);
  declared.input(inputs.offset, 'float32', [1]);
  declared.input(inputs.where, 'float32', ['batch', 'pos', 1]);
  let current: Graph = declared.build();
  let context: EncodeContext | undefined;
  outputs.forEach((output, index) => {
    current = splice(current, output, (b, original) => {
      // An autoencoder reads the hook point it writes, which from here on has another name.
      const x = hook === output ? original : hook;
      if (index === 0) {
        const encoded = weights.kind === 'clt' ? { acts: appendEncodeLayer(b, weights, layer!, x), context: undefined } : appendEncode(b, weights, x);
        context = encoded.context;
        const activation = b.gather(encoded.acts, inputs.feature, -1, activationOutput);
        b.mul(inputs.where, b.add(b.mul(inputs.keep, activation), inputs.offset), 'steering/change');
      }
      const row = b.gather(inputs.direction, b.vector([index]), 0);
      const flat = b.mul('steering/change', row);
      const added = weights.kind === 'clt' || context === undefined ? flat : inUnitsOfHook(b, weights, flat, context);
      if (index === 0) b.unary('Sqrt', b.reduceSum(b.mul(added, added), [-1], true), addedOutput);
      const shape = b.shapeOf(original);
      const leading = b.shapeOf(added).length;
      const placed = shape.length > leading ? b.reshape(added, [0, 0, ...shape.slice(2).map((dim) => dim as number)]) : added;
      return b.add(original, placed);
    });
  });
  return current;
}

/** A change of the decoder's output as a change of the hook point: what normalisation and scaling do to differences. */
function inUnitsOfHook(b: GraphBuilder, dictionary: Dictionary, change: string, { normalization }: EncodeContext): string {
  const restored = dictionary.kind !== 'sae' || normalization.kind === 'none' ? change
    : normalization.kind === 'constant_norm_rescale' ? b.div(change, normalization.factor) : b.mul(change, normalization.deviation);
  return dictionary.inputScale === 1 ? restored : b.div(restored, b.scalar(dictionary.inputScale));
}

/** What a unit of activation adds to each output [outputs · dOut]. */
function decoderRows({ weights, layer }: FeatureSource, feature: number): Float32Array {
  if (weights.kind === 'clt') {
    const { data, dims } = weights.parameters.get(`W_dec_${layer}`);
    const size = dims[1]! * dims[2]!;
    return (data as Float32Array).slice(feature * size, (feature + 1) * size);
  }
  const row = (weights.parameters.get('W_dec').data as Float32Array).slice(feature * weights.dOut, (feature + 1) * weights.dOut);
  return weights.rescaleActsByDecoderNorm ? row.map((value) => value / (Math.hypot(...row) || 1)) : row;
}

/** Random directions, each of the norm of the row it stands for. */
function randomRows(rows: Float32Array, width: number, seed: number): Float32Array {
  const random = new Random(seed);
  const result = new Float32Array(rows.length);
  for (let start = 0; start < rows.length; start += width) {
    const direction = Float64Array.from({ length: width }, () => random.normal());
    const scale = Math.hypot(...rows.subarray(start, start + width)) / Math.hypot(...direction);
    for (let i = 0; i < width; i++) result[start + i] = direction[i]! * scale;
  }
  return result;
}
