/** From trained parameters to a dictionary in memory. */
import { ParameterStore } from '../../models/parameters.ts';
import { dictionaryHash } from '../dictionary.ts';
import type { CrossLayerTranscoder, Dictionary } from '../dictionary.ts';
import type { TrainingOptions } from './options.ts';
import type { Parameters } from './step.ts';

/** Where a dictionary belongs and what is worth remembering of how it was made. */
export interface Binding {
  readonly id: string;
  readonly metadata: Readonly<Record<string, unknown>>;
}

/** A trained autoencoder or per-layer transcoder. The batchtopk family becomes jumprelu (algorithms reference §14). */
export function trainedDictionary(options: TrainingOptions, parameters: Parameters, binding: Binding & { readonly hooks: Dictionary['hooks'] }): Dictionary {
  const { kind, architecture, dIn, dOut, nLatents, k } = options;
  const store = storeOf(parameters);
  const encoded = architecture === 'batchtopk' || architecture === 'matryoshka' ? 'jumprelu' : architecture;
  return {
    kind: kind === 'transcoder' ? 'transcoder' : 'sae',
    id: binding.id,
    source: '',
    architecture: encoded,
    hooks: binding.hooks,
    dIn, dOut, nLatents,
    parameters: store,
    normalization: 'none',
    applyBDecToInput: kind === 'sae',
    rescaleActsByDecoderNorm: false,
    k: encoded === 'topk' ? k : undefined,
    reshape: binding.hooks.input?.endsWith('hook_z') ? 'hook_z' : 'none',
    inputScale: 1,
    metadata: binding.metadata,
    hash: dictionaryHash(store, { architecture: encoded, hooks: binding.hooks, k: encoded === 'topk' ? k : undefined }),
  };
}

/** A trained cross-layer transcoder. */
export function trainedCrossLayer(options: TrainingOptions, parameters: Parameters, binding: Binding & { readonly hooks: CrossLayerTranscoder['hooks'] }): CrossLayerTranscoder {
  const store = storeOf(parameters);
  const architecture = options.architecture === 'standard' ? 'standard' : 'jumprelu';
  return {
    kind: 'clt',
    id: binding.id,
    source: '',
    architecture,
    nLayers: options.nLayers,
    hooks: binding.hooks,
    dIn: options.dIn,
    dOut: options.dOut,
    nLatents: options.nLatents,
    k: undefined,
    parameters: store,
    metadata: binding.metadata,
    hash: dictionaryHash(store, { architecture, hooks: binding.hooks }),
  };
}

function storeOf(parameters: Parameters): ParameterStore {
  const store = new ParameterStore();
  for (const [name, value] of parameters) store.declare(name, 'float32', value.dims, () => value);
  return store;
}
