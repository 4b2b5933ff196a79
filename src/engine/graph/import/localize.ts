/**
 * Makes shape operands local. Exporters compute the target of a Reshape from the sizes of some earlier tensor, often
 * the model's input; a slice of the graph that runs with another batch size (a sweep) would then be reshaped to the
 * old one. Here targets refer to the reshaped tensor itself. Needs full types (trace.ts).
 */
import { i64, numbersOf } from '../../tensor.ts';
import { GraphBuilder } from '../builder.ts';
import type { Dim, Graph, Node, Shape } from '../ir.ts';
import { typeOf } from '../ir.ts';
import { prune } from '../prune.ts';
import { renameNodeReads } from '../rename.ts';

/** The same computation for the sizes it was typed with. Additions of computed zeros and reshapes to the same shape are left out. */
export function localizeShapes(graph: Graph): Graph {
  const b = new GraphBuilder({ ...graph, nodes: [] }, graph.nodes.flatMap((node) => [node.name, ...node.outputs]));
  const zeros = new Set<string>();
  const aliases = new Map<string, string>();
  for (const original of graph.nodes) {
    const node = renameNodeReads(original, aliases);
    const output = node.outputs[0]!;
    const kept = addend(node, zeros, graph) ?? unchanged(node, graph);
    if (kept !== undefined && !graph.outputs.includes(output)) aliases.set(output, kept);
    else if (node.domain !== '') b.append(node);
    else if (node.op === 'Reshape') reshape(b, node, graph);
    else if (node.op === 'Expand') expand(b, node, graph);
    else {
      if (isZero(node, zeros, graph.constants)) zeros.add(output);
      b.append(node);
    }
    for (const name of node.outputs) {
      const type = graph.types.get(name);
      if (type !== undefined) b.setType(name, type);
    }
  }
  return prune(b.build(graph.outputs), graph.outputs);
}

/** The input of a Reshape to the shape it has already. */
function unchanged(node: Node, graph: Graph): string | undefined {
  const [from, to] = [typeOf(graph, node.inputs[0]!)?.shape, typeOf(graph, node.outputs[0]!)?.shape];
  return node.op === 'Reshape' && node.domain === '' && from !== undefined && from.join() === to?.join() ? node.inputs[0] : undefined;
}

function reshape(b: GraphBuilder, node: Node, graph: Graph): void {
  const from = typeOf(graph, node.inputs[0]!)?.shape;
  const to = typeOf(graph, node.outputs[0]!)?.shape;
  const target = from === undefined || to === undefined || graph.constants.has(node.inputs[1]!) ? undefined : localTarget(from, to);
  if (target === undefined || (to ?? []).includes(0)) {
    b.append(node);
    return;
  }
  const isConstant = target.every((entry) => typeof entry === 'number');
  const operand = isConstant
    ? b.constant(i64([target.length], target))
    : b.concat(target.map((entry) => (typeof entry === 'number' ? b.vector([entry]) : b.slice(b.shape(node.inputs[0]!), 0, entry.axis, entry.axis + 1))), 0);
  b.append({ ...node, inputs: [node.inputs[0]!, operand], attributes: new Map() });
}

/** Target entries: 0 copies, −1 infers (once), a number stays, `axis` reads the size of that axis of the input. */
function localTarget(from: Shape, to: Shape): (number | { axis: number })[] | undefined {
  let isInferred = false;
  const target = to.map((dim, i): number | { axis: number } | undefined => {
    if (typeof dim === 'number') return dim;
    if (from[i] === dim) return 0;
    const axis = from.indexOf(dim);
    if (axis >= 0) return { axis };
    if (isInferred) return undefined;
    isInferred = true;
    return -1;
  });
  return target.every((entry) => entry !== undefined) ? target : undefined;
}

/** Expand broadcasts both ways, so axes that keep their size need not be told it. */
function expand(b: GraphBuilder, node: Node, graph: Graph): void {
  const from = typeOf(graph, node.inputs[0]!)?.shape;
  const to = typeOf(graph, node.outputs[0]!)?.shape;
  const target = from === undefined || to === undefined ? undefined : to.map((dim, i): Dim => (dim === from[i - to.length + from.length] ? 1 : dim));
  if (target === undefined || !target.every((dim) => typeof dim === 'number') || graph.constants.has(node.inputs[1]!)) b.append(node);
  else b.append({ ...node, inputs: [node.inputs[0]!, b.constant(i64([target.length], target))] });
}

/** A tensor that is zero whatever the inputs are. */
function isZero(node: Node, zeros: ReadonlySet<string>, constants: Graph['constants']): boolean {
  if (node.op === 'ConstantOfShape') {
    const value = node.attributes.get('value');
    return value === undefined || (value.type === 'tensor' && value.value.dtype === 'float32' && numbersOf(value.value)[0] === 0);
  }
  // Only a finite factor keeps zero zero; the factors that exporters write are constants.
  const [a, b] = node.inputs;
  const isFinite = (name: string | undefined): boolean => {
    const constant = constants.get(name ?? '');
    return constant?.dtype === 'float32' && constant.data.every((v) => Number.isFinite(Number(v)));
  };
  return node.op === 'Mul' && ((zeros.has(a ?? '') && isFinite(b)) || (zeros.has(b ?? '') && isFinite(a)));
}

/** The other operand where one operand of an addition is zero and does not widen the sum. */
function addend(node: Node, zeros: ReadonlySet<string>, graph: Graph): string | undefined {
  if (node.op !== 'Add' || node.domain !== '') return undefined;
  const zero = node.inputs.findIndex((name) => zeros.has(name));
  if (zero < 0) return undefined;
  const other = node.inputs[1 - zero]!;
  const [shape, sum] = [typeOf(graph, other)?.shape, typeOf(graph, node.outputs[0]!)?.shape];
  return shape !== undefined && sum !== undefined && shape.join() === sum.join() ? other : undefined;
}
