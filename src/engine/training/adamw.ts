/**
 * AdamW as graph nodes (Kingma & Ba 2015; decoupled weight decay, Loshchilov & Hutter 2019).
 * Learning rate and bias corrections are inputs, so that one program serves every step.
 */
import type { GraphBuilder } from '../graph/builder.ts';
import { scalar } from '../tensor.ts';
import type { Tensor } from '../tensor.ts';

export interface AdamWOptions {
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  /** Applied to parameters of rank 2 or more; norms and biases are left alone. */
  readonly weightDecay: number;
  /** Largest allowed norm of all gradients together; undefined for no clipping. */
  readonly clipNorm: number | undefined;
}

export const adamWDefaults: AdamWOptions = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0.01, clipNorm: 1 };

/** Names of a parameter's moments as inputs, and of its updated state as outputs. */
export const momentName = (parameter: string): string => `adam/m/${parameter}`;
export const varianceName = (parameter: string): string => `adam/v/${parameter}`;
export const nextName = (name: string): string => `next/${name}`;
export const gradientNormOutput = 'gradient_norm';

const learningRateInput = 'adam/learning_rate';
const correction1Input = 'adam/correction1';
const correction2Input = 'adam/correction2';

/**
 * Appends one AdamW update of each parameter. Outputs added: `gradient_norm` (before clipping) and, for each
 * parameter, `next/{p}`, `next/adam/m/{p}`, `next/adam/v/{p}`.
 */
export function appendAdamW(b: GraphBuilder, gradients: ReadonlyMap<string, string>, options: AdamWOptions): void {
  const rate = b.input(learningRateInput, 'float32', []);
  const correction1 = b.input(correction1Input, 'float32', []);
  const correction2 = b.input(correction2Input, 'float32', []);
  const norm = globalNorm(b, [...gradients.values()]);
  b.output(norm);
  const clip = options.clipNorm === undefined ? undefined
    : b.node('Min', [b.scalar(1), b.div(b.scalar(options.clipNorm), b.add(norm, b.scalar(1e-6)))]);
  const { beta1, beta2 } = options;
  for (const [parameter, raw] of gradients) {
    const shape = b.shapeOf(parameter);
    const m = b.input(momentName(parameter), 'float32', shape);
    const v = b.input(varianceName(parameter), 'float32', shape);
    const gradient = clip === undefined ? raw : b.mul(raw, clip);
    const nextM = b.add(b.mul(m, b.scalar(beta1)), b.mul(gradient, b.scalar(1 - beta1)), nextName(m));
    const nextV = b.add(b.mul(v, b.scalar(beta2)), b.mul(b.mul(gradient, gradient), b.scalar(1 - beta2)), nextName(v));
    const denominator = b.add(b.unary('Sqrt', b.mul(nextV, correction2)), b.scalar(options.epsilon));
    const step = b.mul(b.div(b.mul(nextM, correction1), denominator), rate);
    const decayed = shape.length < 2 || options.weightDecay === 0 ? parameter
      : b.mul(parameter, b.sub(b.scalar(1), b.mul(rate, b.scalar(options.weightDecay))));
    b.output(b.sub(decayed, step, nextName(parameter)), nextM, nextV);
  }
}

/** The feeds of one step; `step` counts from 1. */
export function adamWFeeds(step: number, learningRate: number, options: AdamWOptions): Map<string, Tensor> {
  return new Map<string, Tensor>([
    [learningRateInput, scalar('float32', learningRate)],
    [correction1Input, scalar('float32', 1 / (1 - options.beta1 ** step))],
    [correction2Input, scalar('float32', 1 / (1 - options.beta2 ** step))],
  ]);
}

function globalNorm(b: GraphBuilder, gradients: readonly string[]): string {
  const squares = gradients.map((g) => b.node('ReduceSumSquare', [g, b.vector(b.shapeOf(g).map((_, axis) => axis))], { attributes: { keepdims: { type: 'int', value: 0 } } }));
  return b.unary('Sqrt', squares.length === 1 ? squares[0]! : b.node('Sum', squares), gradientNormOutput);
}
