/** The sizes of a recognised transformer, read off its graph; a config.json fills in what a graph does not show. */
import { floatAttribute } from '../../graph/ir.ts';
import { numbersOf } from '../../tensor.ts';
import type { JsonObject } from '../jsonFile.ts';
import type { TransformerConfig } from '../model.ts';
import type { FoundStack } from './nameHooks.ts';
import type { ScopedGraph } from './scopedGraph.ts';

/** Undefined when the attention sizes could not be told. */
export function onnxConfig(g: ScopedGraph, { stack, dModel, dMlp, sizes, isParallel }: FoundStack, config: JsonObject | undefined): TransformerConfig | undefined {
  if (sizes === undefined) return undefined;
  const { graph } = g;
  const output = graph.outputs.includes('logits') ? 'logits' : graph.outputs[0]!;
  const dOut = g.shapeOf(output)?.at(-1);
  const declared = (...keys: readonly string[]): number | undefined => keys.map((key) => config?.[key]).find((value): value is number => typeof value === 'number');
  return {
    nLayers: stack.count, dModel, ...sizes, dMlp,
    dOut: typeof dOut === 'number' ? dOut : 0,
    nCtx: declared('n_positions', 'max_position_embeddings', 'n_ctx') ?? positionsOf(g, stack.root) ?? Number.MAX_SAFE_INTEGER,
    normalization: stack.layout.norm,
    normEps: declared('layer_norm_epsilon', 'layer_norm_eps', 'rms_norm_eps') ?? epsilonOf(g, stack.root) ?? 1e-5,
    parallelAttnMlp: isParallel,
    causal: !['bert', 'distilbert', 'vit'].includes(stack.layout.family),
  };
}

/** Rows of a learned table of positions. */
function positionsOf(g: ScopedGraph, root: string): number | undefined {
  for (const node of g.within(root.slice(0, Math.max(1, root.lastIndexOf('/'))))) {
    if (node.op !== 'Gather' || !/wpe|position/.test(node.name)) continue;
    const rows = g.shapeOf(node.inputs[0]!)?.[0];
    if (typeof rows === 'number') return rows;
  }
  return undefined;
}

function epsilonOf(g: ScopedGraph, root: string): number | undefined {
  for (const node of g.within(root)) {
    if (node.op === 'LayerNormalization') return floatAttribute(node, 'epsilon', 1e-5);
    if (node.op !== 'Sqrt') continue;
    const sum = g.producerOf(node.inputs[0]!);
    const constant = sum?.op === 'Add' ? sum.inputs.map((name) => g.graph.constants.get(name)).find((value) => value?.data.length === 1) : undefined;
    if (constant?.dtype === 'float32') return numbersOf(constant)[0];
  }
  return undefined;
}
