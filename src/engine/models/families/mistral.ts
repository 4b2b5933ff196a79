/** Mistral: Llama with a sliding window in every layer. */
import { readActivation } from './activation.ts';
import type { ConfigReader } from './configReader.ts';
import type { Definition, Family } from './definition.ts';
import { headWidth, llamaLike } from './llamaLike.ts';

export const mistral: Family = { modelType: 'mistral', prefix: 'model.', define };

function define(config: ConfigReader): Definition {
  const dHead = headWidth(config);
  const window = config.sizeOrNull('sliding_window', 4096);
  return llamaLike(config, {
    activation: readActivation(config, 'hidden_act', 'silu'),
    dHead,
    attention: { scale: () => dHead ** -0.5, window: () => window },
    tied: false, context: 131072,
  });
}
