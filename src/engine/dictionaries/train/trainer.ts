/**
 * Training a dictionary: an asynchronous sequence of steps over a buffer of activations. Between steps it can be
 * cancelled or checkpointed; a resumed run gives the same numbers as an uninterrupted one.
 */
import { MechanistError, throwIfCancelled } from '../../errors.ts';
import { Random } from '../../random.ts';
import type { CompileOptions } from '../../runtime/program.ts';
import type { Tensor } from '../../tensor.ts';
import type { ActivationSource, BufferState } from './activationBuffer.ts';
import { ActivationBuffer } from './activationBuffer.ts';
import { DeadLatents } from './deadLatents.ts';
import { DenseStep } from './denseStep.ts';
import { initialParameters } from './initialize.ts';
import { isTopkFamily, learningRateAt, sparsityAt } from './options.ts';
import type { TrainingOptions } from './options.ts';
import { SparseStep } from './sparseStep.ts';
import type { Parameters, StepResult, TrainingStep } from './step.ts';
import { foldUnits, measureUnits, toUnits } from './units.ts';
import type { Units } from './units.ts';

export interface TrainingProgress {
  /** Counted from 1. */
  readonly step: number;
  readonly steps: number;
  readonly learningRate: number;
  readonly loss: number;
  /** ‖y − ŷ‖² per token, summed over layers, as a share of the mean ‖y‖². */
  readonly reconstruction: number;
  /** Fraction of the batch's variance unexplained: ‖y − ŷ‖² over ‖y − ȳ‖². */
  readonly fvu: number;
  readonly penalty: number;
  readonly l0: number;
  readonly dead: number;
  readonly gradientNorm: number;
}

/** Everything needed to go on, as plain data. */
export interface TrainingCheckpoint {
  readonly step: number;
  readonly units: Units;
  readonly buffer: BufferState;
  /** Running threshold of the batchtopk family. */
  readonly threshold: number | undefined;
  readonly tensors: ReadonlyMap<string, Tensor>;
}

export interface TrainerOptions {
  readonly training: TrainingOptions;
  readonly source: ActivationSource;
  /** Memory for activations. Default 64 MiB. */
  readonly bufferBytes?: number;
  readonly compile?: CompileOptions;
  readonly checkpoint?: TrainingCheckpoint;
  /** `dense` forces the reference step where a sparse one exists. */
  readonly formulation?: 'sparse' | 'dense';
  readonly signal?: AbortSignal;
}

const silentName = 'silent';

export class DictionaryTrainer {
  readonly options: TrainingOptions;
  private readonly buffer: ActivationBuffer;
  private readonly units: Units;
  private readonly stepper: TrainingStep;
  private readonly silence: DeadLatents;
  private done: number;
  private threshold: number | undefined;

  private constructor(options: TrainingOptions, buffer: ActivationBuffer, units: Units, stepper: TrainingStep, checkpoint: TrainingCheckpoint | undefined) {
    this.options = options;
    this.buffer = buffer;
    this.units = units;
    this.stepper = stepper;
    this.silence = new DeadLatents(options.nLatents * options.nLayers, options.deadAfter);
    this.done = checkpoint?.step ?? 0;
    this.threshold = checkpoint?.threshold;
    if (checkpoint !== undefined) {
      stepper.restore(checkpoint.tensors);
      this.silence.restore(checkpoint.tensors.get(silentName));
    }
  }

  /**
   * Prepares training: the first batch fixes the units and the initial `b_dec`.
   * Errors: `memory` for a buffer that is too small, `argument` for a checkpoint that does not fit.
   */
  static async create({ training, source, bufferBytes = 64 * 2 ** 20, compile = {}, checkpoint, formulation, signal }: TrainerOptions): Promise<DictionaryTrainer> {
    const buffer = new ActivationBuffer(source, { batchSize: training.batchSize, bytes: bufferBytes, seed: training.seed }, checkpoint?.buffer);
    const sample = await buffer.peek(signal);
    const units = checkpoint?.units ?? measureUnits(training, sample);
    const initial = initialParameters(training, toUnits(training, units, sample), new Random(training.seed));
    const sparse = formulation !== 'dense' && isTopkFamily(training.architecture) && training.kind !== 'clt';
    const stepper = await (sparse ? SparseStep : DenseStep).create(training, initial, compile);
    return new DictionaryTrainer(training, buffer, units, stepper, checkpoint);
  }

  /** Runs the remaining steps. Errors: `cancelled` between steps; `runtime` when the numbers diverge. */
  async *run(signal?: AbortSignal): AsyncGenerator<TrainingProgress> {
    while (this.done < this.options.steps) {
      throwIfCancelled(signal);
      const batch = toUnits(this.options, this.units, await this.buffer.batch(signal));
      const step = this.done + 1;
      const rate = learningRateAt(this.options, step);
      const result = await this.stepper.step(batch, { step, learningRate: rate, sparsity: sparsityAt(this.options, step), dead: this.silence.mask() });
      if (!Number.isFinite(result.loss)) {
        throw new MechanistError('runtime', `The loss became ${result.loss} at step ${step}.`, { hint: 'Lower the learning rate or lengthen the warm-up.' });
      }
      this.silence.update(result.fired, this.options.batchSize);
      this.updateThreshold(result, step);
      this.done = step;
      yield this.progress(result, rate, varianceOf(batch.y));
    }
  }

  checkpoint(): TrainingCheckpoint {
    return {
      step: this.done,
      units: this.units,
      buffer: this.buffer.snapshot(),
      threshold: this.threshold,
      tensors: new Map<string, Tensor>([...[...this.stepper.state()].map(([name, t]) => [name, { ...t, data: t.data.slice() }] as const), [silentName, this.silence.state()]]),
    };
  }

  /**
   * The parameters under their names in `Dictionary`, in the units of the model. Thresholds are included for jumprelu
   * and for the batchtopk family, which is used as jumprelu.
   */
  parameters(): Parameters {
    const trained = new Map(this.stepper.parameters());
    const { nLatents, nLayers, kind, architecture } = this.options;
    for (const [name, value] of this.stepper.parameters()) {
      if (!name.startsWith('log_threshold')) continue;
      trained.delete(name);
      trained.set(name.slice('log_'.length), { ...value, data: value.data.map(Math.exp) });
    }
    if (architecture === 'batchtopk' || architecture === 'matryoshka') {
      const make = (): Float32Array => new Float32Array(nLatents).fill(this.threshold ?? 0);
      if (kind !== 'clt') trained.set('threshold', { dtype: 'float32', dims: [nLatents], data: make() });
      else for (let l = 0; l < nLayers; l++) trained.set(`threshold_${l}`, { dtype: 'float32', dims: [nLatents], data: make() });
    }
    return foldUnits(this.options, this.units, trained);
  }

  async release(): Promise<void> {
    await this.stepper.release();
  }

  private updateThreshold({ batchThreshold }: StepResult, step: number): void {
    if (batchThreshold === undefined || batchThreshold > 1e38 || step < this.options.thresholdStart) return;
    const { thresholdDecay } = this.options;
    this.threshold = this.threshold === undefined ? batchThreshold : thresholdDecay * this.threshold + (1 - thresholdDecay) * batchThreshold;
  }

  private progress(result: StepResult, learningRate: number, variance: number): TrainingProgress {
    return {
      step: this.done,
      steps: this.options.steps,
      learningRate,
      loss: result.loss,
      reconstruction: result.reconstruction,
      fvu: result.reconstruction / variance,
      penalty: result.penalty,
      l0: result.l0,
      dead: this.silence.count,
      gradientNorm: result.gradientNorm,
    };
  }
}

/** Mean squared distance from the mean, over the rows of [n, …]. */
function varianceOf({ data, dims }: Tensor<'float32'>): number {
  const n = dims[0]!;
  const width = data.length / n;
  const [sums, squares] = [new Float64Array(width), new Float64Array(width)];
  for (let i = 0; i < data.length; i++) {
    sums[i % width]! += data[i]!;
    squares[i % width]! += data[i]! ** 2;
  }
  return sums.reduce((total, sum, i) => total + squares[i]! / n - (sum / n) ** 2, 0);
}
