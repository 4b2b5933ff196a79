/**
 * Activations of the trainable architectures, with gradients as their papers define them. The value is always that of
 * encode.ts; where the true derivative is zero almost everywhere, a term of value 0 carries the estimator's gradient.
 */
import type { GraphBuilder } from '../../../graph/builder.ts';
import { MechanistError } from '../../../errors.ts';
import { int } from '../../../graph/ir.ts';
import { appendTopkMask } from '../../encode.ts';
import type { TrainingOptions } from '../options.ts';
import { appendIndicator, appendRowNorms, detached } from './terms.ts';

export interface Latents {
  /** Activations [n, F]. */
  readonly acts: string;
  /** Weighted penalty terms (scalars). */
  readonly penalties: readonly string[];
  /** Smallest kept activation of the batch, for the running threshold. */
  readonly batchThreshold?: string;
}

/**
 * From pre-activations `hidden` [n, F] to activations and sparsity penalties. `decoder` [F, ...] gives row norms;
 * `logThreshold` [F] is the jumprelu parameter; `dead` [F] is 1 for dead latents; `sparsity` is the current weight.
 */
export function appendLatents(b: GraphBuilder, options: TrainingOptions, hidden: string, decoder: string, logThreshold: string | undefined, dead: string, sparsity: string): Latents {
  switch (options.architecture) {
    case 'standard': {
      const acts = b.unary('Relu', hidden);
      return { acts, penalties: [b.mul(sparsity, meanOverTokens(b, b.mul(acts, appendRowNorms(b, decoder))))] };
    }
    case 'topk': return { acts: b.mul(b.unary('Relu', hidden), appendTopkMask(b, hidden, options.k)), penalties: [] };
    case 'batchtopk':
    case 'matryoshka': return appendBatchTopk(b, options, hidden);
    case 'jumprelu': return appendJumpRelu(b, options, hidden, decoder, logThreshold!, dead, sparsity);
    case 'gated': throw new MechanistError('unsupported', 'Gated latents have two paths, and are not built as one.');
  }
}

/** Keeps the k·n largest positive activations of the whole batch [n, F]. */
function appendBatchTopk(b: GraphBuilder, { k, batchSize, nLayers }: TrainingOptions, hidden: string): Latents {
  const positive = b.unary('Relu', hidden);
  const flat = b.reshape(positive, [-1]);
  const count = Math.round(k * batchSize * nLayers);
  const [values] = b.nodeMany('TopK', [flat, b.vector([count])], { outputs: 2, attributes: { axis: int(0), sorted: int(0) } });
  // The smallest positive of the kept values; kept zeros do not count as active.
  const active = b.node('Greater', [values!, b.scalar(0)]);
  const threshold = b.node('ReduceMin', [b.where(active, values!, b.scalar(3e38)), b.vector([0])], { attributes: { keepdims: int(0) } });
  const mask = b.cast(b.node('GreaterOrEqual', [positive, threshold]), 'float32');
  return { acts: b.mul(positive, mask), penalties: [], batchThreshold: threshold };
}

/**
 * JumpReLU with the rectangle estimator of bandwidth ε (algorithms reference §15). The L0 estimator reads the
 * pre-activation, so that its window has both sides (trap T10).
 */
function appendJumpRelu(b: GraphBuilder, options: TrainingOptions, hidden: string, decoder: string, logThreshold: string, dead: string, sparsity: string): Latents {
  const { bandwidth, k, nLayers } = options;
  const threshold = b.unary('Exp', logThreshold);
  const fixed = b.unary('Exp', detached(b, logThreshold));
  const open = appendIndicator(b, hidden, fixed);
  const offset = b.div(b.sub(hidden, fixed), b.scalar(bandwidth));
  // Compared without a gradient: the window only says where the estimator acts.
  const window = b.cast(b.node('Less', [b.unary('Abs', offset), b.scalar(0.5)]), 'float32');
  // Zero in value; its derivative with respect to θ is −1/ε inside the window.
  const carrier = b.mul(b.sub(fixed, threshold), b.mul(window, b.scalar(1 / bandwidth)));
  const acts = b.add(b.mul(hidden, open), b.mul(carrier, fixed));
  const penalties: string[] = [];
  if (options.sparsityLoss === 'target') {
    const l0 = meanOverTokens(b, b.add(open, carrier));
    const excess = b.sub(b.div(l0, b.scalar(k * nLayers)), b.scalar(1));
    penalties.push(b.mul(sparsity, b.mul(excess, excess)));
  } else {
    const norms = appendRowNorms(b, decoder);
    penalties.push(b.mul(sparsity, meanOverTokens(b, b.unary('Tanh', b.mul(b.mul(acts, norms), b.scalar(options.tanhScale))))));
    if (options.preActLoss > 0) {
      const missing = b.mul(b.unary('Relu', b.sub(threshold, hidden)), b.mul(norms, dead));
      penalties.push(b.mul(b.scalar(options.preActLoss), meanOverTokens(b, missing)));
    }
  }
  return { acts, penalties };
}

/** Mean over tokens of the sum over latents of [n, F]. */
function meanOverTokens(b: GraphBuilder, values: string): string {
  return b.reduceMean(b.reduceSum(values, [1], false), [0], false);
}
