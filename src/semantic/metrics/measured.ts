/** What is measured: a dictionary at its hook points, or one layer of a cross-layer transcoder, which is the output of a layer rebuilt from this layer's features and those before it. */
import { appendDecode, appendDecodeLayer } from '../../engine/dictionaries/decode.ts';
import type { CrossLayerTranscoder, Dictionary } from '../../engine/dictionaries/dictionary.ts';
import { appendEncode, appendEncodeLayer } from '../../engine/dictionaries/encode.ts';
import { MechanistError } from '../../engine/errors.ts';
import type { GraphBuilder } from '../../engine/graph/builder.ts';

export interface Measured {
  readonly weights: Dictionary | CrossLayerTranscoder;
  /** The hook point that is rebuilt. */
  readonly output: string;
  readonly dOut: number;
  readonly nLatents: number;
  /** Appends activations [b,p,latents] and the reconstruction of the output, whose own value is `original`. */
  reconstruct(b: GraphBuilder, original: string): { readonly acts: string; readonly reconstruction: string };
  /** One row per latent; of a cross-layer transcoder, what it writes to all layers side by side. */
  decoderRows(): { readonly rows: Float32Array; readonly width: number };
}

/** Errors: `argument` when the dictionary is not bound, or for a layer that is missing or does not exist. */
export function measuredSource(weights: Dictionary | CrossLayerTranscoder, layer?: number): Measured {
  return weights.kind === 'clt' ? layerOf(weights, layer) : single(weights);
}

/** The output hook. Errors: `argument` when the dictionary is not bound. */
export function outputHook({ hooks, source }: Dictionary): string {
  if (hooks.input === undefined || hooks.output === undefined) {
    throw new MechanistError('argument', 'The dictionary does not say which hook points it reads and writes.', { file: source, hint: 'Name them: --input-hook and --output-hook on the command line.' });
  }
  return hooks.output;
}

function single(weights: Dictionary): Measured {
  return {
    weights, output: outputHook(weights), dOut: weights.dOut, nLatents: weights.nLatents,
    reconstruct(b, original) {
      const { input, output } = weights.hooks;
      const { acts, context } = appendEncode(b, weights, input === output ? original : input!);
      return { acts, reconstruction: appendDecode(b, weights, acts, context) };
    },
    decoderRows: () => ({ rows: weights.parameters.get('W_dec').data as Float32Array, width: weights.dOut }),
  };
}

function layerOf(weights: CrossLayerTranscoder, layer: number | undefined): Measured {
  const output = layer === undefined ? undefined : weights.hooks.outputs[layer];
  if (layer === undefined || output === undefined) throw new MechanistError('argument', `Name one of the layers 0 to ${weights.nLayers - 1} of the cross-layer transcoder.`, { file: weights.source, field: 'layer' });
  return {
    weights, output, dOut: weights.dOut, nLatents: weights.nLatents,
    reconstruct(b) {
      const acts = Array.from({ length: layer + 1 }, (_, below) => appendEncodeLayer(b, weights, below, weights.hooks.inputs[below]!));
      return { acts: acts[layer]!, reconstruction: appendDecodeLayer(b, weights, layer, acts, weights.hooks.inputs[layer]!) };
    },
    decoderRows: () => ({ rows: weights.parameters.get(`W_dec_${layer}`).data as Float32Array, width: (weights.nLayers - layer) * weights.dOut }),
  };
}
