/**
 * Evaluates what is known before running: integer vectors that describe shapes become constants, and the empty
 * operands that an absent past leaves in concatenations disappear, and so do plain copies. Types are inferred along
 * the way; those that the graph has already, from tracing, are kept.
 */
import { i64, tensor } from '../../tensor.ts';
import type { Tensor } from '../../tensor.ts';
import { dtypeCodes } from '../infer/elementwise.ts';
import { infer } from '../infer/infer.ts';
import { intAttribute } from '../ir.ts';
import type { Dim, Graph, Node, Shape, ValueType } from '../ir.ts';
import { prune } from '../prune.ts';
import { renameNodeReads } from '../rename.ts';

/** The same graph, folded, typed as far as inference goes, and pruned to its outputs. Errors: those of inference. */
export function foldShapes(graph: Graph): Graph {
  const types = new Map<string, ValueType>();
  const vectors = new Map<string, readonly Dim[]>();
  const constants = new Map(graph.constants);
  const aliases = new Map<string, string>();
  const nodes: Node[] = [];
  let symbols = 0;
  const typeOf = (name: string): ValueType | undefined => {
    const constant = constants.get(name);
    if (constant !== undefined) return { dtype: constant.dtype, shape: constant.dims };
    return graph.inputs.get(name) ?? graph.parameters.get(name) ?? types.get(name);
  };
  for (const original of graph.nodes) {
    const node = withoutEmptyOperands(renameNodeReads(original, aliases), (name) => typeOf(name)?.shape);
    if (copies(node, typeOf) && !graph.outputs.includes(node.outputs[0]!)) {
      aliases.set(node.outputs[0]!, node.inputs[0]!);
      continue;
    }
    const inferred = infer(node, { typeOf, constantOf: (name) => constants.get(name), vectorOf: (name) => vectors.get(name), fresh: () => `?f${symbols++}` });
    const folded = constantOf(graph.types.get(node.outputs[0] ?? '') ?? inferred.types[0], inferred.vector);
    if (folded !== undefined && node.outputs.length === 1) {
      constants.set(node.outputs[0]!, folded);
      continue;
    }
    node.outputs.forEach((name, i) => {
      const type = graph.types.get(name) ?? inferred.types[i];
      if (name !== '' && type !== undefined) types.set(name, type);
    });
    if (inferred.vector !== undefined) vectors.set(node.outputs[0]!, inferred.vector);
    nodes.push(node);
  }
  return prune({ ...graph, constants, nodes, types }, graph.outputs);
}

function constantOf(type: ValueType | undefined, vector: readonly Dim[] | undefined): Tensor | undefined {
  const rank = type?.shape?.length;
  if (type === undefined || vector === undefined || rank === undefined || rank > 1 || (rank === 0 && vector.length !== 1)) return undefined;
  if (!isFixed(vector)) return undefined;
  const dims = rank === 0 ? [] : [vector.length];
  if (type.dtype === 'int64') return i64(dims, vector);
  return type.dtype === 'int32' ? tensor('int32', dims, Int32Array.from(vector)) : undefined;
}

/**
 * A node that hands its input on: Identity, or a Cast to the type that the input has already. Copies under hook names
 * are kept: graphs of our own have them to be observed and replaced.
 */
function copies(node: Node, typeOf: (name: string) => ValueType | undefined): boolean {
  if (node.domain !== '') return false;
  if (node.op === 'Identity') return !/(^|\.)hook_\w+$/.test(node.outputs[0]!);
  const dtype = typeOf(node.inputs[0] ?? '')?.dtype;
  return node.op === 'Cast' && dtype !== undefined && dtypeCodes.get(intAttribute(node, 'to', 0)) === dtype;
}

function withoutEmptyOperands(node: Node, shapeOf: (name: string) => Shape | undefined): Node {
  if (node.op !== 'Concat' || node.domain !== '' || node.inputs.length < 2) return node;
  const kept = node.inputs.filter((name) => {
    const shape = shapeOf(name);
    const axis = intAttribute(node, 'axis', 0);
    return shape === undefined || shape.at(axis) !== 0;
  });
  if (kept.length === node.inputs.length || kept.length === 0) return node;
  return kept.length === 1 ? { ...node, op: 'Identity', inputs: kept, attributes: new Map() } : { ...node, inputs: kept };
}

function isFixed(vector: readonly Dim[]): vector is readonly number[] {
  return vector.every((dim) => typeof dim === 'number' && Number.isSafeInteger(dim));
}
