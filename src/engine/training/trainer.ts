/**
 * Training as repeated runs of one program: forward, backward and AdamW update in a single graph. The trainer
 * holds parameters and moments; each step replaces them by the program's outputs, never writing in place
 * (an output aliased with an input corrupts results; decision record 0001).
 */
import { MechanistError } from '../errors.ts';
import { differentiate } from '../graph/differentiate/differentiate.ts';
import { GraphBuilder } from '../graph/builder.ts';
import type { Graph } from '../graph/ir.ts';
import { Program } from '../runtime/program.ts';
import type { CompileOptions, Feeds, ParameterSource } from '../runtime/program.ts';
import { numbersOf, zeros } from '../tensor.ts';
import type { Tensor } from '../tensor.ts';
import { adamWFeeds, appendAdamW, gradientNormOutput, momentName, nextName, varianceName } from './adamw.ts';
import type { AdamWOptions } from './adamw.ts';
import { learningRate } from './schedule.ts';
import type { Schedule, Stage } from './schedule.ts';

export interface TrainerOptions {
  /** Graph with the scalar `loss` among its tensors. */
  readonly graph: Graph;
  readonly loss: string;
  /** Further scalars to report each step. */
  readonly report?: readonly string[];
  /** Parameters to train; the graph's others stay as they are. */
  readonly trainable: readonly string[];
  readonly adamW: AdamWOptions;
  readonly schedule: Schedule | readonly Stage[];
  readonly compile?: CompileOptions;
}

export interface StepReport {
  /** Counted from 1. */
  readonly step: number;
  readonly loss: number;
  readonly gradientNorm: number;
  readonly learningRate: number;
  readonly values: ReadonlyMap<string, number>;
}

/** Everything needed to go on: parameters, moments and the number of steps done. */
export interface TrainingState {
  readonly step: number;
  readonly tensors: ReadonlyMap<string, Tensor>;
}

export class Trainer {
  private readonly options: TrainerOptions;
  private readonly program: Program;
  private readonly frozen: ParameterSource;
  private readonly state = new Map<string, Tensor>();
  private done = 0;

  private constructor(options: TrainerOptions, program: Program, initial: ParameterSource) {
    this.options = options;
    this.program = program;
    this.frozen = initial;
    for (const name of options.trainable) {
      const value = initial.get(name);
      this.state.set(name, value);
      this.state.set(momentName(name), zeros('float32', value.dims));
      this.state.set(varianceName(name), zeros('float32', value.dims));
    }
  }

  /** Compiles the step program. Errors: `unsupported` when part of the graph has no backward rule. */
  static async create(options: TrainerOptions, initial: ParameterSource): Promise<Trainer> {
    const graph = stepGraph(options);
    return new Trainer(options, await Program.compile(graph, options.compile), initial);
  }

  /** One step on one batch. Errors: `runtime` when the loss is not finite; the state is then that before the step. */
  async step(batch: Feeds): Promise<StepReport> {
    const step = this.done + 1;
    const rate = learningRate(this.options.schedule, step);
    const feeds = new Map([...batch, ...this.state, ...adamWFeeds(step, rate, this.options.adamW)]);
    const results = await this.program.run(feeds, this.frozen);
    const read = (name: string): number => numbersOf(results.get(name)!)[0]!;
    const loss = read(this.options.loss);
    const gradientNorm = read(gradientNormOutput);
    if (!Number.isFinite(loss) || !Number.isFinite(gradientNorm)) {
      throw new MechanistError('runtime', `The loss became ${loss} (gradient norm ${gradientNorm}) at step ${step}.`, { hint: 'Lower the learning rate or lengthen the warm-up.' });
    }
    for (const name of this.state.keys()) this.state.set(name, results.get(nextName(name))!);
    this.done = step;
    return { step, loss, gradientNorm, learningRate: rate, values: new Map((this.options.report ?? []).map((name) => [name, read(name)])) };
  }

  /** Current value of a trained parameter. */
  get(name: string): Tensor {
    return this.state.get(name) ?? this.frozen.get(name);
  }

  /** Replaces a trained parameter between steps (projections onto constraints). */
  set(name: string, value: Tensor): void {
    this.state.set(name, value);
  }

  snapshot(): TrainingState {
    return { step: this.done, tensors: new Map(this.state) };
  }

  /** Continues from a snapshot. Errors: `argument` when it does not belong to this trainer. */
  restore(state: TrainingState): void {
    for (const [name, value] of this.state) {
      const saved = state.tensors.get(name);
      if (saved === undefined || saved.dims.join() !== value.dims.join()) {
        throw new MechanistError('argument', 'The checkpoint does not fit this training.', { field: `tensor ${name}`, hint: 'Train with the options the checkpoint was made with.' });
      }
      this.state.set(name, saved);
    }
    this.done = state.step;
  }

  async release(): Promise<void> {
    await this.program.release();
  }
}

/** Loss, gradients and update in one graph. */
function stepGraph(options: TrainerOptions): Graph {
  const { graph, gradients } = differentiate(options.graph, { seeds: new Map([[options.loss, 'ones']]), wrt: options.trainable });
  const b = new GraphBuilder({ ...graph, outputs: [] });
  b.output(options.loss, ...(options.report ?? []));
  appendAdamW(b, gradients, options.adamW);
  return b.build();
}
