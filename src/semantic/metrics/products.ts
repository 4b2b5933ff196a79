/** Products of vectors with many others, by the runtime: what the neighbours of directions are found with. */
import { GraphBuilder } from '../../engine/graph/builder.ts';
import type { Runtime } from '../../engine/runtime/runtime.ts';
import type { Tensor } from '../../engine/tensor.ts';

/** `rows` [n, width] and `others` [m, width], flat, to their products [n, m], flat. */
export type Products = (rows: Float32Array, others: Float32Array, width: number) => Promise<Float32Array>;

export function runtimeProducts(runtime: Runtime): Products {
  const b = new GraphBuilder();
  b.input('rows', 'float32', ['n', 'width']);
  b.input('others', 'float32', ['m', 'width']);
  const graph = b.build([b.matmul('rows', b.transpose('others', [1, 0]), 'products')]);
  const matrix = (data: Float32Array, width: number): Tensor => ({ dtype: 'float32', dims: [data.length / width, width], data });
  return async (rows, others, width) => (await runtime.run(graph, new Map([['rows', matrix(rows, width)], ['others', matrix(others, width)]]))).get('products')!.data as Float32Array;
}
