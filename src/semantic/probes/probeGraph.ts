/** Reading a probe off every token inside the graph. */
import { GraphBuilder } from '../../engine/graph/builder.ts';
import type { Graph } from '../../engine/graph/ir.ts';
import type { Model } from '../../engine/models/model.ts';
import { f32 } from '../../engine/tensor.ts';
import type { Tensor } from '../../engine/tensor.ts';
import { probedWidth } from './hook.ts';

/** Probability of yes, float32 [b,p,1]. */
export const probabilityOutput = 'probe/probability';

const [direction, bias] = ['probe/direction', 'probe/bias'];

/** Of any probe of the hook point; which one is fed. Errors: those of `probedWidth`. */
export function probeGraph(model: Model, hook: string): Graph {
  const width = probedWidth(model, hook);
  const b = new GraphBuilder(model.graph());
  b.input(direction, 'float32', [width, 1]);
  b.input(bias, 'float32', [1]);
  const odds = b.add(b.matmul(b.reshape(hook, [0, 0, width]), direction), bias);
  b.unary('Sigmoid', odds, probabilityOutput);
  return b.build([probabilityOutput]);
}

export function probeFeeds({ weights, bias: offset }: { readonly weights: Float32Array; readonly bias: number }): [string, Tensor][] {
  return [[direction, f32([weights.length, 1], weights)], [bias, f32([1], [offset])]];
}
