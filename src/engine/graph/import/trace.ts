/**
 * Types by running: where inference gives up, the graph is run on two sets of small inputs with different batch
 * and sequence sizes, and every axis is recognised by how its size moved.
 */
import type { Tensor } from '../../tensor.ts';
import type { Dim, Graph, Shape, ValueType } from '../ir.ts';
import { readsOf } from '../ir.ts';
import { productDim } from '../shape.ts';

/** Runs a graph to its outputs. */
export type GraphRunner = (graph: Graph, feeds: ReadonlyMap<string, Tensor>) => Promise<ReadonlyMap<string, Tensor>>;

/** Feeds for every input, with the given sizes for the symbols of the input shapes. */
export type FeedMaker = (sizes: ReadonlyMap<string, number>) => ReadonlyMap<string, Tensor>;

/** Distinct primes per symbol, so that sums and products of sizes rarely coincide. */
const firstSizes = [2, 5, 11, 17, 23, 31];
const secondSizes = [3, 7, 13, 19, 29, 37];

/**
 * The graph with all tensors typed. Sizes that did not move are taken as fixed; those that moved like a symbol, a
 * product of two symbols, or an earlier unnamed size get the same symbol. Errors: those of `run`.
 */
export async function traceTypes(graph: Graph, run: GraphRunner, feedsFor: FeedMaker): Promise<Graph> {
  const unknown = untyped(graph);
  if (unknown.length === 0) return graph;
  const symbols = inputSymbols(graph);
  const sizes = [firstSizes, secondSizes].map((list) => new Map(symbols.map((symbol, i) => [symbol, list[i % list.length]!])));
  const traced = { ...graph, outputs: unknown };
  const first = await run(traced, feedsFor(sizes[0]!));
  const second = await run(traced, feedsFor(sizes[1]!));
  const naming = new DimensionNaming(symbols, sizes[0]!, sizes[1]!);
  const types = new Map<string, ValueType>(graph.types);
  for (const name of unknown) {
    const [a, b] = [first.get(name)!, second.get(name)!];
    const shape: Shape | undefined = a.dims.length === b.dims.length ? a.dims.map((size, i) => naming.dim(size, b.dims[i]!)) : undefined;
    types.set(name, { dtype: a.dtype, shape });
  }
  return { ...graph, types };
}

/** Symbols of the input shapes: "batch" and "pos" first. */
function inputSymbols(graph: Graph): string[] {
  const symbols = new Set<string>(['batch', 'pos']);
  for (const { shape } of graph.inputs.values()) for (const dim of shape ?? []) if (typeof dim === 'string') symbols.add(dim);
  return [...symbols];
}

/** Tensors to be traced. What comes out of a loop stays unknown: a file may claim any number of rounds. */
function untyped(graph: Graph): string[] {
  const known = new Set(inputSymbols(graph));
  const looped = new Set<string>();
  const isKnown = (dim: Dim): boolean => typeof dim === 'number' || dim.split('*').every((factor) => known.has(factor) || /^\d+$/.test(factor));
  const names: string[] = [];
  for (const node of graph.nodes) {
    if (node.op === 'Loop' || node.op === 'Scan' || readsOf(node).some((name) => looped.has(name))) {
      for (const name of node.outputs) looped.add(name);
      continue;
    }
    for (const name of node.outputs) {
      const shape = graph.types.get(name)?.shape;
      if (name !== '' && (shape === undefined || !shape.every(isKnown))) names.push(name);
    }
  }
  return names;
}

class DimensionNaming {
  private readonly known = new Map<string, string>();
  private unnamed = 0;

  constructor(symbols: readonly string[], first: ReadonlyMap<string, number>, second: ReadonlyMap<string, number>) {
    const name = (symbol: string, a: number, b: number): void => {
      if (!this.known.has(`${a} ${b}`)) this.known.set(`${a} ${b}`, symbol);
    };
    for (const s of symbols) name(s, first.get(s)!, second.get(s)!);
    for (const s of symbols) for (const t of symbols) name(String(productDim([s, t])), first.get(s)! * first.get(t)!, second.get(s)! * second.get(t)!);
  }

  dim(a: number, b: number): Dim {
    if (a === b) return a;
    const key = `${a} ${b}`;
    let symbol = this.known.get(key);
    if (symbol === undefined) this.known.set(key, (symbol = `?t${this.unnamed++}`));
    return symbol;
  }
}
