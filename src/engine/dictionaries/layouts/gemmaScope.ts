/** Gemma Scope: `params.npz` of a JumpReLU autoencoder, or of a transcoder when a set's `config.yaml` names its hooks. Formats reference §7. */
import type { TensorSource } from '../../formats/tensorSource.ts';
import { ParameterStore } from '../../models/parameters.ts';
import { dictionaryHash } from '../dictionary.ts';
import type { Dictionary } from '../dictionary.ts';
import { declareWeights, requireDims } from './layout.ts';
import type { OpenOptions } from './layout.ts';

/** What the path of a released file says: `…/layer_12/width_16k/average_l0_82/params.npz`, or `…/embedding/…`. */
function gemmaScopeHook(path: string): string | undefined {
  if (/(^|[/\\])embedding([/\\]|$)/.test(path)) return 'hook_embed';
  const layer = /(?:^|[/\\])layer_(\d+)(?:[/\\]|$)/.exec(path)?.[1];
  if (layer === undefined) return undefined;
  if (/-att(n)?\b/.test(path)) return `blocks.${layer}.attn.hook_z`;
  if (/-mlp\b/.test(path)) return `blocks.${layer}.hook_mlp_out`;
  return /-res\b/.test(path) ? `blocks.${layer}.hook_resid_post` : undefined;
}

/**
 * `kind` is `transcoder` when the hooks come from a transcoder set. Autoencoders on the embedding take their input
 * times √d (algorithms reference §14). Errors: `parse` for tensors that are missing or do not fit together.
 */
export function openGemmaScope(id: string, source: string, weights: TensorSource, kind: Dictionary['kind'], options: OpenOptions): Dictionary {
  const [dIn, nLatents] = requireDims(weights, 'W_enc', 2) as [number, number];
  const dOut = requireDims(weights, 'W_dec', 2)[1]!;
  const input = options.hooks?.input ?? gemmaScopeHook(source);
  const hooks = { input, output: options.hooks?.output ?? (kind === 'sae' ? input : undefined) };
  const inputScale = input === 'hook_embed' ? Math.sqrt(dIn) : 1;
  const parameters = new ParameterStore();
  declareWeights(parameters, weights, [
    { name: 'W_enc', from: 'W_enc', dims: [dIn, nLatents] },
    { name: 'W_dec', from: 'W_dec', dims: [nLatents, kind === 'sae' ? dIn : dOut] },
    { name: 'b_enc', from: 'b_enc', dims: [nLatents] },
    { name: 'b_dec', from: 'b_dec', dims: [dOut] },
    { name: 'threshold', from: 'threshold', dims: [nLatents] },
  ]);
  return {
    kind, id, source, architecture: 'jumprelu', hooks, dIn, dOut, nLatents, parameters,
    normalization: 'none', applyBDecToInput: false, rescaleActsByDecoderNorm: false, k: undefined,
    reshape: input?.endsWith('hook_z') ? 'hook_z' : 'none',
    inputScale,
    metadata: { layout: 'gemma-scope' },
    hash: dictionaryHash(parameters, { architecture: 'jumprelu', kind, hooks, inputScale }),
  };
}
