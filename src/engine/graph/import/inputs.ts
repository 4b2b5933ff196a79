/**
 * Inputs that exporters add to a plain forward pass: cached keys and values, and the switch of merged decoders.
 * They are given the values of a first call, so that an exported decoder becomes the model itself.
 */
import { MechanistError } from '../../errors.ts';
import { tensor, zeros } from '../../tensor.ts';
import { GraphBuilder } from '../builder.ts';
import type { Dim, Graph, Shape, ValueType } from '../ir.ts';

/** Names of the inputs that carry cached keys and values. */
function isPast(name: string): boolean {
  return /^past(_|$|\d)|^past_key_values|(^|\.)past_(key|value)/.test(name);
}

/** Names of outputs that hand cached keys and values to the next call. */
export function isPresent(name: string): boolean {
  return /^present(_|\.|$|\d)|^past_key_values/.test(name);
}

/** Sets `use_cache_branch` to false: the branch for a first call. */
export function fixSwitches(graph: Graph): Graph {
  const type = graph.inputs.get('use_cache_branch');
  if (type?.dtype !== 'bool') return graph;
  const inputs = new Map(graph.inputs);
  inputs.delete('use_cache_branch');
  const dims = type.shape?.length === 0 ? [] : [1];
  return { ...graph, inputs, constants: new Map([...graph.constants, ['use_cache_branch', tensor('bool', dims, Uint8Array.of(0))]]) };
}

/** Renames the symbols of input shapes. Types inferred from the old ones are dropped. */
export function withInputShapes(graph: Graph, shapes: ReadonlyMap<string, Shape>): Graph {
  return { ...graph, types: new Map(), inputs: new Map(Array.from(graph.inputs, ([name, type]): [string, ValueType] => [name, { ...type, shape: shapes.get(name) ?? type.shape }])) };
}

/**
 * Replaces inputs that carry a past by empty tensors whose batch size is that of `main`.
 * Errors: `unsupported` naming an input whose layout cannot be told.
 */
export function withEmptyPast(graph: Graph, main: string): Graph {
  const past = [...graph.inputs].filter(([name]) => isPast(name));
  if (past.length === 0) return graph;
  const inputs = new Map([...graph.inputs].filter(([name]) => !isPast(name)));
  const b = new GraphBuilder({ ...graph, inputs, nodes: [], types: new Map() }, [...past.map(([name]) => name), ...graph.nodes.flatMap((node) => [node.name, ...node.outputs])]);
  const batch = b.slice(b.shape(main), 0, 0, 1);
  for (const [name, type] of past) {
    const sizes = pastShape(name, type).map((dim) => (dim === 'batch' ? batch : b.vector([dim])));
    const node = { name: b.fresh(`empty ${name}`), op: 'ConstantOfShape', domain: '', inputs: [b.concat(sizes, 0)], outputs: [name] };
    b.append({ ...node, attributes: new Map([['value', { type: 'tensor', value: zeros(type.dtype, [1]) }]]) });
  }
  for (const node of graph.nodes) b.append(node);
  return b.build(graph.outputs);
}

/** Which axis of a past is the batch, which is the (empty) past; the rest must be fixed. */
function pastShape(name: string, { shape }: ValueType): (number | 'batch')[] {
  const refuse = (): MechanistError => new MechanistError('unsupported', 'The layout of this cache input cannot be told.', { field: `input ${name}` });
  if (shape === undefined || shape.length < 3) throw refuse();
  const isPastAxis = (dim: Dim): boolean => typeof dim === 'string' && /past|cache|total/i.test(dim);
  const symbols = shape.filter((dim) => typeof dim === 'string');
  const named = symbols.some(isPastAxis);
  // Without telling names: [batch, heads, past, width], or [2, batch, heads, past, width] for keys and values stacked.
  const pastAxis = named ? shape.findIndex(isPastAxis) : shape.length - 2;
  const batchAxis = shape.findIndex((dim, i) => typeof dim === 'string' && i !== pastAxis);
  return shape.map((dim, i) => {
    if (i === pastAxis) return 0;
    if (i === batchAxis) return 'batch';
    if (typeof dim === 'string') throw refuse();
    return dim;
  });
}
