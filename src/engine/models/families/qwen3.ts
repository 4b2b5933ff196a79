/** Qwen3: Llama with an RMS norm on each query and key head, and a head width of its own. */
import { readActivation } from './activation.ts';
import type { ConfigReader } from './configReader.ts';
import type { Definition, Family } from './definition.ts';
import { llamaLike } from './llamaLike.ts';
import { qwenWindows } from './qwen2.ts';

export const qwen3: Family = { modelType: 'qwen3', prefix: 'model.', define };

function define(config: ConfigReader): Definition {
  const dHead = config.size('head_dim', 128);
  const bias = config.flag('attention_bias', false);
  return llamaLike(config, {
    activation: readActivation(config, 'hidden_act', 'silu'),
    dHead, qkvBias: bias, outputBias: bias, qkNorm: true,
    attention: { scale: () => dHead ** -0.5, window: qwenWindows(config) },
    tied: false, context: 32768,
  });
}
