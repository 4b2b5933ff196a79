/** Random initial weights, by parameter name. */
import { MechanistError } from '../errors.ts';
import type { ParameterStore } from '../models/parameters.ts';
import { Random } from '../random.ts';
import { elementCount } from '../tensor.ts';

/**
 * Fills every parameter: norm weights 1, biases 0, matrices from N(0, std²), where the matrices that write to the
 * residual stream (`W_O`, `W_out`) are scaled by 1/√(2·layers) (Radford et al. 2019). Draws follow the order in
 * which parameters were declared, so one seed gives one model. `zero` names parameters to leave at 0.
 * Errors: `unsupported` for a parameter that is not float32.
 */
export function initializeParameters(parameters: ParameterStore, layers: number, seed: number, std = 0.02, zero: (name: string) => boolean = () => false): void {
  const random = new Random(seed);
  for (const name of parameters.names()) {
    const { dtype, dims } = parameters.info(name);
    if (dtype !== 'float32') throw new MechanistError('unsupported', `Only float32 parameters can be initialised, not ${dtype}.`, { field: `parameter ${name}` });
    const data = new Float32Array(elementCount(dims));
    if (!zero(name)) {
      if (/(^|\.)w$/.test(name)) data.fill(1);
      else if (dims.length >= 2) {
        const scale = /\.(W_O|W_out)$/.test(name) ? std / Math.sqrt(2 * layers) : std;
        for (let i = 0; i < data.length; i++) data[i] = scale * random.normal();
      }
    }
    parameters.set(name, { dtype, dims, data });
  }
}
