/** The training loss of a cross-layer transcoder as one graph. */
import { GraphBuilder } from '../../../graph/builder.ts';
import type { TrainingOptions } from '../options.ts';
import { appendAnyDead, appendAuxiliaryLoss, appendDeadActivations } from './dead.ts';
import { appendLatents } from './latents.ts';
import type { LossGraph } from './layerLoss.ts';
import { appendActivity, appendMeanSquare, appendTotal } from './terms.ts';

/**
 * Inputs `x` [n, L, dIn], `y` [n, L, dOut], `dead` [L·F], `sparsity` []; layers' latents are concatenated, so that a
 * batch-wide rank or an L0 target spans all layers. The reconstruction is summed over layers.
 */
export function crossLayerLoss(options: TrainingOptions): LossGraph {
  const { architecture, dIn, dOut, nLatents: F, nLayers: L, batchSize: n } = options;
  const b = new GraphBuilder();
  const x = b.input('x', 'float32', [n, L, dIn]);
  const y = b.input('y', 'float32', [n, L, dOut]);
  const dead = b.input('dead', 'float32', [L * F]);
  const sparsity = b.input('sparsity', 'float32', []);
  const parameters: string[] = [];
  const parameter = (name: string, shape: readonly number[]): string => {
    parameters.push(name);
    return b.parameter(name, 'float32', shape);
  };
  const perLayer = <T>(make: (layer: number) => T): T[] => Array.from({ length: L }, (_, layer) => make(layer));
  const layerOf = (values: string, layer: number): string => b.squeeze(b.slice(values, 1, layer, layer + 1), [1]);

  const hidden = perLayer((l) => b.add(b.matmul(layerOf(x, l), parameter(`W_enc_${l}`, [dIn, F])), parameter(`b_enc_${l}`, [F])));
  const decoders = perLayer((l) => parameter(`W_dec_${l}`, [F, L - l, dOut]));
  const flatDecoders = decoders.map((decoder) => b.reshape(decoder, [F, -1]));
  const latents = architecture === 'batchtopk'
    ? appendLatents(b, options, b.concat(hidden, 1), decoders[0]!, undefined, dead, sparsity)
    : appendPerLayer(b, options, hidden, flatDecoders, perLayer((l) => (architecture === 'jumprelu' ? parameter(`log_threshold_${l}`, [F]) : undefined)), dead, sparsity);

  /** What latents [n, L·F] write to each layer's output [n, dOut], without bias. */
  const decode = (acts: string): string[] => {
    const written = perLayer((l) => b.matmul(b.slice(acts, 1, l * F, (l + 1) * F), flatDecoders[l]!));
    return perLayer((target) => {
      const parts = written.slice(0, target + 1).map((part, source) => b.slice(part, 1, (target - source) * dOut, (target - source + 1) * dOut));
      return parts.reduce((sum, part) => b.add(sum, part));
    });
  };
  const biases = perLayer((l) => parameter(`b_dec_${l}`, [dOut]));
  const residuals = decode(latents.acts).map((decoded, l) => b.sub(layerOf(y, l), b.add(decoded, biases[l]!)));
  const reconstruction = appendTotal(b, residuals.map((residual) => appendMeanSquare(b, residual)), 'reconstruction');
  const penalties = [...latents.penalties];
  const stop = new Set<string>();
  if (options.auxiliary > 0) {
    const residual = b.concat(residuals, 1);
    stop.add(residual);
    const estimate = b.concat(decode(appendDeadActivations(b, b.concat(hidden, 1), dead, Math.min(options.auxiliaryK, L * F))), 1);
    penalties.push(b.mul(appendAuxiliaryLoss(b, estimate, residual, options.auxiliary, b.fresh('auxiliary')), appendAnyDead(b, dead)));
  }
  const penalty = appendTotal(b, penalties, 'penalty');
  b.output(b.add(reconstruction, penalty, 'loss'), reconstruction, penalty);
  if (latents.batchThreshold !== undefined) b.output(b.identity(latents.batchThreshold, 'batch_threshold'));
  appendActivity(b, latents.acts);
  return { graph: b.build(), parameters, stop };
}

function appendPerLayer(b: GraphBuilder, options: TrainingOptions, hidden: readonly string[], decoders: readonly string[], logThresholds: readonly (string | undefined)[], dead: string, sparsity: string): ReturnType<typeof appendLatents> {
  const { nLatents: F } = options;
  // Each layer has its own share of the target, so the target term sees one layer at a time.
  const layers = hidden.map((h, l) => appendLatents(b, { ...options, nLayers: 1 }, h, decoders[l]!, logThresholds[l], b.slice(dead, 0, l * F, (l + 1) * F), sparsity));
  return { acts: b.concat(layers.map(({ acts }) => acts), 1), penalties: layers.flatMap(({ penalties }) => penalties) };
}
