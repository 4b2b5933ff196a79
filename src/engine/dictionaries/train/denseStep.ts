/**
 * One optimisation step as one program: loss, gradients and Adam in a single graph (decision record 0001). It serves
 * every architecture and is the reference for the sparse step.
 */
import { MechanistError } from '../../errors.ts';
import { GraphBuilder } from '../../graph/builder.ts';
import { differentiate } from '../../graph/differentiate/differentiate.ts';
import { Program } from '../../runtime/program.ts';
import type { CompileOptions } from '../../runtime/program.ts';
import { scalar, tensor, zeros } from '../../tensor.ts';
import type { Tensor } from '../../tensor.ts';
import { adamWFeeds, appendAdamW, gradientNormOutput, momentName, nextName, varianceName } from '../../training/adamw.ts';
import { crossLayerLoss } from './losses/crossLayerLoss.ts';
import { layerLoss } from './losses/layerLoss.ts';
import type { LossGraph } from './losses/layerLoss.ts';
import type { TrainingOptions } from './options.ts';
import { normalizeRows } from './sparseLoops.ts';
import type { Batch, Parameters, StepControls, StepResult, TrainingStep } from './step.ts';

export class DenseStep implements TrainingStep {
  private readonly options: TrainingOptions;
  private readonly program: Program;
  private readonly names: readonly string[];
  private values: Map<string, Tensor<'float32'>>;

  private constructor(options: TrainingOptions, program: Program, names: readonly string[], initial: Parameters) {
    this.options = options;
    this.program = program;
    this.names = names;
    this.values = new Map();
    for (const name of names) {
      const value = initial.get(name);
      if (value === undefined) throw new MechanistError('argument', 'An initial value is missing.', { field: `parameter ${name}` });
      this.values.set(name, value);
      this.values.set(momentName(name), zeros('float32', value.dims));
      this.values.set(varianceName(name), zeros('float32', value.dims));
    }
  }

  static async create(options: TrainingOptions, initial: Parameters, compile: CompileOptions): Promise<DenseStep> {
    const loss = options.kind === 'clt' ? crossLayerLoss(options) : layerLoss(options);
    return new DenseStep(options, await Program.compile(stepGraph(options, loss), compile), loss.parameters, initial);
  }

  async step(batch: Batch, { step, learningRate, sparsity, dead }: StepControls): Promise<StepResult> {
    const detached = this.names.map((name) => [`detached/${name}`, this.values.get(name)!] as const);
    const results = await this.program.run(new Map<string, Tensor>([
      ['x', batch.x], ['y', batch.y],
      ['dead', tensor('float32', [dead.length], dead)],
      ['sparsity', scalar('float32', sparsity)],
      ...this.values, ...detached, ...adamWFeeds(step, learningRate, this.options.adam),
    ]));
    const read = (name: string): number => (results.get(name)!.data as Float32Array)[0]!;
    const norm = read(gradientNormOutput);
    if (!Number.isFinite(norm)) throw new MechanistError('runtime', `The gradient is not finite at step ${step}.`, { hint: 'Lower the learning rate or lengthen the warm-up.' });
    this.values = new Map([...this.values.keys()].map((name) => [name, results.get(nextName(name)) as Tensor<'float32'>]));
    if (this.options.unitNormDecoder) normalizeRows(this.values.get('W_dec')!.data, this.options.dOut);
    return {
      loss: read('loss'),
      reconstruction: read('reconstruction'),
      penalty: read('penalty'),
      l0: read('l0'),
      gradientNorm: norm,
      fired: results.get('fired')!.data as Float32Array,
      batchThreshold: results.has('batch_threshold') ? read('batch_threshold') : undefined,
    };
  }

  parameters(): Parameters {
    return new Map(this.names.map((name) => [name, this.values.get(name)!]));
  }

  state(): ReadonlyMap<string, Tensor<'float32'>> {
    return this.values;
  }

  restore(state: ReadonlyMap<string, Tensor>): void {
    this.values = new Map([...this.values].map(([name, value]) => {
      const saved = state.get(name);
      if (saved === undefined || saved.dtype !== 'float32' || saved.dims.join() !== value.dims.join()) {
        throw new MechanistError('argument', 'The checkpoint does not fit this training.', { field: `tensor ${name}`, hint: 'Train with the options the checkpoint was made with.' });
      }
      return [name, saved as Tensor<'float32'>];
    }));
  }

  async release(): Promise<void> {
    await this.program.release();
  }
}

function stepGraph(options: TrainingOptions, loss: LossGraph): ReturnType<GraphBuilder['build']> {
  const { graph, gradients } = differentiate(loss.graph, { seeds: new Map([['loss', 'ones']]), wrt: loss.parameters, stop: loss.stop });
  const b = new GraphBuilder(graph);
  const used = new Map(gradients);
  if (options.unitNormDecoder) used.set('W_dec', appendWithoutParallel(b, used.get('W_dec')!, 'W_dec'));
  appendAdamW(b, used, options.adam);
  return b.build([...new Set([...loss.graph.outputs, ...b.build().outputs])]);
}

/** The gradient without its part along the decoder's (unit) rows. */
function appendWithoutParallel(b: GraphBuilder, gradient: string, rows: string): string {
  return b.sub(gradient, b.mul(b.reduceSum(b.mul(gradient, rows), [1], true), rows));
}
