/**
 * Integrated gradients (Sundararajan, Taly & Yan 2017): attributes the difference of a model's output between a
 * baseline and an input to the elements of the input,
 *
 *   (x − x₀) · ∫₀¹ ∂f/∂x at x₀ + α(x − x₀) dα,
 *
 * at the input itself or at any hook point. Steps are run in batches and summed in the graph.
 */
import { MechanistError, throwIfCancelled } from '../engine/errors.ts';
import { GraphBuilder } from '../engine/graph/builder.ts';
import { differentiate } from '../engine/graph/differentiate/differentiate.ts';
import { int, typeOf } from '../engine/graph/ir.ts';
import type { Graph, ValueType } from '../engine/graph/ir.ts';
import { splice } from '../engine/graph/splice.ts';
import { metricInputs, metricPerRowOutput } from '../engine/metrics/append.ts';
import { metricGraph } from '../engine/metrics/metricGraph.ts';
import type { Metric } from '../engine/metrics/parse.ts';
import { unknownHook } from '../engine/models/hookPattern.ts';
import type { Model } from '../engine/models/model.ts';
import type { Feeds, ParameterSource } from '../engine/runtime/program.ts';
import type { Runtime } from '../engine/runtime/runtime.ts';
import { elementCount, i64, numbersOf, repeatRows, tensor, zeros } from '../engine/tensor.ts';
import type { DType, Tensor, TypedArrayOf } from '../engine/tensor.ts';
import { quadrature } from './quadrature.ts';
import type { QuadratureRule } from './quadrature.ts';

/** What is attributed: a metric, one value per row, or for a classifier one class for each row. */
export type AttributionTarget = Metric | { readonly kind: 'classes'; readonly classes: readonly number[] };

export interface IntegratedGradientsOptions {
  readonly inputs: ReadonlyMap<string, Tensor>;
  readonly target: AttributionTarget;
  /** The tensor that is attributed to: a float input or a hook point, rows first. Default: the model's first required input. */
  readonly at?: string;
  /** Of the shape of `at`, or with a single row that stands for all. Default: zeros. */
  readonly baseline?: Tensor;
  /** Default 50. */
  readonly steps?: number;
  /** Default `gauss_legendre`. */
  readonly rule?: QuadratureRule;
  /** False: the mean gradient along the path, without the factor x − x₀. Default true. */
  readonly multiplyByInputs?: boolean;
  /** Rows evaluated in one run, steps times rows. Default 256. */
  readonly rowsPerRun?: number;
  readonly signal?: AbortSignal;
  /** Weights in place of the model's own. */
  readonly parameters?: ParameterSource;
}

export interface IntegratedGradients {
  /** Of the shape and type of `at`. */
  readonly attributions: Tensor;
  /** Target at the input and at the baseline, one per row. */
  readonly values: readonly number[];
  readonly baselineValues: readonly number[];
  /** Σ attributions − (f(x) − f(x₀)) per row: how far the sum is from complete. Only meaningful when multiplied by inputs. */
  readonly delta: readonly number[];
}

/** Errors: `argument` for an unknown or integer tensor, or a baseline or target that does not fit; `cancelled`. */
export async function integratedGradients(model: Model, runtime: Runtime, options: IntegratedGradientsOptions): Promise<IntegratedGradients> {
  const at = options.at ?? model.requiredInputs[0]!;
  const type = attributable(model.graph(), at);
  const feeds = model.feeds(options.inputs);
  const parameters = options.parameters ?? model.parameters;
  const input = feeds.get(at) ?? (await runtime.run({ ...model.graph(), outputs: [at] }, feeds, parameters)).get(at)!;
  const baseline = fitted(options.baseline, input);
  const path = pathGraph(targetGraph(model, options.target, at), at, type);
  const rows = input.dims[0]!;
  const fixed = new Map([...feeds, ...targetFeeds(model, options.target, rows, feeds)]);
  const runAt = (graph: Graph, alphas: readonly number[], weights: readonly number[]): Promise<ReadonlyMap<string, Tensor>> => runtime.run(graph, new Map<string, Tensor>([
    ...repeated(graph, fixed, alphas.length),
    [pathInputs.from, baseline], [pathInputs.to, input],
    [pathInputs.alphas, vector(input.dtype, alphas)], [pathInputs.weights, vector(input.dtype, weights)],
  ]), parameters);

  const perRun = typeof type.shape![0] === 'number' ? 1 : Math.max(1, Math.floor((options.rowsPerRun ?? 256) / rows));
  const { points, weights } = quadrature(options.rule ?? 'gauss_legendre', options.steps ?? 50);
  const sum = new Float64Array(elementCount(input.dims));
  for (let start = 0; start < points.length; start += perRun) {
    throwIfCancelled(options.signal);
    const result = await runAt(path.integral, points.slice(start, start + perRun), weights.slice(start, start + perRun));
    const part = numbersOf(result.get(integralOutput)!);
    for (let i = 0; i < sum.length; i++) sum[i]! += part[i]!;
  }
  const valuesAt = async (alpha: number): Promise<number[]> => Array.from(numbersOf((await runAt(path.value, [alpha], [0])).get(metricPerRowOutput)!));
  return finished(sum, input, baseline, await valuesAt(1), await valuesAt(0), options.multiplyByInputs ?? true);
}

const pathInputs = { from: 'path/from', to: 'path/to', alphas: 'path/alphas', weights: 'path/weights' } as const;
const integralOutput = 'path/integral';
const classesInput = 'target/classes';

function attributable(graph: Graph, at: string): ValueType {
  const type = typeOf(graph, at);
  if (type === undefined) throw unknownHook(at, [...graph.inputs.keys(), ...graph.types.keys()]);
  if (type.dtype !== 'float32' && type.dtype !== 'float64') {
    throw new MechanistError('argument', `A tensor of ${type.dtype} has no gradient.`, { field: `tensor ${at}`, hint: 'Attribute to a hook point behind it, such as hook_embed.' });
  }
  if (type.shape === undefined || type.shape.length === 0) throw new MechanistError('argument', 'Attribution needs a tensor of known rank with rows.', { field: `tensor ${at}` });
  return type;
}

function fitted(baseline: Tensor | undefined, input: Tensor): Tensor {
  if (baseline === undefined) return zeros(input.dtype, input.dims);
  const sameRest = baseline.dims.length === input.dims.length && baseline.dims.every((size, i) => i === 0 || size === input.dims[i]);
  if (baseline.dtype !== input.dtype || !sameRest || (baseline.dims[0] !== 1 && baseline.dims[0] !== input.dims[0])) {
    throw new MechanistError('argument', `The baseline must be ${input.dtype} of shape [${input.dims.join(', ')}], or one row of it; it is ${baseline.dtype} of [${baseline.dims.join(', ')}].`, { field: 'baseline' });
  }
  return baseline.dims[0] === input.dims[0] ? baseline : repeatRows(baseline, input.dims[0]!);
}

/** The model with one target value per row as output `metric/per_row`. */
function targetGraph(model: Model, target: AttributionTarget, at: string): Graph {
  if (target.kind !== 'classes') return metricGraph(model.graph(), target, model.output, [at]);
  const b = new GraphBuilder(model.graph());
  const shape = b.shapeOf(model.output);
  if (shape.length !== 2) throw new MechanistError('argument', `Classes need outputs of rank 2; this model's have rank ${shape.length}.`, { field: 'target' });
  const classes = b.unsqueeze(b.input(classesInput, 'int64', [shape[0]!]), [1]);
  b.squeeze(b.node('GatherElements', [model.output, classes], { attributes: { axis: int(1) } }), [1], metricPerRowOutput);
  return b.build([metricPerRowOutput]);
}

function targetFeeds(model: Model, target: AttributionTarget, rows: number, feeds: Feeds): Feeds {
  if (target.kind !== 'classes') return metricInputs(target, model, feeds);
  if (target.classes.length !== rows) throw new MechanistError('argument', `${target.classes.length} classes for ${rows} rows.`, { field: 'target' });
  return new Map([[classesInput, i64([rows], target.classes)]]);
}

/** The target at points of the path from baseline to input, and the weighted sum of its gradients over these points. */
function pathGraph(graph: Graph, at: string, { dtype, shape }: ValueType): { value: Graph; integral: Graph } {
  const rest = shape!.slice(1);
  const perPoint = rest.map((_, i) => i + 2);
  let points = '';
  const value = splice(graph, at, (b) => {
    b.input(pathInputs.from, dtype, ['path/rows', ...rest]);
    b.input(pathInputs.to, dtype, ['path/rows', ...rest]);
    const alphas = b.unsqueeze(b.input(pathInputs.alphas, dtype, ['path/steps']), [1, ...perPoint]);
    const all = b.add(b.unsqueeze(pathInputs.from, [0]), b.mul(alphas, b.unsqueeze(b.sub(pathInputs.to, pathInputs.from), [0])));
    points = b.node('Reshape', [all, b.concat([b.vector([-1]), b.slice(b.shape(pathInputs.from), 0, 1)], 0)]);
    b.setType(points, { dtype, shape: shape! });
    return points;
  });
  const { graph: backward, gradients } = differentiate(value, { seeds: new Map([[metricPerRowOutput, 'ones']]), wrt: [points] });
  const b = new GraphBuilder(backward);
  const weights = b.unsqueeze(b.input(pathInputs.weights, dtype, ['path/steps']), [1, ...perPoint]);
  const bySteps = b.node('Reshape', [gradients.get(points)!, b.concat([b.shape(pathInputs.alphas), b.shape(pathInputs.from)], 0)]);
  b.reduceSum(b.mul(bySteps, weights), [0], false, integralOutput);
  return { value: { ...value, outputs: [metricPerRowOutput] }, integral: b.build([integralOutput]) };
}

/** Every input that has rows, once per step. */
function repeated(graph: Graph, feeds: Feeds, times: number): Map<string, Tensor> {
  const rowSymbol = graph.types.get(metricPerRowOutput)?.shape?.[0];
  return new Map(Array.from(feeds, ([name, value]): [string, Tensor] => [name, typeof rowSymbol === 'string' && graph.inputs.get(name)?.shape?.[0] === rowSymbol ? repeatRows(value, times) : value]));
}

function vector(dtype: DType, values: readonly number[]): Tensor {
  return tensor(dtype, [values.length], (dtype === 'float64' ? Float64Array.from(values) : Float32Array.from(values)) as TypedArrayOf[DType]);
}

function finished(gradients: Float64Array, input: Tensor, baseline: Tensor, values: number[], baselineValues: number[], multiply: boolean): IntegratedGradients {
  const [x, x0] = [numbersOf(input), numbersOf(baseline)];
  const attributions = multiply ? gradients.map((g, i) => g * (x[i]! - x0[i]!)) : gradients;
  const width = attributions.length / values.length;
  const delta = values.map((value, row) => {
    const total = attributions.subarray(row * width, (row + 1) * width).reduce((sum, a) => sum + a, 0);
    return total - (value - baselineValues[row]!);
  });
  const data = input.dtype === 'float64' ? attributions : Float32Array.from(attributions);
  return { attributions: tensor(input.dtype, input.dims, data as TypedArrayOf[DType]), values, baselineValues, delta };
}
