/** Gemma Scope 2: safetensors with `w_enc`, `w_dec`, `b_enc`, `b_dec`, `threshold` and, for some, `affine_skip_connection`. Formats reference §7. */
import { MechanistError } from '../../errors.ts';
import type { TensorSource } from '../../formats/tensorSource.ts';
import { ParameterStore } from '../../models/parameters.ts';
import type { Tensor } from '../../tensor.ts';
import { dictionaryHash } from '../dictionary.ts';
import type { CrossLayerTranscoder, Dictionary } from '../dictionary.ts';
import { crossLayer } from './circuitTracer.ts';
import type { SetDescription } from './circuitTracer.ts';
import { declareWeights, requireDims } from './layout.ts';
import type { OpenOptions } from './layout.ts';

const skipName = 'affine_skip_connection';

/** An autoencoder or transcoder. Errors: `parse` for tensors that are missing or do not fit together. */
export function openGemmaScope2(id: string, source: string, weights: TensorSource, options: OpenOptions): Dictionary {
  const [dIn, nLatents] = requireDims(weights, 'w_enc', 2) as [number, number];
  const dOut = requireDims(weights, 'w_dec', 2)[1]!;
  const named = hooksOf(source);
  const input = options.hooks?.input ?? named?.input;
  const output = options.hooks?.output ?? named?.output ?? input;
  const kind = weights.has(skipName) || dIn !== dOut || input !== output ? 'transcoder' : 'sae';
  const parameters = new ParameterStore();
  declareWeights(parameters, weights, [
    { name: 'W_enc', from: 'w_enc', dims: [dIn, nLatents] },
    { name: 'W_dec', from: 'w_dec', dims: [nLatents, dOut] },
    { name: 'b_enc', from: 'b_enc', dims: [nLatents] },
    { name: 'b_dec', from: 'b_dec', dims: [dOut] },
    { name: 'threshold', from: 'threshold', dims: [nLatents] },
    ...(weights.has(skipName) ? [{ name: 'W_skip', from: skipName, dims: [dIn, dOut] }] : []),
  ]);
  const hooks = { input, output };
  return {
    kind, id, source, architecture: 'jumprelu', hooks, dIn, dOut, nLatents, parameters,
    normalization: 'none', applyBDecToInput: false, rescaleActsByDecoderNorm: false, k: undefined,
    reshape: input?.endsWith('hook_z') ? 'hook_z' : 'none', inputScale: 1,
    metadata: { layout: 'gemma-scope-2' },
    hash: dictionaryHash(parameters, { architecture: 'jumprelu', kind, hooks }),
  };
}

/**
 * A cross-layer transcoder from one file per layer, the last included (trap T4). `w_dec` of layer l is [F, L, d] with
 * the output layer counted from 0, of which layers l … L−1 are used.
 * Errors: `parse` when the decoders do not have as many output layers as there are files.
 */
export function openGemmaScope2CrossLayer(id: string, source: string, files: readonly TensorSource[], set: SetDescription): CrossLayerTranscoder {
  const nLayers = files.length;
  const [dIn, nLatents] = requireDims(files[0]!, 'w_enc', 2) as [number, number];
  const dOut = requireDims(files[0]!, 'w_dec', 3)[2]!;
  const parameters = new ParameterStore();
  files.forEach((weights, l) => {
    declareWeights(parameters, weights, [
      { name: `W_enc_${l}`, from: 'w_enc', dims: [dIn, nLatents] },
      { name: `b_enc_${l}`, from: 'b_enc', dims: [nLatents] },
      { name: `b_dec_${l}`, from: 'b_dec', dims: [dOut] },
      { name: `threshold_${l}`, from: 'threshold', dims: [nLatents] },
      ...(weights.has(skipName) ? [{ name: `W_skip_${l}`, from: skipName, dims: [dIn, dOut] }] : []),
    ]);
    const found = requireDims(weights, 'w_dec', 3);
    if (found.join() !== [nLatents, nLayers, dOut].join()) {
      throw new MechanistError('parse', `Expected shape [${nLatents}, ${nLayers}, ${dOut}], got [${found.join(', ')}].`, {
        file: weights.file, field: 'tensor w_dec', hint: `${nLayers} layer files were found; all layers must be there.`,
      });
    }
    parameters.declare(`W_dec_${l}`, 'float32', [nLatents, nLayers - l, dOut], () => laterLayers(weights.readFloat32('w_dec'), l));
  });
  return crossLayer({ id, source, architecture: 'jumprelu', nLayers, dIn, dOut, nLatents, k: undefined, parameters }, { ...set, metadata: { layout: 'gemma-scope-2', ...set.metadata } });
}

/** Output layers `first` … of a decoder [F, L, d]. */
function laterLayers({ dims, data }: Tensor<'float32'>, first: number): Tensor<'float32'> {
  const [latents, layers, d] = dims as [number, number, number];
  const width = (layers - first) * d;
  const kept = new Float32Array(latents * width);
  for (let s = 0; s < latents; s++) kept.set(data.subarray((s * layers + first) * d, (s + 1) * layers * d), s * width);
  return { dtype: 'float32', dims: [latents, layers - first, d], data: kept };
}

/** Hook points by the names of released folders, such as `resid_post/layer_12_width_16k_l0_medium`. */
function hooksOf(source: string): { input: string; output: string } | undefined {
  const layer = /layer_(\d+)/.exec(source)?.[1];
  if (layer === undefined) return undefined;
  if (/transcoder/.test(source)) return { input: `blocks.${layer}.ln2.hook_normalized`, output: `blocks.${layer}.hook_mlp_out` };
  const site = /(resid_post|attn_out|mlp_out)/.exec(source)?.[1];
  if (site === undefined) return undefined;
  const hook = `blocks.${layer}.hook_${site}`;
  return { input: hook, output: hook };
}
