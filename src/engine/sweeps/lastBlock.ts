/**
 * In the last block only the metric's position is read: queries, attention output and MLP of the others lead nowhere.
 * Keys and values are needed of all positions.
 */
import { GraphBuilder } from '../graph/builder.ts';
import { producers, typeOf } from '../graph/ir.ts';
import type { Graph, Node } from '../graph/ir.ts';
import { reinfer } from '../graph/reinfer.ts';
import { metricPerRowOutput, positionInput } from '../metrics/append.ts';

/**
 * A metric graph whose last block computes the metric's position alone, the same otherwise. Undefined where the block is
 * not of the known make, or when one of the `whole` tensors would lose positions.
 */
export function narrowLastBlock(graph: Graph, layers: number, whole: Iterable<string>): Graph | undefined {
  const block = `blocks.${layers - 1}`;
  const producer = producers(graph);
  const rotated = `${block}.attn.hook_rot_q`;
  const queries = typeOf(graph, rotated) === undefined ? `${block}.attn.hook_q` : rotated;
  const [before, middle, after] = ['pre', 'mid', 'post'].map((name) => `${block}.hook_resid_${name}`) as [string, string, string];
  const masking = producer.get(`${block}.attn.hook_attn_scores`);
  const adding = producer.get(middle);
  const mask = masking?.inputs.find((name) => typeOf(graph, name)?.shape?.slice(-2).join() === 'pos,pos' && !isScores(graph, name, layers));
  const reading = graph.nodes.find((node) => node.op === 'Gather' && node.inputs[0] === after && node.inputs[1] === positionInput);
  if (masking?.op !== 'Add' || adding?.op !== 'Add' || mask === undefined || reading === undefined || !adding.inputs.includes(before)) return undefined;

  const b = new GraphBuilder({ ...graph, nodes: [] }, graph.nodes.flatMap((node) => [node.name, ...node.outputs]));
  const read = { queries: b.gather(queries, positionInput, 1, `${block}/queries`), mask: b.gather(mask, positionInput, 2, `${block}/mask`), before: b.gather(before, positionInput, 1, `${block}/before`) };
  const added = b.build().nodes;
  const nodes = graph.nodes.map((node): Node => {
    if (node === reading) return { ...node, op: 'Identity', inputs: [after], attributes: new Map() };
    if (node === adding) return withInput(node, before, read.before);
    if (node === masking) return withInput(node, mask, read.mask);
    return node.inputs.includes(queries) ? withInput(node, queries, read.queries) : node;
  });
  const narrowed = reinfer(new GraphBuilder({ ...graph, nodes: [...nodes, ...added] }).build(), Object.values(read));
  const same = (name: string): boolean => typeOf(narrowed, name)?.shape?.join() === typeOf(graph, name)?.shape?.join();
  return typeOf(narrowed, after)?.shape?.[1] === 1 && same(metricPerRowOutput) && [...whole].every(same) ? narrowed : undefined;
}

/** Scores before the mask have a size for their heads where the mask has 1. */
function isScores(graph: Graph, name: string, layers: number): boolean {
  const pattern = typeOf(graph, `blocks.${layers - 1}.attn.hook_pattern`)?.shape;
  const heads = pattern?.[1];
  return heads !== 1 && typeOf(graph, name)?.shape?.[1] === heads;
}

function withInput(node: Node, from: string, to: string): Node {
  return { ...node, inputs: node.inputs.map((name) => (name === from ? to : name)) };
}
