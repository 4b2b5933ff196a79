/** Weights as a control: every parameter with its entries in random order, so that each layer keeps the distribution of its weights and none of what it learned. */
import { MechanistError } from '../errors.ts';
import { ParameterStore } from '../models/parameters.ts';
import { Random } from '../random.ts';

/** One seed gives one model; the given one stays as it is. Errors: `unsupported` for weights that are not float32. */
export function shuffledParameters(parameters: ParameterStore, seed: number): ParameterStore {
  const shuffled = new ParameterStore();
  for (const [i, name] of [...parameters.names()].entries()) {
    const { dtype, dims } = parameters.info(name);
    if (dtype !== 'float32') throw new MechanistError('unsupported', `Only float32 parameters can be shuffled, not ${dtype}.`, { field: `parameter ${name}` });
    shuffled.declare(name, dtype, dims, () => {
      const data = parameters.get(name).data as Float32Array;
      const order = new Random(seed + i).permutation(data.length);
      return { dtype, dims, data: Float32Array.from(data, (_, at) => data[order[at]!]!) };
    });
  }
  return shuffled;
}
