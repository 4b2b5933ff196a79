/** Llama Scope folders: `hyperparams.json` and `checkpoints/final.safetensors`, both weight matrices transposed. Formats reference §7. */
import { MechanistError } from '../../errors.ts';
import type { TensorSource } from '../../formats/tensorSource.ts';
import { ParameterStore } from '../../models/parameters.ts';
import { dictionaryHash } from '../dictionary.ts';
import type { Dictionary } from '../dictionary.ts';
import { declareConstant, declareWeights } from './layout.ts';
import type { OpenOptions } from './layout.ts';
import type { Settings } from './settings.ts';

/**
 * Weights are used as stored, with the scalar threshold times √d / average input norm, as SAELens loads them.
 * Errors: `parse`, `unsupported`.
 */
export function openLlamaScope(id: string, source: string, config: Settings, weights: TensorSource, options: OpenOptions): Dictionary {
  const dIn = config.integer('d_model');
  const nLatents = config.integer('d_sae');
  const norms = config.section('dataset_average_activation_norm');
  if (norms === undefined) throw new MechanistError('parse', 'This field is missing.', { file: config.file, field: 'dataset_average_activation_norm' });
  const average = norms.number('in');
  if (!(average > 0)) throw new MechanistError('parse', 'Expected a positive number.', { file: config.file, field: 'dataset_average_activation_norm.in' });
  const activation = config.string('act_fn', 'jumprelu');
  if (activation !== 'jumprelu') throw new MechanistError('unsupported', `The activation "${activation}" is not known.`, { file: config.file, field: 'act_fn' });
  const threshold = (config.number('jump_relu_threshold') * Math.sqrt(dIn)) / average;

  const parameters = new ParameterStore();
  declareWeights(parameters, weights, [
    { name: 'W_enc', from: 'encoder.weight', dims: [dIn, nLatents], transpose: true },
    { name: 'W_dec', from: 'decoder.weight', dims: [nLatents, dIn], transpose: true },
    { name: 'b_enc', from: 'encoder.bias', dims: [nLatents] },
    { name: 'b_dec', from: 'decoder.bias', dims: [dIn] },
  ]);
  declareConstant(parameters, 'threshold', [nLatents], threshold);
  const input = options.hooks?.input ?? config.optionalString('hook_point_in');
  const output = options.hooks?.output ?? config.optionalString('hook_point_out') ?? input;
  const kind = input === output ? 'sae' : 'transcoder';
  const hooks = { input, output };
  return {
    kind, id, source, architecture: 'jumprelu', hooks, dIn, dOut: dIn, nLatents, parameters,
    normalization: 'none', applyBDecToInput: false, rescaleActsByDecoderNorm: false, k: undefined, reshape: 'none', inputScale: 1,
    metadata: { layout: 'llama-scope', ...config.values() },
    hash: dictionaryHash(parameters, { architecture: 'jumprelu', kind, hooks }),
  };
}
