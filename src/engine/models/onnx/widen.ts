/** Half-precision files compute in single precision here: hook points, gradients and the CPU's kernels are float32. */
import { toFloat32 } from '../../formats/toFloat32.ts';
import { int } from '../../graph/ir.ts';
import type { Attribute, Graph, Node, ValueType } from '../../graph/ir.ts';
import type { DType, Tensor } from '../../tensor.ts';

const float32Code = 1;
const halfCodes: ReadonlySet<number> = new Set([10, 16]);

export function isHalf(dtype: DType): boolean {
  return dtype === 'float16' || dtype === 'bfloat16';
}

/** A float16 or bfloat16 tensor as float32; any other as it is. */
export function widened(value: Tensor): Tensor {
  return isHalf(value.dtype) ? toFloat32(value) : value;
}

/** The same graph with every half-precision tensor in float32, inputs and parameters included. */
export function widenHalf(graph: Graph): Graph {
  const types = (map: ReadonlyMap<string, ValueType>): Map<string, ValueType> =>
    new Map(Array.from(map, ([name, type]): [string, ValueType] => [name, isHalf(type.dtype) ? { dtype: 'float32', shape: type.shape } : type]));
  return {
    inputs: types(graph.inputs), parameters: types(graph.parameters), constants: new Map(Array.from(graph.constants, ([name, value]): [string, Tensor] => [name, widened(value)])),
    nodes: graph.nodes.map(widenNode), outputs: graph.outputs, types: types(graph.types),
  };
}

function widenNode(node: Node): Node {
  const attributes = Array.from(node.attributes, ([key, a]): [string, Attribute] => {
    if (a.type === 'tensor') return [key, { type: 'tensor', value: widened(a.value) }];
    if (a.type === 'graph') return [key, { type: 'graph', value: widenHalf(a.value) }];
    return [key, node.op === 'Cast' && key === 'to' && a.type === 'int' && halfCodes.has(a.value) ? int(float32Code) : a];
  });
  return { ...node, attributes: new Map(attributes) };
}
