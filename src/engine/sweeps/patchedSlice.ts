/**
 * The program of a patched run: what lies downstream of a hook, with the hook's value mixed from two runs by a mask.
 * Everything upstream is read from the base run (design, section 5), one row per prompt, and spread over the rows of
 * the sweep inside the graph.
 */
import { MechanistError } from '../errors.ts';
import { GraphBuilder } from '../graph/builder.ts';
import { typeOf } from '../graph/ir.ts';
import type { Dim, Graph } from '../graph/ir.ts';
import { sliceDownstream } from '../graph/slice.ts';
import { metricPerRowOutput } from '../metrics/append.ts';
import type { Feeds } from '../runtime/program.ts';
import { i64 } from '../tensor.ts';
import type { Tensor } from '../tensor.ts';

export interface PatchedSlice {
  readonly graph: Graph;
  /** Captured tensors the graph reads besides the hook, with a row per prompt. */
  readonly boundary: readonly string[];
}

export const patchMask = 'sweep/mask';
export const patchSource = 'sweep/source';
/** Which prompt each row of the sweep belongs to, int64 [rows]. */
export const patchRows = 'sweep/rows';
export const captureName = (name: string): string => `captured/${name}`;

/** Errors: `argument` for a hook without batch axis. */
export function patchedSlice(graph: Graph, hook: string): PatchedSlice {
  const { graph: sliced, boundary } = sliceDownstream(graph, [hook], [metricPerRowOutput]);
  const b = new GraphBuilder({ ...sliced, inputs: new Map(), nodes: [] }, sliced.nodes.flatMap((node) => [node.name, ...node.outputs]));
  b.input(patchRows, 'int64', ['batch']);
  for (const name of [hook, ...boundary]) appendCaptured(b, graph, name, promptShape(typeOf(graph, name)!.shape ?? []), name === hook);
  for (const node of sliced.nodes) b.append(node);
  return { graph: b.build([metricPerRowOutput]), boundary };
}

/** Declares a captured tensor of the given shape and spreads it over the sweep's rows; the patched hook is mixed with its source. */
export function appendCaptured(b: GraphBuilder, graph: Graph, name: string, shape: readonly Dim[], patched: boolean): void {
  const { dtype } = typeOf(graph, name)!;
  if (shape[0] !== 'prompt') {
    if (patched) throw new MechanistError('argument', 'This tensor has no batch axis to spread patched runs over.', { field: `hook ${name}` });
    b.identity(b.input(captureName(name), dtype, shape), name);
    return;
  }
  // Names of their own: a fresh one could be that of a captured tensor still to come.
  if (!patched) {
    b.gather(b.input(captureName(name), dtype, shape), patchRows, 0, name);
    return;
  }
  const expanded = b.gather(b.input(captureName(name), dtype, shape), patchRows, 0, 'sweep/base_rows');
  const source = b.gather(b.input(patchSource, dtype, shape), patchRows, 0, 'sweep/source_rows');
  const mask = b.input(patchMask, 'bool', ['batch', ...shape.slice(1).map(() => b.freshDim())]);
  b.where(mask, source, expanded, name);
  // The mask broadcasts, but only to the hook's own shape.
  b.setType(name, { dtype, shape: ['batch', ...shape.slice(1)] });
}

/** The shape of a captured tensor: its batch axis counts prompts, not rows of the sweep. */
export function promptShape(shape: readonly Dim[]): Dim[] {
  return shape.map((dim) => (dim === 'batch' ? 'prompt' : dim));
}

/** The prompt of each row, for `count` sites. */
export function rowFeed(count: number, prompts: number): Tensor {
  return i64([count * prompts], Array.from({ length: count * prompts }, (_, i) => i % prompts));
}

/** Feeds of one run over whole sequences. */
export function sliceFeeds(slice: PatchedSlice, hook: string, base: Feeds, source: Tensor, mask: Tensor, rows: Tensor): Feeds {
  const feeds = new Map<string, Tensor>([[patchMask, mask], [patchSource, source], [patchRows, rows]]);
  for (const name of [hook, ...slice.boundary]) feeds.set(captureName(name), base.get(name)!);
  return feeds;
}
