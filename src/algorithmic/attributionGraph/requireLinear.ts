/** The check behind "exact": between sources and target, with what is held constant, only linear operators remain. */
import { MechanistError } from '../../engine/errors.ts';
import { readsOf } from '../../engine/graph/ir.ts';
import type { Graph, Node } from '../../engine/graph/ir.ts';

/** Errors: `unsupported` naming the first operator that is not linear in what depends on the sources. */
export function requireLinear(graph: Graph, sources: readonly string[], target: string, stop: ReadonlySet<string>): void {
  const arriving = gradientArrivesAt(graph, target, stop);
  const live = new Set(sources);
  for (const node of graph.nodes) {
    if (!readsOf(node).some((name) => live.has(name))) continue;
    const passing = node.outputs.filter((name) => name !== '' && !stop.has(name));
    if (passing.some((name) => arriving.has(name)) && !isLinear(node, live)) {
      throw new MechanistError('unsupported', `${node.op} is not linear, and the model names nothing there to hold constant.`, { field: `node ${node.name}` });
    }
    for (const name of passing) live.add(name);
  }
}

/** Tensors that a gradient from `target` arrives at. */
function gradientArrivesAt(graph: Graph, target: string, stop: ReadonlySet<string>): Set<string> {
  const arriving = new Set([target]);
  for (const node of [...graph.nodes].reverse()) {
    if (node.outputs.some((name) => arriving.has(name) && !stop.has(name))) for (const name of readsOf(node)) arriving.add(name);
  }
  return arriving;
}

const additive: ReadonlySet<string> = new Set([
  'Identity', 'Cast', 'Reshape', 'Flatten', 'Squeeze', 'Unsqueeze', 'Transpose', 'Expand', 'Tile', 'Concat', 'Split', 'Slice', 'Pad', 'Gather', 'GatherElements', 'GatherND',
  'Add', 'Sub', 'Neg', 'Sum', 'ReduceSum', 'ReduceMean', 'ScatterND', 'ScatterElements', 'Trilu',
]);
const bilinear: ReadonlySet<string> = new Set(['Mul', 'MatMul', 'Gemm', 'Einsum', 'Conv']);
/** Operators whose result is made of sizes alone. */
const sizes: ReadonlySet<string> = new Set(['Shape', 'Size', 'ConstantOfShape']);

function isLinear({ op, inputs }: Node, live: ReadonlySet<string>): boolean {
  if (additive.has(op) || sizes.has(op)) return true;
  const dynamic = inputs.map((name) => live.has(name));
  if (bilinear.has(op)) return !(dynamic[0] === true && dynamic[1] === true);
  if (op === 'Div') return dynamic[1] !== true;
  return op === 'Where' && dynamic[0] !== true;
}
