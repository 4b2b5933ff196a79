/** Qwen2 and Qwen2.5: Llama with biases on queries, keys and values; later layers may have a sliding window. */
import { readActivation } from './activation.ts';
import type { ConfigReader } from './configReader.ts';
import type { Definition, Family } from './definition.ts';
import { headWidth, llamaLike } from './llamaLike.ts';
import { layerWindows } from './window.ts';

export const qwen2: Family = { modelType: 'qwen2', prefix: 'model.', define };

function define(config: ConfigReader): Definition {
  const dHead = headWidth(config);
  return llamaLike(config, {
    activation: readActivation(config, 'hidden_act', 'silu'),
    dHead, qkvBias: true,
    attention: { scale: () => dHead ** -0.5, window: qwenWindows(config) },
    tied: false, context: 32768,
  });
}

/** The window applies where `use_sliding_window` says so, from layer `max_window_layers` on. */
export function qwenWindows(config: ConfigReader): (layer: number) => number | undefined {
  const window = config.flag('use_sliding_window', false) ? config.sizeOrNull('sliding_window', 4096) : undefined;
  const full = config.integer('max_window_layers', 28);
  return layerWindows(config, config.size('num_hidden_layers'), window, (layer) => layer >= full);
}
