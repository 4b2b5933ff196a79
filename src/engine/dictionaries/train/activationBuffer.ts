/**
 * A memory-bounded shuffling buffer between a model and dictionary training. It never holds more than one fill; a fill
 * is a fixed number of rows drawn from the source in order, shuffled as a whole and handed out in batches.
 *
 * Its state is where the current fill began and how many batches were handed out, so a checkpoint stays small:
 * resuming recomputes the fill.
 */
import { MechanistError, throwIfCancelled } from '../../errors.ts';
import { Random } from '../../random.ts';
import type { Tensor } from '../../tensor.ts';
import type { Batch } from './step.ts';

/** Rows of activations in a fixed order that can be entered anywhere. */
export interface ActivationSource {
  /** Shape of one row of `x` and of `y`, for instance [d] or [layers, d]. */
  readonly xShape: readonly number[];
  readonly yShape: readonly number[];
  /**
   * The rows of chunk `index` ≥ 0: a pure function of the index. Sources go on forever (a corpus starts again).
   * `y` is the same tensor as `x` for an autoencoder.
   */
  chunk(index: number): Promise<Batch>;
}

export interface BufferOptions {
  readonly batchSize: number;
  /** Upper bound on the memory of one fill. */
  readonly bytes: number;
  readonly seed: number;
}

/** Enough to go on with the same batches. */
export interface BufferState {
  /** First chunk of the current fill, and rows of it that the fill before had taken already. */
  readonly chunk: number;
  readonly offset: number;
  /** Number of the current fill, and batches of it handed out. */
  readonly fill: number;
  readonly used: number;
}

export class ActivationBuffer {
  private readonly source: ActivationSource;
  private readonly options: BufferOptions;
  private readonly rows: number;
  private readonly width: { x: number; y: number };
  private state: BufferState;
  private next: { chunk: number; offset: number };
  private content: { x: Float32Array; y: Float32Array; order: Uint32Array } | undefined;

  /** Errors: `memory` when not even two batches fit into `options.bytes`. */
  constructor(source: ActivationSource, options: BufferOptions, state: BufferState = { chunk: 0, offset: 0, fill: 0, used: 0 }) {
    this.source = source;
    this.options = options;
    this.state = state;
    this.next = { chunk: state.chunk, offset: state.offset };
    const product = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);
    this.width = { x: product(source.xShape), y: product(source.yShape) };
    const batches = Math.floor(options.bytes / (4 * (this.width.x + this.width.y) * options.batchSize));
    if (batches < 2) {
      throw new MechanistError('memory', `A buffer of ${options.bytes} bytes does not hold two batches of ${options.batchSize} activations.`, { hint: 'Allow more memory or make batches smaller.' });
    }
    this.rows = batches * options.batchSize;
  }

  /** The next batch. Errors: `cancelled`. */
  async batch(signal?: AbortSignal): Promise<Batch> {
    const batch = await this.peek(signal);
    this.state = { ...this.state, used: this.state.used + 1 };
    return batch;
  }

  /** The batch that `batch` will return next. Errors: `cancelled`. */
  async peek(signal?: AbortSignal): Promise<Batch> {
    const { batchSize } = this.options;
    // A resumed buffer whose fill was used up must still read it, to know where the next one begins.
    if (this.content === undefined) await this.fill(signal);
    if ((this.state.used + 1) * batchSize > this.rows) {
      this.state = { ...this.next, fill: this.state.fill + 1, used: 0 };
      await this.fill(signal);
    }
    const { x, y, order } = this.content!;
    const chosen = order.subarray(this.state.used * batchSize, (this.state.used + 1) * batchSize);
    const taken = take(x, chosen, this.source.xShape, this.width.x);
    return { x: taken, y: x === y ? taken : take(y, chosen, this.source.yShape, this.width.y) };
  }

  /** What to pass to a new buffer over the same source so that it continues with the next batch. */
  snapshot(): BufferState {
    return this.state;
  }

  private async fill(signal: AbortSignal | undefined): Promise<void> {
    let { chunk, offset } = this.state;
    const x = this.content?.x ?? new Float32Array(this.rows * this.width.x);
    let y = this.content?.y;
    let filled = 0;
    while (filled < this.rows) {
      throwIfCancelled(signal);
      const part = await this.source.chunk(chunk);
      y ??= part.x === part.y ? x : new Float32Array(this.rows * this.width.y);
      const available = part.x.data.length / this.width.x;
      const count = Math.min(available - offset, this.rows - filled);
      x.set(part.x.data.subarray(offset * this.width.x, (offset + count) * this.width.x), filled * this.width.x);
      if (y !== x) y.set(part.y.data.subarray(offset * this.width.y, (offset + count) * this.width.y), filled * this.width.y);
      filled += count;
      if (offset + count >= available) [chunk, offset] = [chunk + 1, 0];
      else offset += count;
    }
    this.next = { chunk, offset };
    const order = Uint32Array.from(new Random(this.options.seed * 65_537 + this.state.fill).permutation(this.rows));
    this.content = { x, y: y!, order };
  }
}

function take(values: Float32Array, rows: Uint32Array, shape: readonly number[], width: number): Tensor<'float32'> {
  const data = new Float32Array(rows.length * width);
  rows.forEach((row, i) => data.set(values.subarray(row * width, (row + 1) * width), i * width));
  return { dtype: 'float32', dims: [rows.length, ...shape], data };
}
