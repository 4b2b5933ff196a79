/** Sparsity and reconstruction of a cross-layer transcoder, layer by layer, on the activations of the unchanged model. */
import { appendDecodeLayer } from '../src/engine/dictionaries/decode.ts';
import { withDictionaries } from '../src/engine/dictionaries/dictionary.ts';
import type { CrossLayerTranscoder } from '../src/engine/dictionaries/dictionary.ts';
import { appendEncodeLayer } from '../src/engine/dictionaries/encode.ts';
import { GraphBuilder } from '../src/engine/graph/builder.ts';
import type { Graph } from '../src/engine/graph/ir.ts';
import type { Model } from '../src/engine/models/model.ts';
import type { Runtime } from '../src/engine/runtime/runtime.ts';
import type { Tensor } from '../src/engine/tensor.ts';
import type { TokenBatch } from '../src/semantic/metrics/batches.ts';

export interface LayerFit {
  readonly layer: number;
  /** Mean number of active latents of this layer per position. */
  readonly l0: number;
  /** Unexplained share of the variance of this layer's output, from the latents of all layers up to it. */
  readonly fvu: number;
  /** Share of this layer's latents that never fired. */
  readonly dead: number;
}

/** The first position of every context is left out, as in training. */
export async function crossLayerFit(model: Model, clt: CrossLayerTranscoder, runtime: Runtime, batches: readonly TokenBatch[]): Promise<LayerFit[]> {
  const { graph, acts, outputs } = reconstructionGraph(model.graph(), clt);
  const sums = acts.map(() => ({ n: 0, active: 0, error: 0, square: 0, mean: new Float64Array(clt.dOut), fired: new Uint8Array(clt.nLatents) }));
  for (const { inputIds } of batches) {
    const length = inputIds.dims[1]!;
    const results = await runtime.run(graph, model.feeds(new Map([['input_ids', inputIds]])), withDictionaries(model.parameters, [clt]));
    const valuesOf = (name: string): Float32Array => (results.get(name) as Tensor<'float32'>).data;
    for (const [layer, sum] of sums.entries()) {
      const [latents, estimate, target] = [valuesOf(acts[layer]!), valuesOf(outputs[layer]!), valuesOf(clt.hooks.outputs[layer]!)];
      for (let row = 0; row * clt.dOut < target.length; row++) {
        if (row % length === 0) continue;
        sum.n++;
        for (let i = 0; i < clt.nLatents; i++) {
          if (latents[row * clt.nLatents + i]! <= 0) continue;
          sum.active++;
          sum.fired[i] = 1;
        }
        for (let i = 0; i < clt.dOut; i++) {
          const y = target[row * clt.dOut + i]!;
          sum.square += y * y;
          sum.error += (y - estimate[row * clt.dOut + i]!) ** 2;
          sum.mean[i]! += y;
        }
      }
    }
  }
  return sums.map(({ n, active, error, square, mean, fired }, layer) => ({
    layer,
    l0: active / n,
    fvu: error / (square - mean.reduce((total, value) => total + value * value, 0) / n),
    dead: fired.reduce((count, once) => count + 1 - once, 0) / fired.length,
  }));
}

function reconstructionGraph(model: Graph, clt: CrossLayerTranscoder): { graph: Graph; acts: string[]; outputs: string[] } {
  const b = new GraphBuilder(model);
  const acts: string[] = [];
  const outputs: string[] = [];
  for (const [layer, input] of clt.hooks.inputs.entries()) {
    acts.push(appendEncodeLayer(b, clt, layer, input));
    outputs.push(appendDecodeLayer(b, clt, layer, acts, input));
  }
  return { graph: { ...b.build(), outputs: [...acts, ...outputs, ...clt.hooks.outputs] }, acts, outputs };
}
