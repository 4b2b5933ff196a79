/**
 * One optimisation step of the topk family that touches only active latents. The encoder is one dense product and a
 * top-k, run as a program; everything after it costs k rows per token. The dense graph (denseStep.ts) is the slow,
 * obvious reference, and tests hold the two together.
 *
 * Encoder weights are kept as rows per latent [nLatents, dIn], so that both gradients accumulate row by row.
 */
import { MechanistError } from '../../errors.ts';
import { GraphBuilder } from '../../graph/builder.ts';
import { int } from '../../graph/ir.ts';
import { Program } from '../../runtime/program.ts';
import type { CompileOptions } from '../../runtime/program.ts';
import type { Tensor } from '../../tensor.ts';
import { adamUpdate, gradientNorm, restoreSlots, slot, slotState } from './adamRows.ts';
import type { Slot } from './adamRows.ts';
import { AuxiliaryLoss } from './auxiliary.ts';
import type { TrainingOptions } from './options.ts';
import { isTopkFamily } from './options.ts';
import { byLatent, selectFlat, selectRows } from './selection.ts';
import type { Selection } from './selection.ts';
import { accumulateByLatent, addColumnSums, decodeSelected, levelOf, normalizeRows, removeParallel } from './sparseLoops.ts';
import type { Batch, Parameters, StepControls, StepResult, TrainingStep } from './step.ts';
import { transposed } from './transposed.ts';

export class SparseStep implements TrainingStep {
  private readonly options: TrainingOptions;
  private readonly encoder: Program;
  private readonly skipGradient: Program | undefined;
  private readonly auxiliary: AuxiliaryLoss | undefined;
  private readonly slots: Map<string, Slot>;

  private constructor(options: TrainingOptions, initial: Parameters, encoder: Program, skipGradient: Program | undefined, auxiliary: AuxiliaryLoss | undefined) {
    this.options = options;
    this.encoder = encoder;
    this.skipGradient = skipGradient;
    this.auxiliary = auxiliary;
    this.slots = new Map([...initial].map(([name, value]) => [name, slot(name === 'W_enc' ? transposed(value) : value)]));
  }

  /** Errors: `argument` for an architecture whose latents are not chosen by rank. */
  static async create(options: TrainingOptions, initial: Parameters, compile: CompileOptions): Promise<SparseStep> {
    if (!isTopkFamily(options.architecture) || options.kind === 'clt') {
      throw new MechanistError('argument', 'Only per-layer dictionaries of the topk family have a sparse step.', { field: 'architecture' });
    }
    const encoder = await Program.compile(encoderGraph(options), compile);
    const skipGradient = options.skip ? await Program.compile(skipGradientGraph(options), compile) : undefined;
    const auxiliary = options.auxiliary > 0 ? await AuxiliaryLoss.create(options, compile) : undefined;
    return new SparseStep(options, initial, encoder, skipGradient, auxiliary);
  }

  async step({ x, y }: Batch, controls: StepControls): Promise<StepResult> {
    const { nLatents, dOut, widths } = this.options;
    const n = x.dims[0]!;
    const results = await this.encoder.run(new Map<string, Tensor>([['x', x], ...this.values()]));
    const selection = this.select(results, n);
    const skip = results.get('skip')?.data as Float32Array | undefined;
    const decoded = decodeSelected({ selection, decoder: this.get('W_dec'), bias: this.get('b_dec'), skip, target: y.data, widths });

    const index = byLatent(selection, nLatents);
    this.decoderGradients(decoded.gradient, selection, index, n);
    this.encoderGradients(x.data, decoded.dValue, index);
    if (this.skipGradient !== undefined) await this.skipGradients(x, decoded.gradient.subarray(0, n * dOut));
    const residual: Tensor<'float32'> = { dtype: 'float32', dims: [n, dOut], data: decoded.residual };
    const penalty = (await this.auxiliary?.add(this.slots, x, residual, controls.dead)) ?? 0;
    this.biasGradientThroughEncoder();
    const norm = this.update(controls);

    return {
      loss: decoded.loss + penalty,
      reconstruction: decoded.reconstruction,
      penalty,
      l0: selection.value.length / n,
      gradientNorm: norm,
      fired: Float32Array.from({ length: nLatents }, (_, s) => (index.start[s + 1]! > index.start[s]! ? 1 : 0)),
      batchThreshold: this.options.architecture === 'topk' ? undefined : smallest(selection.value),
    };
  }

  parameters(): Parameters {
    return new Map([...this.values()].map(([name, value]) => [name, name === 'W_enc' ? transposed(value) : { ...value, data: value.data.slice() }]));
  }

  state(): ReadonlyMap<string, Tensor<'float32'>> {
    return slotState(this.slots);
  }

  restore(state: ReadonlyMap<string, Tensor>): void {
    restoreSlots(this.slots, state);
  }

  async release(): Promise<void> {
    await this.encoder.release();
    await this.skipGradient?.release();
    await this.auxiliary?.release();
  }

  private select(results: ReadonlyMap<string, Tensor>, n: number): Selection {
    const values = results.get('values')!.data as Float32Array;
    const indices = results.get('indices')!.data as BigInt64Array;
    const { architecture, k, nLatents } = this.options;
    return architecture === 'topk' ? selectRows(values, indices, n, k) : selectFlat(values, indices, n, nLatents);
  }

  private decoderGradients(gradient: Float32Array, selection: Selection, index: ReturnType<typeof byLatent>, n: number): void {
    const { dOut, widths } = this.options;
    accumulateByLatent(index, selection.value, gradient, dOut, this.gradient('W_dec'), (s) => levelOf(s, widths) * n * dOut);
    const bias = this.gradient('b_dec');
    bias.fill(0);
    // The bias is part of every level, and the first block of the gradient is the sum over levels.
    addColumnSums(bias, gradient.subarray(0, n * dOut), undefined, 1);
  }

  private encoderGradients(x: Float32Array, dValue: Float32Array, index: ReturnType<typeof byLatent>): void {
    const { dIn, kind } = this.options;
    const gradient = this.gradient('W_enc');
    const bias = this.gradient('b_enc');
    accumulateByLatent(index, dValue, x, dIn, gradient);
    for (let s = 0; s < bias.length; s++) {
      let sum = 0;
      for (let i = index.start[s]!; i < index.start[s + 1]!; i++) sum += dValue[index.entry[i]!]!;
      bias[s] = sum;
    }
    if (kind !== 'sae') return;
    // The encoder sees x − b_dec; the loop above used x.
    const shift = this.get('b_dec');
    for (let s = 0; s < bias.length; s++) {
      if (bias[s] === 0) continue;
      for (let i = 0; i < dIn; i++) gradient[s * dIn + i]! -= bias[s]! * shift[i]!;
    }
  }

  private async skipGradients(x: Tensor, gradient: Float32Array): Promise<void> {
    const dy: Tensor = { dtype: 'float32', dims: [x.dims[0]!, this.options.dOut], data: gradient };
    const results = await this.skipGradient!.run(new Map([['x', x], ['dy', dy]]));
    this.gradient('W_skip').set(results.get('dW_skip')!.data as Float32Array);
  }

  private biasGradientThroughEncoder(): void {
    if (this.options.kind === 'sae') addColumnSums(this.gradient('b_dec'), this.get('W_enc'), this.gradient('b_enc'), -1);
  }

  private update({ step, learningRate }: StepControls): number {
    const { dOut, unitNormDecoder, adam } = this.options;
    if (unitNormDecoder) removeParallel(this.gradient('W_dec'), this.get('W_dec'), dOut);
    const norm = gradientNorm(this.slots.values());
    if (!Number.isFinite(norm)) throw new MechanistError('runtime', `The gradient is not finite at step ${step}.`, { hint: 'Lower the learning rate or lengthen the warm-up.' });
    adamUpdate(this.slots.values(), norm, step, learningRate, adam);
    if (unitNormDecoder) normalizeRows(this.get('W_dec'), dOut);
    return norm;
  }

  private *values(): Generator<[string, Tensor<'float32'>]> {
    for (const [name, { value }] of this.slots) yield [name, value];
  }

  private get(name: string): Float32Array {
    return this.slots.get(name)!.value.data;
  }

  private gradient(name: string): Float32Array {
    return this.slots.get(name)!.gradient;
  }
}

/** `values` and `indices` of the selected pre-activations (per token for topk, over the flattened batch otherwise), and `skip`. */
function encoderGraph({ architecture, kind, dIn, dOut, nLatents, k, batchSize, skip }: TrainingOptions): ReturnType<GraphBuilder['build']> {
  const b = new GraphBuilder();
  const x = b.input('x', 'float32', [batchSize, dIn]);
  const weights = b.input('W_enc', 'float32', [nLatents, dIn]);
  const bias = b.input('b_enc', 'float32', [nLatents]);
  const centred = kind === 'sae' ? b.sub(x, b.input('b_dec', 'float32', [dOut])) : x;
  const hidden = b.node('Gemm', [centred, weights, bias], { attributes: { transB: int(1) } });
  const [ranked, count] = architecture === 'topk' ? [hidden, k] : [b.reshape(hidden, [-1]), Math.round(k * batchSize)];
  b.output(...b.nodeMany('TopK', [ranked, b.vector([count])], { outputs: ['values', 'indices'], attributes: { axis: int(-1), sorted: int(0) } }));
  if (skip) b.output(b.matmul(x, b.input('W_skip', 'float32', [dIn, dOut]), 'skip'));
  return b.build();
}

function skipGradientGraph({ batchSize, dIn, dOut }: TrainingOptions): ReturnType<GraphBuilder['build']> {
  const b = new GraphBuilder();
  const x = b.input('x', 'float32', [batchSize, dIn]);
  b.output(b.matmul(b.transpose(x, [1, 0]), b.input('dy', 'float32', [batchSize, dOut]), 'dW_skip'));
  return b.build();
}

function smallest(values: Float32Array): number | undefined {
  let least = Infinity;
  for (const v of values) if (v < least) least = v;
  return values.length === 0 ? undefined : least;
}
