/** Finite-difference check of gradients: the same checker for every rule, and for rules that are wrong on purpose. */
import { GraphBuilder } from '../../../../../src/engine/graph/builder.ts';
import { addCotangentInput, differentiate } from '../../../../../src/engine/graph/differentiate/differentiate.ts';
import type { DifferentiateOptions } from '../../../../../src/engine/graph/differentiate/differentiate.ts';
import type { Graph, Shape } from '../../../../../src/engine/graph/ir.ts';
import { Program } from '../../../../../src/engine/runtime/program.ts';
import { elementCount, f32, f64, i64, numbersOf } from '../../../../../src/engine/tensor.ts';
import type { Tensor } from '../../../../../src/engine/tensor.ts';
import { uniform } from '../../../../support/random.ts';

export type Float = 'float32' | 'float64';

/** How values of an input are drawn: from a random source in [0, 1), or fixed integers (which get no gradient). */
export interface InputSpec {
  readonly shape: Shape;
  readonly draw?: (random: () => number, index: number) => number;
  readonly integers?: (index: number, sizes: Sizes) => number;
}

export type Sizes = Readonly<Record<string, number>>;

export interface GradientCase {
  readonly name: string;
  readonly inputs: Readonly<Record<string, InputSpec>>;
  /** Appends the computation and returns the tensors that are seeded. */
  readonly build: (b: GraphBuilder, dtype: Float) => string | readonly string[];
  /** Changes the built graph before it is checked. */
  readonly transform?: (graph: Graph) => Graph;
  /** Sizes of the symbols, one entry per run. */
  readonly sizes?: readonly Sizes[];
  /**
   * `integers`: the runtime has no float64 kernel, but the operator is linear in each input (or piecewise so), so that with small
   * integers and a step of 1 differences in float32 are exact.
   */
  readonly mode?: 'integers';
  /** The function itself in float64, where the runtime has no float64 kernel; gradients are then computed in `dtype`. */
  readonly reference?: (inputs: ReadonlyMap<string, Tensor>) => readonly number[];
  readonly dtype?: Float;
}

/** Largest difference between a gradient and its finite differences, relative to the largest entry, over all inputs and runs. */
export async function gradientError(test: GradientCase, overrides?: DifferentiateOptions['overrides']): Promise<number> {
  const dtype = dtypeOf(test);
  const forward = forwardGraph(test, dtype);
  const { graph, gradients } = withGradients(forward, floatInputs(test), overrides);
  const program = await Program.compile({ ...graph, outputs: [...gradients.values()] }, { threads: 1 });
  const evaluator = test.reference === undefined ? await Program.compile(forward, { threads: 1 }) : undefined;
  let worst = 0;
  for (const [run, sizes] of (test.sizes ?? [{}]).entries()) {
    const random = uniform(1000 * run + 7);
    const feeds = drawFeeds(test, dtype, sizes, random);
    const shapes = await outputShapes(evaluator, feeds, sizes, forward);
    const cotangents = shapes.map((dims) => drawTensor(dtype, dims, () => drawNumber(test, random)));
    const analytic = await program.run(new Map([...feeds, ...forward.outputs.map((name, i): [string, Tensor] => [`cotangent/${name}`, cotangents[i]!])]));
    const objective = async (at: ReadonlyMap<string, Tensor>): Promise<number> => {
      const outputs = evaluator === undefined ? [test.reference!(at)] : Array.from((await evaluator.run(at)).values(), (t) => numbersOf(t));
      return outputs.reduce((sum, values, i) => sum + dot(values, numbersOf(cotangents[i]!)), 0);
    };
    for (const name of floatInputs(test)) {
      const numeric = await finiteDifferences(objective, feeds, name, test);
      worst = Math.max(worst, relativeError(numbersOf(analytic.get(gradients.get(name)!)!), numeric));
    }
  }
  await program.release();
  await evaluator?.release();
  return worst;
}

/** The type a case is computed in. */
export function dtypeOf(test: GradientCase): Float {
  return test.dtype ?? (test.mode === 'integers' ? 'float32' : 'float64');
}

/** Largest absolute difference over the largest absolute value of `expected`. */
export function relativeError(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (actual.length !== expected.length) return Infinity;
  let difference = 0;
  let largest = 0;
  for (let i = 0; i < expected.length; i++) {
    difference = Math.max(difference, Number.isFinite(actual[i]!) ? Math.abs(actual[i]! - expected[i]!) : Infinity);
    largest = Math.max(largest, Math.abs(expected[i]!));
  }
  return difference === 0 ? 0 : difference / Math.max(largest, 1e-9);
}

/** The computation alone. */
export function forwardGraph(test: GradientCase, dtype: Float): Graph {
  const b = new GraphBuilder();
  for (const [name, spec] of Object.entries(test.inputs)) b.input(name, spec.integers === undefined ? dtype : 'int64', spec.shape);
  const outputs = test.build(b, dtype);
  const graph = b.build(typeof outputs === 'string' ? [outputs] : outputs);
  return test.transform === undefined ? graph : test.transform(graph);
}

/** With the gradients of `wrt`, given cotangents of all outputs as inputs `cotangent/…`. */
export function withGradients(forward: Graph, wrt: readonly string[], overrides?: DifferentiateOptions['overrides']): ReturnType<typeof differentiate> {
  let graph = forward;
  const seeds = new Map<string, string>();
  for (const output of forward.outputs) {
    const injected = addCotangentInput(graph, output);
    graph = injected.graph;
    seeds.set(output, injected.cotangent);
  }
  return differentiate(graph, { seeds, wrt, ...(overrides === undefined ? {} : { overrides }) });
}

/** Names of the inputs that have gradients. */
export function floatInputs(test: GradientCase): string[] {
  return Object.entries(test.inputs).flatMap(([name, spec]) => (spec.integers === undefined ? [name] : []));
}

/** Values for all inputs of the computation. */
export function drawFeeds(test: GradientCase, dtype: Float, sizes: Sizes, random: () => number): Map<string, Tensor> {
  return new Map(Object.entries(test.inputs).map(([name, spec]): [string, Tensor] => {
    const dims = spec.shape.map((dim) => (typeof dim === 'number' ? dim : sizes[dim]!));
    const { integers, draw } = spec;
    if (integers !== undefined) return [name, i64(dims, Array.from({ length: elementCount(dims) }, (_, i) => integers(i, sizes)))];
    return [name, drawTensor(dtype, dims, (i) => (draw === undefined ? drawNumber(test, random) : draw(random, i)))];
  }));
}

function drawNumber(test: GradientCase, random: () => number): number {
  return test.mode === 'integers' ? Math.floor(9 * random()) - 4 : 2 * random() - 1;
}

function drawTensor(dtype: Float, dims: readonly number[], draw: (index: number) => number): Tensor {
  const values = Array.from({ length: elementCount(dims) }, (_, i) => draw(i));
  return dtype === 'float64' ? f64(dims, values) : f32(dims, values);
}

async function outputShapes(evaluator: Program | undefined, feeds: ReadonlyMap<string, Tensor>, sizes: Sizes, forward: Graph): Promise<(readonly number[])[]> {
  if (evaluator !== undefined) return Array.from((await evaluator.run(feeds)).values(), (t) => t.dims);
  return forward.outputs.map((name) => forward.types.get(name)!.shape!.map((dim) => (typeof dim === 'number' ? dim : sizes[dim]!)));
}

/** Central differences of fourth order. */
async function finiteDifferences(objective: (at: ReadonlyMap<string, Tensor>) => Promise<number>, feeds: ReadonlyMap<string, Tensor>, name: string, test: GradientCase): Promise<number[]> {
  const step = test.mode === 'integers' ? 1 : 1e-3;
  const value = feeds.get(name)!;
  // A reference in float64 is evaluated at float64 points, whatever the type of the program.
  const base = Float64Array.from(value.data as Float64Array);
  const at = async (index: number, offset: number): Promise<number> => {
    const moved = base.slice();
    moved[index]! += offset;
    const tensor = test.reference !== undefined || value.dtype === 'float64' ? f64(value.dims, moved) : f32(value.dims, moved);
    return objective(new Map([...feeds, [name, tensor]]));
  };
  const slopes: number[] = [];
  for (let i = 0; i < base.length; i++) {
    if (test.mode === 'integers') slopes.push((await at(i, step) - await at(i, -step)) / 2);
    else slopes.push((8 * (await at(i, step) - await at(i, -step)) - (await at(i, 2 * step) - await at(i, -2 * step))) / (12 * step));
  }
  return slopes;
}

function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}
