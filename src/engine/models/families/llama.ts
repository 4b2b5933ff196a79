/** Llama 1, 2 and 3. */
import { readActivation } from './activation.ts';
import type { ConfigReader } from './configReader.ts';
import type { Definition, Family } from './definition.ts';
import { headWidth, llamaLike } from './llamaLike.ts';

export const llama: Family = { modelType: 'llama', prefix: 'model.', define };

function define(config: ConfigReader): Definition {
  const dHead = headWidth(config);
  const bias = config.flag('attention_bias', false);
  return llamaLike(config, {
    activation: readActivation(config, 'hidden_act', 'silu'),
    dHead, qkvBias: bias, outputBias: bias, mlpBias: config.flag('mlp_bias', false),
    attention: { scale: () => dHead ** -0.5 },
    tied: false,
  });
}
