/**
 * circuit-tracer folders: one `layer_{i}.safetensors` per layer, or `W_enc_{i}` and `W_dec_{i}` files of a cross-layer
 * transcoder. Encoders are stored as [F, d]. Formats reference §7.
 */
import { MechanistError } from '../../errors.ts';
import type { TensorSource } from '../../formats/tensorSource.ts';
import { ParameterStore } from '../../models/parameters.ts';
import { numbersOf } from '../../tensor.ts';
import { dictionaryHash } from '../dictionary.ts';
import type { CrossLayerTranscoder, Dictionary } from '../dictionary.ts';
import { declareWeights, requireDims } from './layout.ts';

/** What `config.yaml` of a transcoder set says, or what the caller says instead. */
export interface SetDescription {
  /** Within the block (`ln2.hook_normalized`), or whole, with the layer written `{layer}`. */
  readonly inputHook: string | undefined;
  readonly outputHook: string | undefined;
  /** `topk`, `relu`, `jumprelu`; undefined: from the tensors. */
  readonly activation: string | undefined;
  readonly k: number | undefined;
  readonly metadata: Readonly<Record<string, unknown>>;
}

/** The hook point of one layer. Names that are whole already (`blocks.3.hook_mlp_out`, `hook_embed`) stay. */
export function hookOfLayer(hook: string, layer: number): string {
  return hook.startsWith('blocks.') || hook === 'hook_embed' ? hook.replaceAll('{layer}', String(layer)) : `blocks.${layer}.${hook}`;
}

/** One layer's transcoder. Errors: `parse` for tensors that are missing or do not fit together. */
export function openTranscoderLayer(id: string, weights: TensorSource, layer: number, set: SetDescription): Dictionary {
  const [nLatents, dIn] = requireDims(weights, 'W_enc', 2) as [number, number];
  const dOut = requireDims(weights, 'W_dec', 2)[1]!;
  const threshold = ['activation_function.threshold', 'threshold'].find((name) => weights.has(name));
  const k = weights.has('k') ? numbersOf(weights.read('k'))[0] : set.k;
  const architecture = threshold !== undefined ? 'jumprelu' : k !== undefined ? 'topk' : 'standard';
  checkActivation(weights.file, set.activation, architecture);
  if (k !== undefined && !(Number.isInteger(k) && k >= 1 && k <= nLatents)) {
    throw new MechanistError('parse', `k is ${k}, with ${nLatents} latents.`, { file: weights.file, field: 'k' });
  }
  const parameters = new ParameterStore();
  declareWeights(parameters, weights, [
    { name: 'W_enc', from: 'W_enc', dims: [dIn, nLatents], transpose: true },
    { name: 'W_dec', from: 'W_dec', dims: [nLatents, dOut] },
    { name: 'b_enc', from: 'b_enc', dims: [nLatents] },
    { name: 'b_dec', from: 'b_dec', dims: [dOut] },
    ...(threshold === undefined ? [] : [{ name: 'threshold', from: threshold, dims: [nLatents] }]),
    ...(weights.has('W_skip') ? [{ name: 'W_skip', from: 'W_skip', dims: [dIn, dOut], transpose: true }] : []),
  ]);
  const hooks = {
    input: set.inputHook === undefined ? undefined : hookOfLayer(set.inputHook, layer),
    output: set.outputHook === undefined ? undefined : hookOfLayer(set.outputHook, layer),
  };
  return {
    kind: 'transcoder', id, source: weights.file, architecture, hooks, dIn, dOut, nLatents, parameters,
    normalization: 'none', applyBDecToInput: false, rescaleActsByDecoderNorm: false,
    k: architecture === 'topk' ? k : undefined,
    reshape: 'none', inputScale: 1,
    metadata: { layout: 'circuit-tracer', layer, ...set.metadata },
    hash: dictionaryHash(parameters, { architecture, hooks, k }),
  };
}

/**
 * A cross-layer transcoder from its encoder and decoder files, in layer order.
 * Errors: `parse` when the number of output layers of a decoder contradicts the number of files.
 */
export function openCrossLayer(id: string, source: string, encoders: readonly TensorSource[], decoders: readonly TensorSource[], set: SetDescription): CrossLayerTranscoder {
  const nLayers = encoders.length;
  const [nLatents, dIn] = requireDims(encoders[0]!, 'W_enc_0', 2) as [number, number];
  const dOut = requireDims(decoders[0]!, 'W_dec_0', 3)[2]!;
  const parameters = new ParameterStore();
  const jump = encoders[0]!.has('threshold_0');
  for (let l = 0; l < nLayers; l++) {
    const encoder = encoders[l]!;
    const decoder = decoders[l]!;
    const skip = `W_skip_${l}`;
    declareWeights(parameters, encoder, [
      { name: `W_enc_${l}`, from: `W_enc_${l}`, dims: [dIn, nLatents], transpose: true },
      { name: `b_enc_${l}`, from: `b_enc_${l}`, dims: [nLatents] },
      { name: `b_dec_${l}`, from: `b_dec_${l}`, dims: [dOut] },
      ...(jump ? [{ name: `threshold_${l}`, from: `threshold_${l}`, dims: [nLatents] }] : []),
      ...(encoder.has(skip) ? [{ name: skip, from: skip, dims: [dIn, dOut] }] : []),
    ]);
    declareWeights(parameters, decoder, [{ name: `W_dec_${l}`, from: `W_dec_${l}`, dims: [nLatents, nLayers - l, dOut] }]);
  }
  const architecture = jump ? 'jumprelu' : set.k !== undefined ? 'topk' : 'standard';
  checkActivation(source, set.activation, architecture);
  return crossLayer({ id, source, architecture, nLayers, dIn, dOut, nLatents, k: architecture === 'topk' ? set.k : undefined, parameters }, set);
}

/** Completes a cross-layer transcoder with hooks and identity. Errors: `argument` when the hooks are not known. */
export function crossLayer(parts: Omit<CrossLayerTranscoder, 'kind' | 'hooks' | 'metadata' | 'hash'>, set: SetDescription): CrossLayerTranscoder {
  const { inputHook, outputHook } = set;
  if (inputHook === undefined || outputHook === undefined) {
    throw new MechanistError('argument', 'The files do not say which hook points the transcoder reads and writes.', { file: parts.source, hint: 'Add a config.yaml with feature_input_hook and feature_output_hook, or name the hooks.' });
  }
  const layers = Array.from({ length: parts.nLayers }, (_, l) => l);
  const hooks = { inputs: layers.map((l) => hookOfLayer(inputHook, l)), outputs: layers.map((l) => hookOfLayer(outputHook, l)) };
  return {
    ...parts,
    kind: 'clt',
    hooks,
    metadata: { layout: 'circuit-tracer', ...set.metadata },
    hash: dictionaryHash(parts.parameters, { architecture: parts.architecture, hooks, k: parts.k }),
  };
}

function checkActivation(file: string, named: string | undefined, found: string): void {
  const known = new Map([['relu', 'standard'], ['jumprelu', 'jumprelu'], ['jump_relu', 'jumprelu'], ['topk', 'topk']]);
  if (named === undefined || known.get(named) === found) return;
  throw new MechanistError('parse', `The configuration says "${named}", but the tensors are those of a ${found} transcoder.`, { file, field: 'activation' });
}
