/**
 * Tests of a circuit, each beside what it must be compared with (algorithms reference §7, §24): faithfulness with its
 * interval, the complement, random and degree-matched circuits, prompts that had no part in finding it, the best circuit
 * without its strongest edges, the loss by each edge, and the curve over sizes.
 *
 *   F(C) = (m(C) − m(∅)) / (m(M) − m(∅)),  means over prompts;  m(∅): every edge corrupted
 */
import { MechanistError } from '../../engine/errors.ts';
import { Random } from '../../engine/random.ts';
import { edgeName } from '../edges/edgeGraph.ts';
import type { EdgeGraph } from '../edges/edgeGraph.ts';
import { bootstrap, differ, meanOf, summarizeNull } from '../../engine/statistics.ts';
import type { Interval, NullSummary } from '../../engine/statistics.ts';
import type { CircuitSet, Progress } from './promptSets.ts';
import { degreeMatchedCircuit, randomCircuit } from './randomCircuits.ts';
import { membersOf, selectCircuit } from './select.ts';
import type { Selection } from './select.ts';

export interface EvaluateOptions extends Progress {
  readonly circuit: Uint8Array;
  /** The scores it was selected by, and how: for the search without its strongest edges and for the curve. */
  readonly scores: ArrayLike<number>;
  readonly selection: Selection;
  readonly heldOut?: CircuitSet;
  /** Random circuits of each kind. Default and least: 50. */
  readonly nulls?: number;
  /** Strongest edges that the second search must do without. Default 5; 0 for no search. */
  readonly avoid?: number;
  /** Loss below which an edge counts as removable. Default 0.01. */
  readonly epsilon?: number;
  /** Default true each. */
  readonly minimality?: boolean;
  readonly curve?: boolean;
  readonly seed?: number;
}

export interface Faithfulness {
  readonly value: number;
  /** 95 % bootstrap over prompts; undefined for one prompt. */
  readonly interval: Interval | undefined;
}

export interface CircuitReport {
  readonly edges: number;
  readonly of: number;
  readonly prompts: number;
  readonly full: number;
  readonly empty: number;
  readonly circuit: number;
  readonly faithfulness: Faithfulness;
  /** Of everything but the circuit. Near 0: nothing outside it suffices. */
  readonly complement: number;
  readonly random: NullSummary;
  /** `overlap`: mean share of the circuit's edges that a rewired one still has. Near 1 in small circuits, which leave little to rewire: the null then says little. */
  readonly degreeMatched: NullSummary & { readonly overlap: number };
  readonly heldOut: { readonly prompts: number; readonly faithfulness: Faithfulness; readonly random: NullSummary } | undefined;
  readonly rashomon: { readonly avoided: readonly string[]; readonly edges: number; readonly faithfulness: number; readonly unique: boolean } | undefined;
  /** Edges of the circuit, strongest first, and what F loses when each alone is cut. */
  readonly minimality: { readonly edges: readonly string[]; readonly loss: readonly number[]; readonly removable: readonly string[] } | undefined;
  /** F by number of edges, selected as the circuit was, beside the mean of 10 random circuits; areas over the share of edges. */
  readonly curve: { readonly edges: readonly number[]; readonly faithfulness: readonly number[]; readonly random: readonly number[]; readonly area: number; readonly randomArea: number } | undefined;
}

/** A second circuit within this much of F makes the first not unique. */
const rashomonMargin = 0.1;

/** Edges whose loss is measured at most. */
const mostMinimality = 500;

/** Errors: `argument` for an empty circuit or when full and empty circuit do not differ; `cancelled`. */
export async function evaluateCircuit(set: CircuitSet, options: EvaluateOptions): Promise<CircuitReport> {
  const { edges } = set;
  const { circuit, scores, selection } = options;
  const members = membersOf(circuit, scores);
  if (members.length === 0) {
    throw new MechanistError('argument', 'The circuit has no edges.', { hint: 'Lower the threshold or take more edges; edges of nodes that lead nowhere are removed.' });
  }
  const nulls = Math.max(50, options.nulls ?? 50);
  const random = new Random(options.seed ?? 0);
  const randoms = Array.from({ length: nulls }, () => randomCircuit(edges, members.length, random));
  const matched = Array.from({ length: nulls }, () => degreeMatchedCircuit(edges, circuit, random));
  const avoided = members.slice(0, options.avoid ?? 5);
  const second = avoided.length === 0 ? undefined : selectCircuit(edges, scores, searchAgain(selection, members.length), new Set(avoided));
  const tested = options.minimality === false ? [] : members.slice(0, mostMinimality);
  const sizes = options.curve === false ? [] : curveSizes(edges);
  const onCurve = sizes.map((size) => selectCircuit(edges, scores, { kind: selection.kind === 'greedy' ? 'greedy' : 'top', edges: size }));
  const randomOnCurve = sizes.flatMap((size) => Array.from({ length: randomsOnCurve }, () => randomCircuit(edges, size, random)));

  const batch = new Batch(edges);
  const at = {
    circuit: batch.add(circuit), complement: batch.add(edges.exists.map((exists, i) => (circuit[i] === 1 ? 0 : exists))),
    randoms: randoms.map((c) => batch.add(c)), matched: matched.map((c) => batch.add(c)), second: second === undefined ? -1 : batch.add(second),
    cut: tested.map((edge) => batch.add(circuit.map((kept, i) => (i === edge ? 0 : kept)))), curve: onCurve.map((c) => batch.add(c)), randomCurve: randomOnCurve.map((c) => batch.add(c)),
  };
  const found = await batch.run(set, options);
  const f = (index: number): number => found.faithfulness(index);
  const value = f(at.circuit);
  return {
    edges: members.length, of: edges.exists.reduce((sum, exists) => sum + exists, 0), prompts: set.prompts,
    full: found.full, empty: found.empty, circuit: found.metric(at.circuit),
    faithfulness: { value, interval: found.interval(at.circuit, options.seed ?? 0) },
    complement: f(at.complement),
    random: summarizeNull(Float64Array.from(at.randoms, f), value),
    degreeMatched: { ...summarizeNull(Float64Array.from(at.matched, f), value), overlap: meanOf(matched.map((c) => members.filter((edge) => c[edge] === 1).length / members.length)) },
    heldOut: options.heldOut === undefined ? undefined : await onHeldOut(options.heldOut, circuit, randoms, options),
    rashomon: second === undefined ? undefined : {
      avoided: avoided.map((edge) => edgeName(edges, edge)), edges: second.reduce((sum, inside) => sum + inside, 0),
      faithfulness: f(at.second), unique: f(at.second) < value - rashomonMargin,
    },
    minimality: tested.length === 0 ? undefined : minimalityOf(tested.map((edge) => edgeName(edges, edge)), at.cut.map((index) => value - f(index)), options.epsilon ?? 0.01),
    curve: sizes.length === 0 ? undefined : curveOf(edges, sizes, at.curve.map(f), sizes.map((_, i) => meanOf(at.randomCurve.slice(i * randomsOnCurve, (i + 1) * randomsOnCurve).map(f)))),
  };
}

/** F of some circuits on a data set, without further tests. Errors: `argument` when full and empty circuit do not differ. */
export async function faithfulnessOf(set: CircuitSet, circuits: readonly Uint8Array[], progress: Progress = {}): Promise<number[]> {
  const batch = new Batch(set.edges);
  const indices = circuits.map((circuit) => batch.add(circuit));
  const found = await batch.run(set, progress);
  return indices.map((index) => found.faithfulness(index));
}

const randomsOnCurve = 10;

async function onHeldOut(set: CircuitSet, circuit: Uint8Array, randoms: readonly Uint8Array[], options: EvaluateOptions): Promise<CircuitReport['heldOut']> {
  const batch = new Batch(set.edges);
  const at = batch.add(circuit);
  const others = randoms.map((c) => batch.add(c));
  const found = await batch.run(set, options.signal === undefined ? {} : { signal: options.signal });
  const value = found.faithfulness(at);
  return { prompts: set.prompts, faithfulness: { value, interval: found.interval(at, options.seed ?? 0) }, random: summarizeNull(Float64Array.from(others, (i) => found.faithfulness(i)), value) };
}

/** The same kind of search for as many edges; circuits given by name are searched for greedily. */
function searchAgain(selection: Selection, count: number): Selection {
  return selection.kind === 'top' ? selection : { kind: 'greedy', edges: count };
}

function minimalityOf(names: readonly string[], loss: readonly number[], epsilon: number): NonNullable<CircuitReport['minimality']> {
  return { edges: names, loss, removable: names.filter((_, i) => Math.abs(loss[i]!) < epsilon) };
}

/** Numbers of edges: shares from a thousandth to all, as in the MIB benchmark. */
function curveSizes(edges: EdgeGraph): number[] {
  const all = edges.exists.reduce((sum, exists) => sum + exists, 0);
  return [...new Set([0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1].map((share) => Math.max(1, Math.round(share * all))))];
}

function curveOf(edges: EdgeGraph, sizes: readonly number[], faithfulness: readonly number[], random: readonly number[]): NonNullable<CircuitReport['curve']> {
  const all = edges.exists.reduce((sum, exists) => sum + exists, 0);
  return { edges: sizes, faithfulness, random, area: area(sizes, faithfulness, all), randomArea: area(sizes, random, all) };
}

/** Trapezoids over the share of edges, from F = 0 at none. */
function area(sizes: readonly number[], values: readonly number[], all: number): number {
  let [sum, x, y] = [0, 0, 0];
  sizes.forEach((size, i) => {
    sum += ((size / all - x) * (values[i]! + y)) / 2;
    [x, y] = [size / all, values[i]!];
  });
  return sum;
}

/** Circuits that are run together with the full and the empty one, equal ones once. */
class Batch {
  private readonly circuits: Uint8Array[] = [];
  private readonly known = new Map<string, number>();

  constructor(edges: EdgeGraph) {
    this.add(edges.exists);
    this.add(new Uint8Array(edges.exists.length));
  }

  /** Index of the circuit in the results. */
  add(circuit: Uint8Array): number {
    const key = Buffer.from(circuit).toString('latin1');
    let index = this.known.get(key);
    if (index === undefined) this.known.set(key, (index = this.circuits.push(circuit) - 1));
    return index;
  }

  async run(set: CircuitSet, progress: Progress): Promise<BatchResults> {
    return new BatchResults(await set.evaluate(this.circuits, progress));
  }
}

class BatchResults {
  private readonly perPrompt: readonly Float32Array[];

  constructor(perPrompt: readonly Float32Array[]) {
    this.perPrompt = perPrompt;
    const [full, empty] = [this.full, this.empty];
    if (!differ(full, empty)) {
      throw new MechanistError('argument', `The metric is ${full.toPrecision(4)} on the full model and ${empty.toPrecision(4)} with every edge corrupted, so faithfulness is not defined.`, {
        hint: 'Choose a corrupted prompt that changes the answer.',
      });
    }
  }

  get full(): number {
    return this.metric(0);
  }

  get empty(): number {
    return this.metric(1);
  }

  metric(index: number): number {
    return meanOf(this.perPrompt[index]!);
  }

  faithfulness(index: number): number {
    return (this.metric(index) - this.empty) / (this.full - this.empty);
  }

  interval(index: number, seed: number): Interval | undefined {
    const [full, empty, circuit] = [this.perPrompt[0]!, this.perPrompt[1]!, this.perPrompt[index]!];
    if (full.length < 2) return undefined;
    return bootstrap(full.length, (drawn) => {
      let [above, below] = [0, 0];
      for (const i of drawn) {
        above += circuit[i]! - empty[i]!;
        below += full[i]! - empty[i]!;
      }
      return above / below;
    }, { seed });
  }
}
