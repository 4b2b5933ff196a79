/** A random autoencoder in memory, bound to a hook point. */
import type { Dictionary } from '../../src/engine/dictionaries/dictionary.ts';
import { ParameterStore } from '../../src/engine/models/parameters.ts';
import { f32 } from '../../src/engine/tensor.ts';
import { normal } from './random.ts';

/** Top-k, width → latents; active latents are distinct from token to token. */
export function randomSae(hook: string, width: number, latents: number, k: number, seed: number): Dictionary {
  const parameters = new ParameterStore();
  const add = (name: string, dims: readonly number[], scale: number, salt: number): void => {
    const value = f32(dims, normal(dims.reduce((a, b) => a * b, 1), seed + salt).map((x) => scale * x));
    parameters.declare(name, 'float32', dims, () => value);
  };
  add('W_enc', [width, latents], 0.3, 1);
  add('W_dec', [latents, width], 0.3, 2);
  add('b_enc', [latents], 0.1, 3);
  add('b_dec', [width], 0.1, 4);
  return {
    kind: 'sae', id: `random-${seed}`, source: 'memory', architecture: 'topk', hooks: { input: hook, output: hook }, dIn: width, dOut: width, nLatents: latents,
    parameters, normalization: 'none', applyBDecToInput: true, rescaleActsByDecoderNorm: false, k, reshape: 'none', inputScale: 1, metadata: {}, hash: () => `random-${seed}`,
  };
}
