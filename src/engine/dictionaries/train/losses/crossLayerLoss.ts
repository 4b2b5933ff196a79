/** The training loss of a cross-layer transcoder as one graph. */
import { GraphBuilder } from '../../../graph/builder.ts';
import type { TrainingOptions } from '../options.ts';
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

  const written = perLayer((l) => b.matmul(b.slice(latents.acts, 1, l * F, (l + 1) * F), flatDecoders[l]!));
  const errors = perLayer((target) => {
    let sum = parameter(`b_dec_${target}`, [dOut]);
    for (let source = 0; source <= target; source++) {
      const from = (target - source) * dOut;
      sum = b.add(b.slice(written[source]!, 1, from, from + dOut), sum);
    }
    return appendMeanSquare(b, b.sub(layerOf(y, target), sum));
  });
  const reconstruction = appendTotal(b, errors, 'reconstruction');
  const penalty = appendTotal(b, latents.penalties, 'penalty');
  b.output(b.add(reconstruction, penalty, 'loss'), reconstruction, penalty);
  if (latents.batchThreshold !== undefined) b.output(b.identity(latents.batchThreshold, 'batch_threshold'));
  appendActivity(b, latents.acts);
  return { graph: b.build(), parameters, stop: new Set() };
}

function appendPerLayer(b: GraphBuilder, options: TrainingOptions, hidden: readonly string[], decoders: readonly string[], logThresholds: readonly (string | undefined)[], dead: string, sparsity: string): ReturnType<typeof appendLatents> {
  const { nLatents: F } = options;
  // Each layer has its own share of the target, so the target term sees one layer at a time.
  const layers = hidden.map((h, l) => appendLatents(b, { ...options, nLayers: 1 }, h, decoders[l]!, logThresholds[l], b.slice(dead, 0, l * F, (l + 1) * F), sparsity));
  return { acts: b.concat(layers.map(({ acts }) => acts), 1), penalties: layers.flatMap(({ penalties }) => penalties) };
}
