/** Writing dictionaries in the field's own layouts: SAELens folders, and circuit-tracer folders for transcoders. Formats reference §7. */
import { join } from 'node:path';
import { stringify } from 'yaml';
import { MechanistError } from '../errors.ts';
import { makeFolder, writeFileAtomically } from '../formats/atomicFile.ts';
import { float32ToFloat16 } from '../formats/half.ts';
import { writeSafetensors } from '../formats/safetensorsWriter.ts';
import type { Tensor } from '../tensor.ts';
import type { CrossLayerTranscoder, Dictionary, TranscoderSet } from './dictionary.ts';
import { transposed } from './train/transposed.ts';

export interface SaveOptions {
  /** Matrices as float16; biases and thresholds stay float32. */
  readonly half: boolean;
}

/** What `config.yaml` of a transcoder set says besides the tensors. Hooks are within the block (`hook_mlp_out`). */
export interface SetConfig {
  readonly modelName: string;
  readonly inputHook: string;
  readonly outputHook: string;
  readonly scan?: string;
}

/** The version of SAELens whose form of `cfg.json` is written; readers choose the form by it. */
const configVersion = '6.18.0';

/**
 * Writes `cfg.json` and `sae_weights.safetensors`.
 * A topk or gated transcoder is written as `topk_transcoder` or `gated_transcoder`, names that SAELens itself does not
 * know; for circuit tracing write sets with `saveTranscoders`.
 * Errors: `unsupported` for what has no form there (groupmax, scaled inputs, an autoencoder with a skip path); as `writeFileAtomically`.
 */
export function saveSaelens(dictionary: Dictionary, folder: string, { half }: SaveOptions): void {
  const { parameters, hooks, dIn, dOut, nLatents, k } = dictionary;
  const config = {
    architecture: saelensArchitecture(dictionary),
    d_in: dIn,
    d_sae: nLatents,
    ...(dictionary.kind === 'transcoder' ? { d_out: dOut } : {}),
    ...(k === undefined ? {} : { k, rescale_acts_by_decoder_norm: dictionary.rescaleActsByDecoderNorm }),
    dtype: 'float32',
    device: 'cpu',
    apply_b_dec_to_input: dictionary.applyBDecToInput,
    normalize_activations: dictionary.normalization,
    reshape_activations: dictionary.reshape,
    metadata: {
      sae_lens_version: configVersion,
      ...dictionary.metadata,
      hook_name: hooks.input,
      ...(dictionary.kind === 'transcoder' ? { hook_name_out: hooks.output } : {}),
    },
  };
  makeFolder(folder);
  const tensors = [...parameters.names()].map((name): [string, Tensor] => {
    const value = parameters.get(name) as Tensor<'float32'>;
    return [name, stored(name === 'W_skip' ? transposed(value) : value, half)];
  });
  writeSafetensors(join(folder, 'sae_weights.safetensors'), tensors);
  writeFileAtomically(join(folder, 'cfg.json'), [Buffer.from(`${JSON.stringify(config, undefined, 2)}\n`)]);
}

/** Writes `layer_{i}.safetensors` and `config.yaml`. Errors: `unsupported` for architectures circuit-tracer has no form for. */
export function saveTranscoders(set: TranscoderSet, folder: string, config: SetConfig, { half }: SaveOptions): void {
  makeFolder(folder);
  const [first] = set.transcoders;
  set.transcoders.forEach((dictionary, layer) => {
    if (dictionary.architecture === 'gated' || dictionary.architecture === 'groupmax' || dictionary.normalization !== 'none' || dictionary.applyBDecToInput) {
      throw new MechanistError('unsupported', `A ${dictionary.architecture} transcoder has no form in circuit-tracer's layout.`, { field: `layer ${layer}` });
    }
    const get = (name: string): Tensor<'float32'> => dictionary.parameters.get(name) as Tensor<'float32'>;
    writeSafetensors(join(folder, `layer_${layer}.safetensors`), [
      ['W_enc', stored(transposed(get('W_enc')), half)],
      ['W_dec', stored(get('W_dec'), half)],
      ['b_enc', get('b_enc')],
      ['b_dec', get('b_dec')],
      ...(dictionary.architecture === 'jumprelu' ? [['activation_function.threshold', get('threshold')] as const] : []),
      ...(dictionary.parameters.has('W_skip') ? [['W_skip', stored(transposed(get('W_skip')), half)] as const] : []),
    ]);
  });
  writeConfig(folder, 'transcoder_set', config, first?.architecture ?? 'standard', first?.k);
}

/** Writes `W_enc_{l}.safetensors`, `W_dec_{l}.safetensors` and `config.yaml`. */
export function saveCrossLayer(clt: CrossLayerTranscoder, folder: string, config: SetConfig, { half }: SaveOptions): void {
  makeFolder(folder);
  const get = (name: string): Tensor<'float32'> => clt.parameters.get(name) as Tensor<'float32'>;
  for (let l = 0; l < clt.nLayers; l++) {
    writeSafetensors(join(folder, `W_enc_${l}.safetensors`), [
      [`W_enc_${l}`, stored(transposed(get(`W_enc_${l}`)), half)],
      ...[`b_enc_${l}`, `b_dec_${l}`, `threshold_${l}`].filter((name) => clt.parameters.has(name)).map((name) => [name, get(name)] as const),
      ...(clt.parameters.has(`W_skip_${l}`) ? [[`W_skip_${l}`, stored(get(`W_skip_${l}`), half)] as const] : []),
    ]);
    writeSafetensors(join(folder, `W_dec_${l}.safetensors`), [[`W_dec_${l}`, stored(get(`W_dec_${l}`), half)]]);
  }
  writeConfig(folder, 'cross_layer_transcoder', config, clt.architecture, clt.k);
}

function writeConfig(folder: string, kind: string, { modelName, inputHook, outputHook, scan }: SetConfig, architecture: string, k: number | undefined): void {
  const activation = architecture === 'standard' ? 'relu' : architecture;
  writeFileAtomically(join(folder, 'config.yaml'), [Buffer.from(stringify({
    model_kind: kind,
    model_name: modelName,
    feature_input_hook: inputHook,
    feature_output_hook: outputHook,
    ...(scan === undefined ? {} : { scan }),
    activation,
    ...(k === undefined ? {} : { k }),
  }))]);
}

function saelensArchitecture({ kind, architecture, inputScale, parameters }: Dictionary): string {
  if (architecture === 'groupmax' || inputScale !== 1 || (kind === 'sae' && parameters.has('W_skip'))) throw new MechanistError('unsupported', 'SAELens has no form for this dictionary.', { field: architecture });
  if (kind === 'sae') return architecture;
  const skip = parameters.has('W_skip') ? 'skip_' : '';
  return architecture === 'standard' ? `${skip}transcoder` : `${architecture}_${skip}transcoder`;
}

function stored(value: Tensor<'float32'>, half: boolean): Tensor {
  return half && value.dims.length >= 2 ? { dtype: 'float16', dims: value.dims, data: float32ToFloat16(value.data) } : value;
}
