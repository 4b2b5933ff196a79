/** The program behind edge attribution: forward, backward to every receiver, contraction with the senders' differences. */
import { GraphBuilder } from '../../engine/graph/builder.ts';
import { differentiate } from '../../engine/graph/differentiate/differentiate.ts';
import type { Graph } from '../../engine/graph/ir.ts';
import { splice } from '../../engine/graph/splice.ts';
import { metricOutput } from '../../engine/metrics/append.ts';
import { hooksOf } from './edgeGraph.ts';
import type { EdgeGraph } from './edgeGraph.ts';
import { stackNodes } from './stack.ts';

/** The stream that enters the first block. */
export const streamInput = 'edges/stream';
/** out(corrupted) − out(clean) of a sender hook. */
export const differenceInput = (hook: string): string => `edges/difference/${hook}`;
/** For graphs that replace activations: what replaces a sender's output, and how much of it (1 or 0). */
export const replacedInput = (hook: string): string => `edges/replaced/${hook}`;
export const shareInput = (hook: string): string => `edges/share/${hook}`;
/** [b, senders, receivers]. */
export const scoresOutput = 'edges/scores';

/** Runs from given embeddings. */
export function inputScoreGraph(graph: Graph, edges: EdgeGraph): Graph {
  return contracted(splice(graph, edges.inputHook, (b, original) => b.input(streamInput, b.dtypeOf(original), b.shapeOf(original))), edges);
}

/** Runs from the prompt's own embeddings, each sender's output replaced by what is fed, to the share that is fed. */
export function activationScoreGraph(graph: Graph, edges: EdgeGraph): Graph {
  let replaced = graph;
  for (const hook of hooksOf(edges.senders)) {
    replaced = splice(replaced, hook, (b, original) => {
      const share = b.input(shareInput(hook), 'float32', []);
      const value = b.input(replacedInput(hook), b.dtypeOf(original), b.shapeOf(original));
      return b.add(b.mul(original, b.sub(b.scalar(1), share)), b.mul(value, share));
    });
  }
  return contracted(replaced, edges);
}

function contracted(graph: Graph, edges: EdgeGraph): Graph {
  const receiverHooks = hooksOf(edges.receivers);
  const { graph: backward, gradients } = differentiate(graph, { seeds: new Map([[metricOutput, 'ones']]), wrt: receiverHooks });
  const b = new GraphBuilder({ ...backward, outputs: [] });
  const differences = hooksOf(edges.senders).map((hook) => b.input(differenceInput(hook), b.dtypeOf(hook), b.shapeOf(hook)));
  // [b,p,nodes,d] → [b,nodes,p·d]
  const rowPerNode = (stacked: string, nodes: number): string => b.reshape(b.transpose(stacked, [0, 2, 1, 3]), [0, nodes, -1]);
  const left = rowPerNode(stackNodes(b, differences), edges.senders.length);
  const right = rowPerNode(stackNodes(b, receiverHooks.map((hook) => gradients.get(hook)!)), edges.receivers.length);
  b.output(b.matmul(left, b.transpose(right, [0, 2, 1]), scoresOutput));
  return b.build();
}
