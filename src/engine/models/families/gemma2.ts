/** Gemma-2: Gemma with soft-capped scores and logits, norms on both sides, and a window in every other layer. */
import { readActivation } from './activation.ts';
import type { ConfigReader } from './configReader.ts';
import type { Definition, Family } from './definition.ts';
import { llamaLike } from './llamaLike.ts';
import { layerWindows } from './window.ts';

export const gemma2: Family = { modelType: 'gemma2', prefix: 'model.', define };

function define(config: ConfigReader): Definition {
  const bias = config.flag('attention_bias', false);
  const scale = config.positive('query_pre_attn_scalar', 256) ** -0.5;
  const softcap = config.positiveOrNull('attn_logit_softcapping', 50);
  const window = layerWindows(config, config.size('num_hidden_layers'), config.sizeOrNull('sliding_window', 4096), (layer) => layer % 2 === 0);
  return llamaLike(config, {
    activation: readActivation(config, 'hidden_activation', 'gelu_pytorch_tanh'),
    dHead: config.size('head_dim', 256), qkvBias: bias, outputBias: bias, normOffset: true, sandwich: true,
    embedScale: Math.sqrt(config.size('hidden_size')),
    attention: { scale: () => scale, window, ...(softcap === undefined ? {} : { softcap }) },
    finalSoftcap: config.positiveOrNull('final_logit_softcapping', 30),
    tied: true, context: 8192,
  });
}
