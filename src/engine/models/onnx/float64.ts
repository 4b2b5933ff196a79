/** The double-precision twin of a single-precision graph, for checking gradients. Weights stay float32 and are cast. */
import { GraphBuilder } from '../../graph/builder.ts';
import { int } from '../../graph/ir.ts';
import type { Attribute, Graph, Node, ValueType } from '../../graph/ir.ts';
import type { Tensor } from '../../tensor.ts';
import { erf64 } from './erf64.ts';

const float32 = 1;
const float64 = 11;

/** The same graph computing in float64. Inputs and parameters keep their types; outputs are float64. */
export function toFloat64(graph: Graph): Graph {
  const constants = new Map(Array.from(graph.constants, ([name, value]): [string, Tensor] => [name, widened(value)]));
  const b = new GraphBuilder({ ...graph, constants, nodes: [], types: new Map() }, graph.nodes.flatMap((node) => [node.name, ...node.outputs]));
  const cast = new Map<string, string>();
  for (const [name, { dtype }] of [...graph.inputs, ...graph.parameters]) {
    if (dtype === 'float32') cast.set(name, b.node('Cast', [name], { attributes: { to: int(float64) }, outputs: [b.fresh(`${name}~double`)] }));
  }
  for (const node of graph.nodes) {
    const inputs = node.inputs.map((name) => cast.get(name) ?? name);
    if (node.op === 'Erf') b.append({ ...node, op: 'Identity', inputs: [erf64(b, inputs[0]!)] });
    else b.append(double({ ...node, inputs }));
  }
  const built = b.build(graph.outputs.map((name) => (graph.inputs.has(name) || graph.parameters.has(name) ? (cast.get(name) ?? name) : name)));
  // What tracing found out about shapes still holds.
  const types = new Map(built.types);
  for (const [name, type] of graph.types) {
    const dtype: ValueType['dtype'] = type.dtype === 'float32' ? 'float64' : type.dtype;
    types.set(name, { dtype, shape: type.shape });
  }
  return { ...built, types };
}

function double(node: Node): Node {
  const attributes = new Map(Array.from(node.attributes, ([key, a]): [string, Attribute] => {
    if (node.op === 'Cast' && key === 'to' && a.type === 'int' && a.value === float32) return [key, int(float64)];
    return [key, a.type === 'tensor' ? { type: 'tensor', value: widened(a.value) } : a];
  }));
  // The kernel has no stash type for doubles and needs none.
  if (node.op === 'LayerNormalization') attributes.delete('stash_type');
  return { ...node, attributes };
}

function widened(value: Tensor): Tensor {
  return value.dtype === 'float32' ? { dtype: 'float64', dims: value.dims, data: Float64Array.from(value.data as Float32Array) } : value;
}
