/** Memory estimate of a run, before it happens. */
import { bytesPerElement, elementCount } from '../tensor.ts';
import { readsOf, typeOf } from '../graph/ir.ts';
import type { Graph, Shape } from '../graph/ir.ts';
import type { Feeds } from './program.ts';

export interface MemoryEstimate {
  /** Bytes of weights the program reads. */
  readonly parameters: number;
  /** Peak bytes of intermediate tensors alive at once, outputs included. */
  readonly activations: number;
  readonly total: number;
  /** Tensors whose size could not be told; the estimate leaves them out. */
  readonly unknown: number;
}

/**
 * Estimates memory from the sizes of the feeds, by walking the nodes in order and freeing each tensor after
 * its last reader. The runtime may share buffers (less) or keep arena slack (more).
 */
export function estimateMemory(graph: Graph, feeds: Feeds): MemoryEstimate {
  const sizes = bindSymbols(graph, feeds);
  let unknown = 0;
  const bytesOf = (name: string): number => {
    const type = typeOf(graph, name);
    const dims = type?.shape === undefined ? undefined : concrete(type.shape, sizes);
    if (type === undefined || dims === undefined) {
      unknown++;
      return 0;
    }
    return elementCount(dims) * bytesPerElement(type.dtype);
  };
  const lastReader = new Map<string, number>();
  graph.nodes.forEach((node, i) => {
    for (const name of readsOf(node)) lastReader.set(name, i);
  });
  for (const name of graph.outputs) lastReader.set(name, Infinity);

  const live = new Map<string, number>();
  let alive = 0;
  let peak = 0;
  graph.nodes.forEach((node, i) => {
    for (const name of node.outputs) {
      if (name === '') continue;
      const bytes = bytesOf(name);
      live.set(name, bytes);
      alive += bytes;
    }
    peak = Math.max(peak, alive);
    for (const name of [...readsOf(node), ...node.outputs]) {
      if (!live.has(name) || (lastReader.get(name) ?? i) > i) continue;
      alive -= live.get(name)!;
      live.delete(name);
    }
  });
  let parameters = 0;
  for (const [, type] of graph.parameters) parameters += elementCount(concrete(type.shape ?? [], sizes) ?? []) * bytesPerElement(type.dtype);
  return { parameters, activations: peak, total: parameters + peak, unknown };
}

/** The sizes that the feeds give to the graph's dimension symbols. */
export function bindSymbols(graph: Graph, feeds: Feeds): Map<string, number> {
  const sizes = new Map<string, number>();
  for (const [name, type] of graph.inputs) {
    const dims = feeds.get(name)?.dims;
    type.shape?.forEach((dim, i) => {
      const size = dims?.[i];
      if (typeof dim === 'string' && size !== undefined) sizes.set(dim, size);
    });
  }
  return sizes;
}

/** A symbolic shape with its symbols replaced, or undefined when one is not bound. */
export function concrete(shape: Shape, sizes: ReadonlyMap<string, number>): number[] | undefined {
  const dims = shape.map((dim) => (typeof dim === 'number' ? dim : product(dim.split('*').map((factor) => (/^\d+$/.test(factor) ? Number(factor) : sizes.get(factor))))));
  return dims.every((dim) => dim !== undefined) ? dims : undefined;
}

function product(factors: readonly (number | undefined)[]): number | undefined {
  let result = 1;
  for (const factor of factors) {
    if (factor === undefined) return undefined;
    result *= factor;
  }
  return result;
}
