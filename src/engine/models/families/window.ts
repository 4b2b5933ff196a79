/** Which layers of a model with sliding windows see only part of the sequence. */
import type { ConfigReader } from './configReader.ts';

/**
 * The window of each layer. Newer configurations list `layer_types`; older ones leave it to the family's rule `sliding`.
 * Errors: `parse` for a list of another length, `unsupported` for an unknown type.
 */
export function layerWindows(config: ConfigReader, layers: number, window: number | undefined, sliding: (layer: number) => boolean): (layer: number) => number | undefined {
  const types = config.strings('layer_types');
  if (types.length > 0 && types.length !== layers) config.fail('layer_types', `${types.length} types for ${layers} layers.`);
  const unknown = types.find((type) => type !== 'sliding_attention' && type !== 'full_attention');
  if (unknown !== undefined) config.unsupported('layer_types', `Attention of type "${unknown}" is not supported.`);
  return (layer) => ((types.length > 0 ? types[layer] === 'sliding_attention' : sliding(layer)) ? window : undefined);
}
