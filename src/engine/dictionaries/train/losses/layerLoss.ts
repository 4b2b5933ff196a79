/** The training loss of a sparse autoencoder or per-layer transcoder as one graph. Algorithms reference §15. */
import { GraphBuilder } from '../../../graph/builder.ts';
import type { Graph } from '../../../graph/ir.ts';
import type { TrainingOptions } from '../options.ts';
import { appendAnyDead, appendAuxiliaryLoss, appendDeadActivations } from './dead.ts';
import { appendGatedLatents } from './gated.ts';
import { appendLatents } from './latents.ts';
import type { Latents } from './latents.ts';
import { appendActivity, appendMeanSquare, appendTotal } from './terms.ts';

export interface LossGraph {
  readonly graph: Graph;
  readonly parameters: readonly string[];
  /** Tensors whose gradient is held at zero: the target of the auxiliary loss. */
  readonly stop: ReadonlySet<string>;
}

/**
 * Inputs `x` [n, dIn], `y` [n, dOut], `dead` [F], `sparsity` []. Outputs `loss`, `reconstruction`, `penalty`, `l0`,
 * `fired` [F] and, for the batchtopk family, `batch_threshold`.
 */
export function layerLoss(options: TrainingOptions): LossGraph {
  const { architecture, kind, dIn, dOut, nLatents: F, batchSize: n, widths } = options;
  const b = new GraphBuilder();
  const x = b.input('x', 'float32', [n, dIn]);
  const y = b.input('y', 'float32', [n, dOut]);
  const dead = b.input('dead', 'float32', [F]);
  const sparsity = b.input('sparsity', 'float32', []);
  const parameters: string[] = [];
  const parameter = (name: string, shape: readonly number[]): string => {
    parameters.push(name);
    return b.parameter(name, 'float32', shape);
  };
  const encoder = parameter('W_enc', [dIn, F]);
  const decoder = parameter('W_dec', [F, dOut]);
  const bias = parameter('b_dec', [dOut]);
  const centred = kind === 'sae' ? b.sub(x, bias) : x;
  const shared = b.matmul(centred, encoder);

  let latents: Latents;
  let hidden: string | undefined;
  if (architecture === 'gated') {
    const gate = parameter('b_gate', [F]);
    const magnitude = parameter('b_mag', [F]);
    latents = appendGatedLatents(b, { shared, gate, magnitude, scale: parameter('r_mag', [F]), decoder, bias, y, sparsity });
  } else {
    hidden = b.add(shared, parameter('b_enc', [F]));
    const logThreshold = architecture === 'jumprelu' ? parameter('log_threshold', [F]) : undefined;
    latents = appendLatents(b, options, hidden, decoder, logThreshold, dead, sparsity);
  }

  const skip = options.skip ? b.matmul(x, parameter('W_skip', [dIn, dOut])) : undefined;
  const residuals = widths.map((width) => {
    const [acts, rows] = width === F ? [latents.acts, decoder] : [b.slice(latents.acts, 1, 0, width), b.slice(decoder, 0, 0, width)];
    const decoded = b.add(b.matmul(acts, rows), bias);
    return b.sub(y, skip === undefined ? decoded : b.add(decoded, skip));
  });
  const inner = residuals.slice(0, -1).map((residual) => appendMeanSquare(b, residual));
  const reconstruction = appendMeanSquare(b, residuals.at(-1)!, 'reconstruction');

  const penalties = [...latents.penalties];
  const stop = new Set<string>();
  if (options.auxiliary > 0 && hidden !== undefined) {
    const residual = b.identity(residuals.at(-1)!);
    stop.add(residual);
    const estimate = b.matmul(appendDeadActivations(b, hidden, dead, Math.min(options.auxiliaryK, F)), decoder);
    penalties.push(b.mul(appendAuxiliaryLoss(b, estimate, residual, options.auxiliary, b.fresh('auxiliary')), appendAnyDead(b, dead)));
  }
  const penalty = appendTotal(b, penalties, 'penalty');
  b.output(appendTotal(b, [reconstruction, ...inner, penalty], 'loss'), reconstruction, penalty);
  if (latents.batchThreshold !== undefined) b.output(b.identity(latents.batchThreshold, 'batch_threshold'));
  appendActivity(b, latents.acts);
  return { graph: b.build(), parameters, stop };
}
