/** The control that knows nothing: random unit directions, as many and as sparse as a dictionary's latents. */
import { dictionaryHash } from '../../engine/dictionaries/dictionary.ts';
import type { Dictionary } from '../../engine/dictionaries/dictionary.ts';
import { ParameterStore } from '../../engine/models/parameters.ts';
import { Random } from '../../engine/random.ts';
import type { Tensor } from '../../engine/tensor.ts';

/** A top-k dictionary with `k` active latents on activations centred at `mean` [dIn]. */
export function randomDictionary(like: Dictionary, k: number, mean: ArrayLike<number>, seed: number): Dictionary {
  const { dIn, nLatents, hooks, reshape } = like;
  const random = new Random(seed);
  const decoder = new Float32Array(nLatents * dIn);
  const encoder = new Float32Array(dIn * nLatents);
  for (let latent = 0; latent < nLatents; latent++) {
    const direction = Float64Array.from({ length: dIn }, () => random.normal());
    const norm = Math.hypot(...direction);
    for (let a = 0; a < dIn; a++) {
      decoder[latent * dIn + a] = direction[a]! / norm;
      encoder[a * nLatents + latent] = direction[a]! / norm;
    }
  }
  const parameters = new ParameterStore();
  const declare = (name: string, dims: readonly number[], data: Float32Array): void => {
    const value: Tensor<'float32'> = { dtype: 'float32', dims, data };
    parameters.declare(name, 'float32', dims, () => value);
  };
  declare('W_enc', [dIn, nLatents], encoder);
  declare('b_enc', [nLatents], new Float32Array(nLatents));
  declare('W_dec', [nLatents, dIn], decoder);
  declare('b_dec', [dIn], Float32Array.from(mean));
  return {
    kind: 'sae', id: `random:${like.id}`, source: '', architecture: 'topk',
    hooks: { input: hooks.input, output: hooks.input },
    dIn, dOut: dIn, nLatents, parameters,
    normalization: 'none', applyBDecToInput: true, rescaleActsByDecoderNorm: false,
    k, reshape, inputScale: 1, metadata: { seed },
    hash: dictionaryHash(parameters, { architecture: 'topk', hooks, k }),
  };
}
