/**
 * Inlining of `If`. A tensor inside a branch cannot be an output of a program, so it could be neither observed nor
 * differentiated; a branch whose condition is known is therefore put in place of its node.
 */
import { MechanistError } from '../../errors.ts';
import type { Tensor } from '../../tensor.ts';
import type { Graph, Node } from '../ir.ts';
import { topologicalOrder } from '../order.ts';
import { renameTensors } from '../rename.ts';
import { uniqueAcrossBodies } from './names.ts';
import { nodeField } from './rewrite.ts';

/** Branches nest; a file that nests them deeper than this is refused by the decoder already. */
const maxRounds = 64;

/**
 * Inlines every `If` whose condition is a constant, following Cast, Identity, Not, Squeeze, Unsqueeze and Reshape.
 * Others stay as they are. Errors: `parse` when a branch is missing or gives another number of outputs.
 */
export function inlineIf(graph: Graph): Graph {
  let current = graph;
  for (let round = 0; round < maxRounds; round++) {
    const conditions = knownConditions(current);
    if (!current.nodes.some((node) => node.op === 'If' && conditions.has(node.inputs[0] ?? ''))) return current;
    current = inlineOnce(uniqueAcrossBodies(current), conditions);
  }
  return current;
}

function inlineOnce(graph: Graph, conditions: ReadonlyMap<string, boolean>): Graph {
  const nodes: Node[] = [];
  const constants = new Map<string, Tensor>(graph.constants);
  let parameters = graph.parameters;
  for (const node of graph.nodes) {
    const condition = node.op === 'If' ? conditions.get(node.inputs[0] ?? '') : undefined;
    if (condition === undefined) {
      nodes.push(node);
      continue;
    }
    const branch = node.attributes.get(condition ? 'then_branch' : 'else_branch');
    if (branch?.type !== 'graph') throw new MechanistError('parse', 'The node has no such branch.', { field: nodeField(node) });
    const body = branch.value;
    if (body.outputs.length !== node.outputs.length) throw new MechanistError('parse', 'The branch gives another number of outputs than the node has.', { field: nodeField(node) });
    const inlined = withOutputs(body, node);
    for (const [name, value] of inlined.constants) constants.set(name, value);
    if (inlined.parameters.size > 0) parameters = new Map([...parameters, ...inlined.parameters]);
    nodes.push(...inlined.nodes);
  }
  return { ...graph, constants, parameters, nodes: topologicalOrder(nodes) };
}

/** The body with its outputs under the names of the node's outputs. */
function withOutputs(body: Graph, node: Node): Graph {
  const produced = new Set(body.nodes.flatMap((inner) => inner.outputs));
  const names = new Map<string, string>();
  const copies: Node[] = [];
  body.outputs.forEach((name, i) => {
    const wanted = node.outputs[i]!;
    if (wanted === '') return;
    // A branch may return the same tensor twice, or one from outside: such outputs become copies.
    if (produced.has(name) && !names.has(name)) names.set(name, wanted);
    else copies.push({ name: `${node.name}/Identity~${i}`, op: 'Identity', domain: '', inputs: [name], outputs: [wanted], attributes: new Map() });
  });
  const renamed = renameTensors(body, names);
  return { ...renamed, nodes: [...renamed.nodes, ...copies.map((copy) => ({ ...copy, inputs: copy.inputs.map((name) => names.get(name) ?? name) }))] };
}

const passing = new Set(['Cast', 'Identity', 'Squeeze', 'Unsqueeze', 'Reshape']);

/** Names of booleans that are known before running. */
function knownConditions(graph: Graph): Map<string, boolean> {
  const known = new Map<string, boolean>();
  const note = (name: string, value: Tensor): void => {
    if (value.data.length === 1 && value.dtype !== 'float16' && value.dtype !== 'bfloat16') known.set(name, Number(value.data[0]) !== 0);
  };
  for (const [name, value] of graph.constants) note(name, value);
  for (const node of graph.nodes) {
    const from = known.get(node.inputs[0] ?? '');
    const output = node.outputs[0] ?? '';
    const value = node.attributes.get('value');
    if (node.op === 'Constant' && value?.type === 'tensor') note(output, value.value);
    else if (from !== undefined && passing.has(node.op)) known.set(output, from);
    else if (from !== undefined && node.op === 'Not') known.set(output, !from);
  }
  return known;
}
