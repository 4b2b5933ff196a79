/** How long each latent has been silent. */
import { MechanistError } from '../../errors.ts';
import type { Tensor } from '../../tensor.ts';

export class DeadLatents {
  private readonly silent: Float64Array;
  private readonly limit: number;

  /** A latent counts as dead once it has not fired on `limit` tokens. */
  constructor(count: number, limit: number) {
    this.silent = new Float64Array(count);
    this.limit = limit;
  }

  /** 1 for dead latents. */
  mask(): Float32Array {
    return Float32Array.from(this.silent, (tokens) => (tokens >= this.limit ? 1 : 0));
  }

  get count(): number {
    return this.silent.reduce((sum, tokens) => sum + (tokens >= this.limit ? 1 : 0), 0);
  }

  /** Takes note of which latents fired in a batch of `tokens`. */
  update(fired: Float32Array, tokens: number): void {
    for (let i = 0; i < this.silent.length; i++) this.silent[i] = fired[i]! > 0 ? 0 : this.silent[i]! + tokens;
  }

  state(): Tensor<'float64'> {
    return { dtype: 'float64', dims: [this.silent.length], data: this.silent.slice() };
  }

  /** Errors: `argument`. */
  restore(state: Tensor | undefined): void {
    if (state?.dtype !== 'float64' || state.data.length !== this.silent.length) {
      throw new MechanistError('argument', 'The checkpoint does not fit this training.', { field: 'tensor silent' });
    }
    this.silent.set(state.data as Float64Array);
  }
}
