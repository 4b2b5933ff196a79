/** Rotary frequencies and the ways of stretching them to longer contexts, from config.json. */
import type { ConfigReader } from './configReader.ts';
import type { Rotary } from './rotary.ts';

export interface RotaryDefaults {
  /** How many features of each head are rotated. */
  readonly dims: number;
  /** Field that holds the base. Default `rope_theta`. */
  readonly baseField?: string;
  /** Sequence length the model was trained for. */
  readonly trained: number;
}

/** Errors: `unsupported` for an unknown kind of scaling. */
export function readRotary(config: ConfigReader, { dims, baseField = 'rope_theta', trained }: RotaryDefaults): Rotary {
  if (dims % 2 !== 0 || dims < 2) config.fail('head_dim', `${dims} features cannot be rotated in pairs.`);
  const scaling = config.section(config.has('rope_parameters') ? 'rope_parameters' : 'rope_scaling');
  const base = scaling.has('rope_theta') ? scaling.positive('rope_theta') : config.positive(baseField, 10000);
  const frequencies = Array.from({ length: dims / 2 }, (_, i) => base ** (-2 * i / dims));
  const field = scaling.has('rope_type') ? 'rope_type' : 'type';
  const kind = scaling.string(field, 'default');
  switch (kind) {
    case 'default': return { dims, frequencies };
    case 'linear': {
      const factor = scaling.positive('factor');
      return { dims, frequencies: frequencies.map((f) => f / factor) };
    }
    case 'dynamic': return { dims, frequencies, dynamic: { factor: scaling.positive('factor'), trained } };
    case 'llama3': return { dims, frequencies: llama3(scaling, frequencies) };
    default: return scaling.unsupported(field, `Rotary scaling of kind "${kind}" is not supported. Known: default, linear, dynamic, llama3.`);
  }
}

/** Long wavelengths are stretched by `factor`, short ones kept, those between interpolated. */
function llama3(scaling: ConfigReader, frequencies: readonly number[]): number[] {
  const factor = scaling.positive('factor');
  const low = scaling.positive('low_freq_factor');
  const high = scaling.positive('high_freq_factor');
  const original = scaling.size('original_max_position_embeddings');
  return frequencies.map((f) => {
    const wavelength = 2 * Math.PI / f;
    if (wavelength < original / high) return f;
    if (wavelength > original / low) return f / factor;
    const smooth = (original / wavelength - low) / (high - low);
    return (1 - smooth) * f / factor + smooth * f;
  });
}
