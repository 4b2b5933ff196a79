/** SAELens folders: `cfg.json` (version 6, or the flat form before it) and `sae_weights.safetensors`. Formats reference §7. */
import { MechanistError } from '../../errors.ts';
import type { TensorSource } from '../../formats/tensorSource.ts';
import { ParameterStore } from '../../models/parameters.ts';
import { dictionaryHash } from '../dictionary.ts';
import type { Architecture, Dictionary, Normalization } from '../dictionary.ts';
import { declareWeights, requireDims, scaled } from './layout.ts';
import type { OpenOptions, WeightRule } from './layout.ts';
import type { Settings } from './settings.ts';

export interface SaelensFiles {
  readonly id: string;
  readonly source: string;
  readonly config: Settings;
  readonly weights: TensorSource;
  /** `scaling_factor` of `activation_scaler.json`: there only while it has not been folded into the weights. */
  readonly scalingFactor: number | undefined;
}

const normalizations: ReadonlyMap<string, Normalization> = new Map([
  ['none', 'none'],
  // A constant that SAELens folds into the weights before release.
  ['expected_average_only_in', 'none'],
  ['constant_norm_rescale', 'constant_norm_rescale'],
  ['layer_norm', 'layer_norm'],
] as const);

/** Errors: `parse` for fields that are missing or contradict the weights, `unsupported` for unknown architectures. */
export function openSaelens({ id, source, config: raw, weights, scalingFactor }: SaelensFiles, options: OpenOptions): Dictionary {
  const config = isVersion6(raw) ? raw : fromLegacy(raw);
  const named = config.string('architecture', 'standard');
  const form = formOf(named);
  if (form === undefined) {
    throw new MechanistError('unsupported', `Dictionaries of architecture "${named}" cannot be opened.`, { file: config.file, field: 'architecture', hint: 'Known: standard, gated, jumprelu, topk and transcoders of these.' });
  }
  const { architecture, kind } = form;
  const dIn = config.integer('d_in');
  const nLatents = config.integer('d_sae');
  const dOut = kind === 'transcoder' ? config.integer('d_out') : dIn;
  const k = architecture === 'topk' ? config.integer('k') : undefined;
  if (k !== undefined && k > nLatents) throw new MechanistError('parse', `k is ${k}, more than the ${nLatents} latents.`, { file: config.file, field: 'k' });

  const metadata = config.section('metadata');
  const input = options.hooks?.input ?? metadata?.optionalString('hook_name');
  const output = options.hooks?.output ?? (kind === 'sae' ? input : metadata?.optionalString('hook_name_out'));
  const normalized = config.string('normalize_activations', 'none');
  const normalization = normalizations.get(normalized);
  if (normalization === undefined) {
    throw new MechanistError('unsupported', `Activations normalised as "${normalized}" are not known.`, { file: config.file, field: 'normalize_activations' });
  }
  const fold = normalized === 'expected_average_only_in' ? scalingFactor ?? 1 : 1;
  const parameters = new ParameterStore();
  declareWeights(parameters, weights, [
    { name: 'W_enc', from: 'W_enc', dims: [dIn, nLatents], map: (w) => scaled(w, fold) },
    { name: 'W_dec', from: 'W_dec', dims: [nLatents, dOut], map: (w) => scaled(finetuned(w, config, weights), 1 / fold) },
    { name: 'b_dec', from: 'b_dec', dims: [dOut], map: (w) => scaled(w, 1 / fold) },
    ...biases(architecture, nLatents),
    ...(form.skip ? [{ name: 'W_skip', from: 'W_skip', dims: [dIn, dOut], transpose: true }] : []),
  ]);
  const applyBDecToInput = kind === 'sae' && config.boolean('apply_b_dec_to_input', true);
  const rescaleActsByDecoderNorm = architecture === 'topk' && config.boolean('rescale_acts_by_decoder_norm', false);
  const reshape = config.string('reshape_activations', 'none') === 'hook_z' ? 'hook_z' : 'none';
  const hooks = { input, output };
  return {
    kind, id, source, architecture, hooks, dIn, dOut, nLatents, parameters, normalization, applyBDecToInput, rescaleActsByDecoderNorm, k, reshape,
    inputScale: 1,
    metadata: { layout: 'saelens', ...metadata?.values() },
    hash: dictionaryHash(parameters, { architecture, hooks, k, normalization, applyBDecToInput, rescaleActsByDecoderNorm }),
  };
}

/** What a name such as `jumprelu_skip_transcoder` stands for; undefined for one that is not known. */
function formOf(name: string): { architecture: Architecture; kind: Dictionary['kind']; skip: boolean } | undefined {
  const transcoder = /^(?:(jumprelu|topk|gated)_)?(skip_)?transcoder$/.exec(name);
  if (transcoder !== null) return { architecture: (transcoder[1] ?? 'standard') as Architecture, kind: 'transcoder', skip: transcoder[2] !== undefined };
  const known = (['standard', 'gated', 'jumprelu', 'topk'] as const).find((architecture) => architecture === name);
  return known === undefined ? undefined : { architecture: known, kind: 'sae', skip: false };
}

function biases(architecture: Architecture, nLatents: number): WeightRule[] {
  const names = architecture === 'gated' ? ['b_gate', 'b_mag', 'r_mag'] : architecture === 'jumprelu' ? ['b_enc', 'threshold'] : ['b_enc'];
  return names.map((name) => ({ name, from: name, dims: [nLatents] }));
}

/** Version 6 keeps what is not needed for the mathematics under `metadata`; before, everything was flat. */
function isVersion6(config: Settings): boolean {
  const version = config.section('metadata')?.optionalString('sae_lens_version') ?? config.optionalString('sae_lens_version');
  return version === undefined ? config.section('metadata') !== undefined : Number.parseInt(version, 10) >= 6;
}

/** The flat form, told in the words of version 6. */
function fromLegacy(config: Settings): Settings {
  const hook = config.optionalString('hook_name') ?? config.optionalString('hook_point');
  const activation = config.optionalString('activation_fn_str') ?? config.optionalString('activation_fn') ?? 'relu';
  const k = config.section('activation_fn_kwargs')?.optionalInteger('k');
  const normalize = config.value('normalize_activations');
  const architecture = config.string('architecture', 'standard');
  if (activation !== 'relu' && activation !== 'topk') {
    throw new MechanistError('unsupported', `The activation function "${activation}" is not known.`, { file: config.file, field: 'activation_fn_str' });
  }
  const kept = config.pick(['model_name', 'hook_head_index', 'hook_point_head_index', 'prepend_bos', 'dataset_path', 'context_size', 'neuronpedia_id', 'hook_name_out']);
  return config.with(new Map<string, unknown>([
    ['architecture', activation === 'topk' && architecture === 'standard' ? 'topk' : architecture],
    ...(k === undefined ? [] : [['k', k] as const]),
    ['normalize_activations', normalize === true ? 'expected_average_only_in' : typeof normalize === 'string' ? normalize : 'none'],
    ['reshape_activations', config.string('reshape_activations', hook?.includes('hook_z') ? 'hook_z' : 'none')],
    ['metadata', new Map(Object.entries({ ...kept, ...(hook === undefined ? {} : { hook_name: hook }) }))],
  ]));
}

/** Older files may scale activations between encoder and decoder; that is a scaling of decoder rows. */
function finetuned(decoder: ReturnType<TensorSource['readFloat32']>, config: Settings, weights: TensorSource): ReturnType<TensorSource['readFloat32']> {
  const name = ['scaling_factor', 'finetuning_scaling_factor'].find((candidate) => weights.has(candidate));
  if (name === undefined || !config.boolean('finetuning_scaling_factor', false)) return decoder;
  const [rows, d] = decoder.dims as [number, number];
  if (requireDims(weights, name, 1)[0] !== rows) throw new MechanistError('parse', `Expected ${rows} entries.`, { file: weights.file, field: `tensor ${name}` });
  const factors = weights.readFloat32(name).data;
  return { ...decoder, data: decoder.data.map((v, i) => v * factors[Math.floor(i / d)]!) };
}
