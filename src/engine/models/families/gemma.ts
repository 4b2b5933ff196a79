/** Gemma: Llama with embeddings scaled by √d, norms that multiply by 1 + weight, and wide heads. */
import { readActivation } from './activation.ts';
import type { ConfigReader } from './configReader.ts';
import type { Definition, Family } from './definition.ts';
import { llamaLike } from './llamaLike.ts';

export const gemma: Family = { modelType: 'gemma', prefix: 'model.', define };

function define(config: ConfigReader): Definition {
  const dHead = config.size('head_dim', 256);
  const bias = config.flag('attention_bias', false);
  return llamaLike(config, {
    // `hidden_act` is ignored, as Hugging Face does: the first configurations named the wrong function there.
    activation: readActivation(config, 'hidden_activation', 'gelu_pytorch_tanh'),
    dHead, qkvBias: bias, outputBias: bias, normOffset: true,
    embedScale: Math.sqrt(config.size('hidden_size')),
    attention: { scale: () => dHead ** -0.5 },
    tied: true, context: 8192,
  });
}
