/** `Constant` nodes become constants of the graph, so that everything else sees one kind of constant. */
import { MechanistError } from '../../errors.ts';
import { f32, i64, scalar } from '../../tensor.ts';
import type { Tensor } from '../../tensor.ts';
import type { Attribute, Graph, Node } from '../ir.ts';
import { nodeField } from './rewrite.ts';

/** Lifts the `Constant` nodes of the graph and of its bodies. Errors: `parse`, or `unsupported` for strings. */
export function liftConstants(graph: Graph): Graph {
  const constants = new Map(graph.constants);
  const nodes: Node[] = [];
  for (const node of graph.nodes) {
    const output = node.outputs[0] ?? '';
    if (node.op === 'Constant' && node.domain === '' && output !== '') constants.set(output, constantOf(node));
    else nodes.push(withLiftedBodies(node));
  }
  return { ...graph, constants, nodes };
}

function constantOf(node: Node): Tensor {
  for (const [key, attribute] of node.attributes) {
    if (key === 'value' && attribute.type === 'tensor') return attribute.value;
    if (key === 'value_float' && attribute.type === 'float') return scalar('float32', attribute.value);
    if (key === 'value_floats' && attribute.type === 'floats') return f32([attribute.value.length], attribute.value);
    if (key === 'value_int' && attribute.type === 'int') return scalar('int64', attribute.value);
    if (key === 'value_ints' && attribute.type === 'ints') return i64([attribute.value.length], attribute.value);
    if (key.startsWith('value_string')) throw new MechanistError('unsupported', 'String constants are not supported.', { field: nodeField(node) });
  }
  throw new MechanistError('parse', 'The constant has no value.', { field: nodeField(node) });
}

function withLiftedBodies(node: Node): Node {
  if (![...node.attributes.values()].some((a) => a.type === 'graph')) return node;
  return { ...node, attributes: new Map(Array.from(node.attributes, ([key, a]): [string, Attribute] => [key, a.type === 'graph' ? { type: 'graph', value: liftConstants(a.value) } : a])) };
}
