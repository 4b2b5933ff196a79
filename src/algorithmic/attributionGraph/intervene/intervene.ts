/**
 * Interventions from a graph: changes nodes in the model, and compares what the graph predicts with what happens. The
 * control is sets of random active features of the same number, put to the same change.
 */
import { MechanistError } from '../../../engine/errors.ts';
import type { Model } from '../../../engine/models/model.ts';
import { Random } from '../../../engine/random.ts';
import type { Runtime } from '../../../engine/runtime/runtime.ts';
import type { BuiltGraph } from '../build.ts';
import { kindOf, rangeOf } from '../graph.ts';
import { requireNode } from '../queries/neighbours.ts';
import type { OpenGraph } from '../queries/openGraph.ts';
import { pearson } from '../queries/diff.ts';
import { logitVectors, logitsOf } from '../readoutWeights.ts';
import { softmax } from '../targets.ts';
import type { Measure } from './changedModel.ts';
import { measureChanges } from './measure.ts';
import type { ChangeSet, Measured } from './measure.ts';
import { predictChange, relativeChange } from './predict.ts';
import type { Change } from './predict.ts';

export interface InterveneOptions {
  readonly nodes: readonly number[];
  readonly change: Change;
  readonly measure?: Measure;
  /** Feature nodes that are compared. Default: those with the largest predicted change. */
  readonly targets?: readonly number[] | undefined;
  readonly maxTargets?: number;
  /** Random sets. Default 10. */
  readonly controls?: number;
  readonly seed?: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (done: number, total: number) => void;
}

/** Predicted and measured changes of the same targets. */
export interface Comparison {
  readonly targets: Uint32Array;
  readonly predicted: Float32Array;
  readonly measured: Float32Array;
  /** Pearson's; NaN for fewer than two targets or without spread. */
  readonly correlation: number;
  /** Of measured on predicted, through the origin; NaN when nothing is predicted. */
  readonly slope: number;
  /** Predictions along direct edges alone. */
  readonly direct: Float32Array;
}

export interface Intervention {
  /** Changes of pre-activations. */
  readonly features: Comparison;
  /** Changes of logits minus the mean logit. */
  readonly logits: Comparison;
  /** Probability of each logit target before and after; NaN for what is not one token. */
  readonly probabilities: { readonly before: Float32Array; readonly after: Float32Array };
  readonly control: {
    readonly sets: number;
    /** Mean absolute measured change of the logits: of each random set, and of the intervention. */
    readonly magnitudes: Float32Array;
    readonly magnitude: number;
    /** (1 + random sets of at least this magnitude) / (1 + sets). */
    readonly p: number;
    /** Correlation of the intervention's predictions with what each random set does to the same features. */
    readonly correlations: Float32Array;
  };
}

/** Errors: `argument` for nodes that the graph lacks or that cannot be changed; `cancelled`; those of the runtime. */
export async function intervene(model: Model, runtime: Runtime, built: BuiltGraph, open: OpenGraph, options: InterveneOptions): Promise<Intervention> {
  const { graph } = built;
  const { nodes, change, measure = 'model', seed = 0 } = options;
  if (nodes.length === 0) throw new MechanistError('argument', 'There is no node to change.', { field: 'nodes' });
  for (const node of [...nodes, ...(options.targets ?? [])]) requireNode(open, node);
  const changes = new Map([...new Set(nodes)].map((node) => [node, relativeChange(graph, node, change)]));
  const prediction = predictChange(graph, open.influence.order, changes);
  const predicted = measure === 'direct' ? prediction.direct : prediction.total;
  const targets = featureTargets(built, predicted, changes, options);
  const controls = randomSets(built, changes.size, new Set(changes.keys()), change, options.controls ?? 10, seed);
  const [own, ...others] = await measureChanges(model, runtime, built, [changes, ...controls], { measure, signal: options.signal, onProgress: options.onProgress });

  const vectors = await logitVectors(model, runtime, built.unembedding, built.targets.map(({ weights }) => weights));
  const [firstLogit] = rangeOf(graph, 'logit');
  const logitNodes = Uint32Array.from(built.targets, (_, i) => firstLogit + i);
  const logitChanges = (of: Measured): Float32Array => Float32Array.from(built.targets, (_, i) => dot(vectors.subarray(i * built.unembedding.width), of.lastDifference));
  const features = compared(targets, featureChanges(built, targets, own!), predicted, prediction.direct);
  const magnitudes = Float32Array.from(others, (other) => meanAbsolute(logitChanges(other)));
  const magnitude = meanAbsolute(logitChanges(own!));
  const after = softmax(await logitsOf(model, runtime, built.unembedding, own!.last));
  return {
    features,
    logits: compared(logitNodes, logitChanges(own!), predicted, prediction.direct),
    probabilities: { before: Float32Array.from(built.targets, ({ probability }) => probability), after: Float32Array.from(built.targets, ({ id, weights }) => after[weights.size === 1 ? id : [...weights.keys()][0]!] ?? NaN) },
    control: {
      sets: others.length, magnitudes, magnitude,
      p: (1 + magnitudes.filter((value) => value >= magnitude).length) / (1 + magnitudes.length),
      correlations: Float32Array.from(others, (other) => pearson(features.predicted, featureChanges(built, targets, other))),
    },
  };
}

/** Features that are not changed themselves. */
function featureTargets({ graph }: BuiltGraph, predicted: Float64Array, changes: ChangeSet, { targets, maxTargets = 200 }: InterveneOptions): Uint32Array {
  const candidates = targets ?? Array.from({ length: graph.counts.feature }, (_, node) => node).filter((node) => predicted[node] !== 0).toSorted((a, b) => Math.abs(predicted[b]!) - Math.abs(predicted[a]!));
  return Uint32Array.from(candidates.filter((node) => kindOf(graph, node) === 'feature' && !changes.has(node)).slice(0, maxTargets));
}

function randomSets({ graph }: BuiltGraph, size: number, changed: ReadonlySet<number>, change: Change, count: number, seed: number): ChangeSet[] {
  const candidates = Array.from({ length: graph.counts.feature }, (_, node) => node).filter((node) => !changed.has(node));
  const random = new Random(seed);
  return candidates.length === 0 ? [] : Array.from({ length: count }, () => {
    const chosen = random.permutation(candidates.length).slice(0, size).map((i) => candidates[i]!);
    return new Map(chosen.map((node) => [node, relativeChange(graph, node, change)]));
  });
}

function featureChanges({ graph: { nodes }, layers }: BuiltGraph, targets: Uint32Array, measured: Measured): Float32Array {
  const inputs = new Map<number, Float32Array>();
  return Float32Array.from(targets, (node) => {
    const layer = layers[nodes.layer[node]!]!;
    let difference = inputs.get(layer.layer);
    if (difference === undefined) inputs.set(layer.layer, (difference = measured.input(layer.layer)));
    const encoder = new Float32Array(layer.dIn);
    layer.writeEncoder(nodes.feature[node]!, encoder, 0);
    return dot(difference.subarray(nodes.position[node]! * layer.dIn), encoder);
  });
}

function compared(targets: Uint32Array, measured: Float32Array, predicted: Float64Array, direct: Float64Array): Comparison {
  const expected = Float32Array.from(targets, (node) => predicted[node]!);
  let [both, square] = [0, 0];
  expected.forEach((value, i) => {
    both += value * measured[i]!;
    square += value * value;
  });
  return { targets, predicted: expected, measured, correlation: pearson(expected, measured), slope: square === 0 ? NaN : both / square, direct: Float32Array.from(targets, (node) => direct[node]!) };
}

/** Inner product over the length of the shorter one. */
function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < Math.min(a.length, b.length); i++) sum += a[i]! * b[i]!;
  return sum;
}

function meanAbsolute(values: Float32Array): number {
  return values.reduce((sum, value) => sum + Math.abs(value), 0) / Math.max(1, values.length);
}
