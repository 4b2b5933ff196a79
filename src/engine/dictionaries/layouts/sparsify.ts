/** sparsify folders: `cfg.json` and `sae.safetensors`. `W_dec` is stored [F, d] and must not be transposed (trap T5). Formats reference §7. */
import { basename } from 'node:path';
import { MechanistError } from '../../errors.ts';
import type { TensorSource } from '../../formats/tensorSource.ts';
import { ParameterStore } from '../../models/parameters.ts';
import { dictionaryHash } from '../dictionary.ts';
import type { Dictionary } from '../dictionary.ts';
import { declareConstant, declareWeights, layerIn } from './layout.ts';
import type { OpenOptions } from './layout.ts';
import type { Settings } from './settings.ts';

/** Errors: `parse` for fields that contradict the weights, `unsupported` for unknown activations. */
export function openSparsify(id: string, source: string, config: Settings, weights: TensorSource, options: OpenOptions): Dictionary {
  const dIn = config.integer('d_in');
  const named = config.value('num_latents');
  const nLatents = named === 0 || named === undefined || named === null ? dIn * config.integer('expansion_factor') : config.integer('num_latents');
  const architecture = config.string('activation', 'topk');
  if ((architecture !== 'topk' && architecture !== 'groupmax') || config.boolean('signed', false)) {
    throw new MechanistError('unsupported', `The activation "${architecture}"${config.boolean('signed', false) ? ' with signs' : ''} is not known.`, { file: config.file, field: 'activation' });
  }
  const k = config.integer('k');
  if (k > nLatents || (architecture === 'groupmax' && nLatents % k !== 0)) {
    throw new MechanistError('parse', `${nLatents} latents cannot be chosen from ${k} at a time.`, { file: config.file, field: 'k' });
  }
  const kind = config.boolean('transcode', false) ? 'transcoder' : 'sae';
  const skip = config.boolean('skip_connection', false);
  const parameters = new ParameterStore();
  declareWeights(parameters, weights, [
    { name: 'W_enc', from: 'encoder.weight', dims: [dIn, nLatents], transpose: true },
    { name: 'W_dec', from: 'W_dec', dims: [nLatents, dIn] },
    { name: 'b_dec', from: 'b_dec', dims: [dIn] },
    ...(!weights.has('encoder.bias') ? [] : [{ name: 'b_enc', from: 'encoder.bias', dims: [nLatents] }]),
    ...(skip ? [{ name: 'W_skip', from: 'W_skip', dims: [dIn, dIn], transpose: true }] : []),
  ]);
  if (!parameters.has('b_enc')) declareConstant(parameters, 'b_enc', [nLatents], 0);
  const input = options.hooks?.input ?? hookOf(source, kind);
  const hooks = { input, output: options.hooks?.output ?? (kind === 'sae' ? input : outputOf(source)) };
  return {
    kind, id, source, architecture, hooks, dIn, dOut: dIn, nLatents, parameters,
    normalization: 'none', applyBDecToInput: kind === 'sae', rescaleActsByDecoderNorm: false, k, reshape: 'none', inputScale: 1,
    metadata: { layout: 'sparsify', ...config.values() },
    hash: dictionaryHash(parameters, { architecture, kind, hooks, k }),
  };
}

/** sparsify names folders after modules: `layers.3` is that block's output, `layers.3.mlp` its MLP, `embed_tokens` the embedding. */
function hookOf(source: string, kind: Dictionary['kind']): string | undefined {
  const folder = basename(source);
  if (folder === 'embed_tokens') return 'hook_embed';
  const layer = layerIn(folder);
  if (layer === undefined) return undefined;
  if (!folder.endsWith('mlp')) return `blocks.${layer}.hook_resid_post`;
  return kind === 'sae' ? `blocks.${layer}.hook_mlp_out` : `blocks.${layer}.ln2.hook_normalized`;
}

function outputOf(source: string): string | undefined {
  const layer = layerIn(basename(source));
  return layer === undefined || !basename(source).endsWith('mlp') ? undefined : `blocks.${layer}.hook_mlp_out`;
}
