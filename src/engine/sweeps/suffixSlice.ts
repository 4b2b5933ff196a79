/**
 * The program of a patched run in a causal model from the patched position on: earlier rows cannot change, so their
 * keys and values are taken from the base run and nothing else of them is computed.
 */
import { GraphBuilder } from '../graph/builder.ts';
import { typeOf } from '../graph/ir.ts';
import type { Dim, Graph, Node } from '../graph/ir.ts';
import { sliceDownstream } from '../graph/slice.ts';
import { metricPerRowOutput, positionInput } from '../metrics/append.ts';
import type { Model } from '../models/model.ts';
import type { Feeds } from '../runtime/program.ts';
import { i64, numbersOf } from '../tensor.ts';
import type { Tensor } from '../tensor.ts';
import { appendCaptured, captureName, patchMask, patchRows, patchSource, promptShape } from './patchedSlice.ts';
import type { PatchedSlice } from './patchedSlice.ts';

export interface SuffixSlice extends PatchedSlice {
  /** Keys and values whose earlier rows come from the base run. */
  readonly remembered: readonly string[];
  /** Axis of each boundary tensor along which it is cut; undefined where it has none. */
  readonly cutAxes: ReadonlyMap<string, number | undefined>;
}

/**
 * Undefined where positions do not run through the graph in the way this needs: models that are not causal, hooks
 * inside attention, metrics that read every position, graphs of unknown make. `output`: where the slice ends.
 */
export function suffixSlice(model: Model, graph: Graph, hook: string, output = metricPerRowOutput): SuffixSlice | undefined {
  if (model.config?.causal !== true || !positionwise.test(hook)) return undefined;
  const { graph: sliced, boundary } = sliceDownstream(graph, [hook], [output]);
  if (!boundary.includes(positionInput) || sliced.nodes.some(({ op }) => op === 'Shape' || op === 'Range')) return undefined;
  const remembered = [...rememberedIn(graph)].filter((name) => sliced.nodes.some((node) => node.outputs.includes(name)));
  const cutAxes = new Map<string, number | undefined>();
  for (const name of [hook, ...boundary]) {
    const shape = typeOf(graph, name)?.shape;
    if (shape === undefined) return undefined;
    const axis = queryAxis(shape);
    cutAxes.set(name, axis < 0 ? undefined : axis);
  }
  const b = new GraphBuilder({ ...sliced, inputs: new Map(), nodes: [] }, sliced.nodes.flatMap((node) => [node.name, ...node.outputs]).filter((name) => !remembered.includes(name)));
  b.input(patchRows, 'int64', ['batch']);
  for (const name of [hook, ...boundary]) appendCaptured(b, graph, name, suffixShape(typeOf(graph, name)!.shape!), name === hook);
  for (const node of sliced.nodes) {
    const kept = node.outputs.find((name) => remembered.includes(name));
    if (kept === undefined) b.append(node);
    else appendRemembered(b, node, kept);
  }
  return { graph: b.build([output]), boundary, remembered, cutAxes };
}

/** Feeds of one run from position `from` on. */
export function suffixFeeds(slice: SuffixSlice, hook: string, base: Feeds, source: Tensor, mask: Tensor, rows: Tensor, from: number): Feeds {
  const feeds = new Map<string, Tensor>([[patchMask, mask], [patchRows, rows], [patchSource, cut(source, slice.cutAxes.get(hook), from)]]);
  const length = source.dims[slice.cutAxes.get(hook)!]!;
  for (const name of [hook, ...slice.boundary]) feeds.set(captureName(name), name === positionInput ? fromEnd(base.get(name)!, length) : cut(base.get(name)!, slice.cutAxes.get(name), from));
  for (const name of slice.remembered) feeds.set(earlierName(name), cut(base.get(name)!, 1, 0, from));
  return feeds;
}

const positionwise = /^blocks\.\d+\.(hook_resid_(pre|mid|post)|hook_attn_out|hook_mlp_out|hook_attn_in|hook_mlp_in|attn\.hook_z)$/;
const earlierName = (name: string): string => `earlier/${name}`;

/** Keys as they meet queries, and values: the only tensors through which earlier positions reach later ones. */
function* rememberedIn(graph: Graph): Generator<string> {
  for (let layer = 0; typeOf(graph, `blocks.${layer}.attn.hook_v`) !== undefined; layer++) {
    const rotated = `blocks.${layer}.attn.hook_rot_k`;
    yield typeOf(graph, rotated) === undefined ? `blocks.${layer}.attn.hook_k` : rotated;
    yield `blocks.${layer}.attn.hook_v`;
  }
}

/** The node with its output preceded by what the base run has for the earlier positions. */
function appendRemembered(b: GraphBuilder, node: Node, name: string): void {
  const later = b.fresh(`${name}~later`);
  b.append({ ...node, outputs: node.outputs.map((output) => (output === name ? later : output)) });
  const shape = b.shapeOf(later);
  const earlier = b.gather(b.input(earlierName(name), b.dtypeOf(later), ['prompt', 'earlier', ...shape.slice(2)]), patchRows, 0);
  b.concat([earlier, later], 1, name);
  b.setType(name, { dtype: b.dtypeOf(later), shape: ['batch', 'keys', ...shape.slice(2)] });
}

/** The axis of positions that a suffix shortens. The last axis of a mask [b,1,q,k] counts keys, which stay whole. */
function queryAxis(shape: readonly Dim[]): number {
  return shape.slice(0, shape.length === 4 ? 3 : shape.length).indexOf('pos');
}

function suffixShape(shape: readonly Dim[]): Dim[] {
  const queries = queryAxis(shape);
  return promptShape(shape).map((dim, axis) => (dim === 'pos' && axis !== queries ? 'keys' : dim));
}

/** Counted from the end, a position means the same in every suffix. */
function fromEnd(position: Tensor, length: number): Tensor {
  const at = numbersOf(position)[0]!;
  return i64([1], [at < 0 ? at : at - length]);
}

/** Entries [from, to) along one axis. */
function cut(value: Tensor, axis: number | undefined, from: number, to?: number): Tensor {
  if (axis === undefined) return value;
  const { dtype, dims, data } = value;
  const size = dims[axis]!;
  const end = to ?? size;
  if (from === 0 && end === size) return value;
  const outer = dims.slice(0, axis).reduce((a, b) => a * b, 1);
  const inner = dims.slice(axis + 1).reduce((a, b) => a * b, 1);
  const result = new (data.constructor as new (length: number) => typeof data)(outer * (end - from) * inner);
  for (let i = 0; i < outer; i++) result.set(data.subarray((i * size + from) * inner, (i * size + end) * inner) as never, i * (end - from) * inner);
  return { dtype, dims: dims.map((dim, k) => (k === axis ? end - from : dim)), data: result };
}
