/** What a store is harvested from: the latents of one dictionary at one hook point. Layers of a cross-layer transcoder count singly. */
import type { CrossLayerTranscoder, Dictionary } from '../../engine/dictionaries/dictionary.ts';
import { appendEncode, appendEncodeLayer } from '../../engine/dictionaries/encode.ts';
import { MechanistError } from '../../engine/errors.ts';
import type { GraphBuilder } from '../../engine/graph/builder.ts';
import { unknownHook } from '../../engine/models/hookPattern.ts';
import type { Model } from '../../engine/models/model.ts';

export interface FeatureSource {
  readonly id: string;
  /** Hook point that is read. */
  readonly hook: string;
  /** Of a cross-layer transcoder. */
  readonly layer: number | undefined;
  readonly latents: number;
  readonly weights: Dictionary | CrossLayerTranscoder;
  /** Active latents per token where that is fixed and chosen by the size of the pre-activations alone. */
  readonly k: number | undefined;
  /** Appends pre-activations and activations [b,p,latents] of the hook point, the former under `pre`. */
  append(b: GraphBuilder, pre: string): string;
}

/** Errors: `argument` for a dictionary that does not say what it reads, or a layer that is missing or does not exist. */
export function featureSource(weights: Dictionary | CrossLayerTranscoder, layer?: number): FeatureSource {
  if (weights.kind === 'clt') {
    const hook = layer === undefined ? undefined : weights.hooks.inputs[layer];
    if (hook === undefined) throw new MechanistError('argument', `Name one of the layers 0 to ${weights.nLayers - 1} of the cross-layer transcoder.`, { file: weights.source, field: 'layer' });
    return {
      id: `${weights.id}/${layer}`, hook, layer, latents: weights.nLatents, weights,
      k: weights.architecture === 'topk' ? weights.k : undefined,
      append: (b, pre) => appendEncodeLayer(b, weights, layer!, hook, { pre }),
    };
  }
  const hook = weights.hooks.input;
  if (hook === undefined) throw new MechanistError('argument', 'The dictionary does not say which hook point it reads.', { file: weights.source, hint: 'Name it: --input-hook on the command line.' });
  return {
    id: weights.id, hook, layer: undefined, latents: weights.nLatents, weights,
    k: weights.architecture === 'topk' && !weights.rescaleActsByDecoderNorm ? weights.k : undefined,
    append: (b, pre) => appendEncode(b, weights, hook, { pre }).acts,
  };
}

/** Errors: `argument` when the model lacks the hook point or it has another width; `unsupported` for a model that does not read tokens. */
export function requireReads(model: Model, source: FeatureSource): void {
  if (!model.graph().inputs.has('input_ids')) throw new MechanistError('unsupported', 'The model does not read tokens, so no text can be run through it.', { file: model.source });
  const known = model.hookPoints().map(({ name }) => name);
  if (!known.includes(source.hook)) throw unknownHook(source.hook, known);
}
