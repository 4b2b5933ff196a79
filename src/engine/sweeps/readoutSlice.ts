/**
 * From the last stream at the metric's position to the metric: what the runs of a sweep have in common. Few rows make an
 * unembedding as dear as many, so it runs once for many patched runs.
 */
import { GraphBuilder } from '../graph/builder.ts';
import { typeOf } from '../graph/ir.ts';
import type { Graph } from '../graph/ir.ts';
import { sliceDownstream } from '../graph/slice.ts';
import { metricPerRowOutput } from '../metrics/append.ts';
import type { Feeds } from '../runtime/program.ts';
import type { Tensor } from '../tensor.ts';
import { appendCaptured, captureName, patchRows, promptShape } from './patchedSlice.ts';
import type { PatchedSlice } from './patchedSlice.ts';

/** The slice behind `stream` [b,1,d], an input. */
export function readoutSlice(graph: Graph, stream: string): PatchedSlice {
  const { graph: sliced, boundary } = sliceDownstream(graph, [stream], [metricPerRowOutput]);
  const b = new GraphBuilder({ ...sliced, inputs: new Map(), nodes: [] }, sliced.nodes.flatMap((node) => [node.name, ...node.outputs]));
  b.input(patchRows, 'int64', ['batch']);
  const { dtype, shape } = typeOf(graph, stream)!;
  b.input(stream, dtype, shape!);
  for (const name of boundary) appendCaptured(b, graph, name, promptShape(typeOf(graph, name)!.shape ?? []), false);
  for (const node of sliced.nodes) b.append(node);
  return { graph: b.build([metricPerRowOutput]), boundary };
}

export function readoutFeeds(slice: PatchedSlice, stream: string, values: Tensor, base: Feeds, rows: Tensor): Feeds {
  const feeds = new Map<string, Tensor>([[stream, values], [patchRows, rows]]);
  for (const name of slice.boundary) feeds.set(captureName(name), base.get(name)!);
  return feeds;
}
