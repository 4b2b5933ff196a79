/** The weights of a checkpoint as a parameter store: checked on opening, read and laid out when first used. */
import { MechanistError } from '../../errors.ts';
import type { TensorSource } from '../../formats/tensorSource.ts';
import { ParameterStore } from '../parameters.ts';
import { unpack } from './weightLayout.ts';
import type { WeightMap } from './weights.ts';

/**
 * The store owns `source`. `prefix` is the base model's, which checkpoints may have or lack.
 * Errors: `parse` naming file and tensor, for one that is missing or of another shape; `unsupported` for integers.
 */
export function storeOf(source: TensorSource, weights: WeightMap, prefix: string): ParameterStore {
  const store = new ParameterStore();
  store.own(source);
  for (const [name, weight] of weights) {
    const stored = storedName(source, weight.from, prefix);
    if (stored === undefined) {
      throw new MechanistError('parse', 'The checkpoint lacks this tensor, which the configuration calls for.', { file: source.file, field: `tensor ${weight.from}` });
    }
    const info = source.info(stored);
    if (info.dims.join() !== weight.stored.join()) {
      throw new MechanistError('parse', `The configuration calls for shape [${weight.stored.join(', ')}]; the tensor has [${info.dims.join(', ')}].`, { file: source.file, field: `tensor ${stored}` });
    }
    if (!/^b?float/.test(info.dtype)) throw new MechanistError('unsupported', `Weights of type ${info.dtype} are not supported.`, { file: source.file, field: `tensor ${stored}` });
    store.declare(name, 'float32', weight.dims, () => ({ dtype: 'float32', dims: weight.dims, data: unpack(source.readFloat32(stored).data, weight) }));
  }
  return store;
}

/** The name under which a checkpoint has a tensor: with or without the base model's prefix, and with old names of norms. */
function storedName(source: TensorSource, name: string, prefix: string): string | undefined {
  const bare = name.startsWith(prefix) ? name.slice(prefix.length) : name;
  const candidates = [name, bare, prefix + name];
  const old = (candidate: string): string => candidate.replace(/LayerNorm\.weight$/, 'LayerNorm.gamma').replace(/LayerNorm\.bias$/, 'LayerNorm.beta');
  return [...candidates, ...candidates.map(old)].find((candidate) => source.has(candidate));
}
