/**
 * What a dictionary is to the rest of the engine: sizes, choices and lazily read weights, as data.
 * Every layout on disk (layouts/) is turned into this one form; encoding, decoding and splicing (encode.ts,
 * decode.ts, splice.ts) are functions over it. Nothing here computes.
 */
import { createHash } from 'node:crypto';
import { MechanistError } from '../errors.ts';
import type { ParameterStore } from '../models/parameters.ts';
import type { ParameterSource } from '../runtime/program.ts';
import type { Tensor } from '../tensor.ts';

/** How pre-activations become feature activations. Algorithms reference §14. */
export type Architecture = 'standard' | 'jumprelu' | 'topk' | 'groupmax' | 'gated';

/** What happens to the input before encoding, and is undone after decoding. */
export type Normalization = 'none' | 'constant_norm_rescale' | 'layer_norm';

/**
 * A sparse autoencoder or a per-layer transcoder.
 *
 * Parameters, all float32: `W_enc` [dIn, nLatents], `W_dec` [nLatents, dOut], `b_dec` [dOut]; `b_enc` [nLatents]
 * except for gated, which has `b_gate`, `b_mag`, `r_mag` [nLatents]; `threshold` [nLatents] for jumprelu;
 * `W_skip` [dIn, dOut] where there is a skip path, so that it adds `x W_skip`.
 */
export interface Dictionary {
  readonly kind: 'sae' | 'transcoder';
  /** Short name, used in graph parameter names and subject URIs. */
  readonly id: string;
  /** Folder or file it was read from, or where it will be written. */
  readonly source: string;
  readonly architecture: Architecture;
  /** Hook points it reads and writes, undefined where the files do not say. Equal for an SAE. */
  readonly hooks: { readonly input: string | undefined; readonly output: string | undefined };
  readonly dIn: number;
  readonly dOut: number;
  readonly nLatents: number;
  readonly parameters: ParameterStore;
  readonly normalization: Normalization;
  /** `b_dec` is subtracted from the normalised input before encoding. */
  readonly applyBDecToInput: boolean;
  /** Pre-activations are multiplied by the decoder row norms, and activations divided by them before decoding. */
  readonly rescaleActsByDecoderNorm: boolean;
  /** Active latents per token, for topk and groupmax. */
  readonly k: number | undefined;
  /** `hook_z`: the heads of `attn.hook_z` are concatenated before encoding and separated after decoding. */
  readonly reshape: 'none' | 'hook_z';
  /** Factor on the input before encoding; the reconstruction is divided by it. 1 except for embedding dictionaries. */
  readonly inputScale: number;
  /** What else the files said, for display and for saving again. */
  readonly metadata: Readonly<Record<string, unknown>>;
  /** SHA-256 over weights, choices and hook names: the identity that findings record. */
  hash(): string;
}

/**
 * A cross-layer transcoder: latents of layer l read layer l's input and write to the outputs of layers l … nLayers−1.
 *
 * Parameters per layer l: `W_enc_l` [dIn, nLatents], `b_enc_l` [nLatents], `W_dec_l` [nLatents, nLayers−l, dOut],
 * `b_dec_l` [dOut], optional `threshold_l` [nLatents] and `W_skip_l` [dIn, dOut].
 */
export interface CrossLayerTranscoder {
  readonly kind: 'clt';
  readonly id: string;
  readonly source: string;
  readonly architecture: 'standard' | 'jumprelu' | 'topk';
  readonly nLayers: number;
  /** One hook point per layer. */
  readonly hooks: { readonly inputs: readonly string[]; readonly outputs: readonly string[] };
  readonly dIn: number;
  readonly dOut: number;
  /** Per layer. */
  readonly nLatents: number;
  /** Active latents per token and layer, for topk. */
  readonly k: number | undefined;
  readonly parameters: ParameterStore;
  readonly metadata: Readonly<Record<string, unknown>>;
  hash(): string;
}

/** One transcoder per layer, in layer order, as circuit tracing uses them. */
export interface TranscoderSet {
  readonly kind: 'transcoder_set';
  readonly id: string;
  readonly transcoders: readonly Dictionary[];
  readonly metadata: Readonly<Record<string, unknown>>;
}

/** The name under which a program knows a dictionary's weight. */
export function parameterName(dictionary: { readonly id: string }, name: string): string {
  return `dictionary:${dictionary.id}:${name}`;
}

/** Weights of a model and of dictionaries, as one source for programs that use them together. */
export function withDictionaries(base: ParameterSource | undefined, dictionaries: readonly (Dictionary | CrossLayerTranscoder)[]): ParameterSource {
  const byPrefix = new Map(dictionaries.map((dictionary) => [parameterName(dictionary, ''), dictionary]));
  return {
    get(name: string): Tensor {
      for (const [prefix, dictionary] of byPrefix) if (name.startsWith(prefix)) return dictionary.parameters.get(name.slice(prefix.length));
      if (base === undefined) throw new MechanistError('not-found', 'No dictionary has this parameter.', { field: `parameter ${name}` });
      return base.get(name);
    },
  };
}

/** Computes once, on first use, the identity of a dictionary from what determines its function and place. */
export function dictionaryHash(parameters: ParameterStore, choices: Readonly<Record<string, unknown>>): () => string {
  let known: string | undefined;
  return () => {
    if (known === undefined) {
      const hash = createHash('sha256').update(JSON.stringify(choices));
      for (const name of [...parameters.names()].toSorted()) {
        const { data, dims } = parameters.get(name);
        hash.update(`\n${name} ${dims.join('x')}\n`).update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
      }
      known = hash.digest('hex');
    }
    return known;
  };
}
