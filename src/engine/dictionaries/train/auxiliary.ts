/** The auxiliary loss of the sparse step: a program over the rows of dead latents alone (losses/dead.ts defines the loss). */
import { differentiate } from '../../graph/differentiate/differentiate.ts';
import { GraphBuilder } from '../../graph/builder.ts';
import { int } from '../../graph/ir.ts';
import { Program } from '../../runtime/program.ts';
import type { CompileOptions } from '../../runtime/program.ts';
import { i64 } from '../../tensor.ts';
import type { Tensor } from '../../tensor.ts';
import { scatterOnes } from '../encode.ts';
import type { Slot } from './adamRows.ts';
import { appendAuxiliaryLoss } from './losses/dead.ts';
import type { TrainingOptions } from './options.ts';
import { addScaled } from './sparseLoops.ts';

export class AuxiliaryLoss {
  private readonly program: Program;
  private readonly gradients: ReadonlyMap<string, string>;
  private readonly options: TrainingOptions;

  private constructor(program: Program, gradients: ReadonlyMap<string, string>, options: TrainingOptions) {
    this.program = program;
    this.gradients = gradients;
    this.options = options;
  }

  static async create(options: TrainingOptions, compile: CompileOptions): Promise<AuxiliaryLoss> {
    const { graph, gradients } = differentiate(lossGraph(options), { seeds: new Map([['loss', 'ones']]), wrt: ['encoder', 'bias', 'decoder'] });
    const program = await Program.compile({ ...graph, outputs: ['loss', ...gradients.values()] }, compile);
    return new AuxiliaryLoss(program, gradients, options);
  }

  /** Adds the gradients of the dead rows to `slots` and returns the weighted loss; 0 when nothing is dead. */
  async add(slots: ReadonlyMap<string, Slot>, x: Tensor<'float32'>, residual: Tensor<'float32'>, dead: Float32Array): Promise<number> {
    const rows = Int32Array.from(dead.keys()).filter((s) => dead[s] === 1);
    if (rows.length === 0) return 0;
    const { dIn, dOut, auxiliaryK } = this.options;
    const results = await this.program.run(new Map<string, Tensor>([
      ['x', x],
      ['residual', residual],
      ['kept', i64([1], [Math.min(auxiliaryK, rows.length)])],
      ['encoder', gather(slots.get('W_enc')!.value.data, rows, dIn)],
      ['bias', gather(slots.get('b_enc')!.value.data, rows, undefined)],
      ['decoder', gather(slots.get('W_dec')!.value.data, rows, dOut)],
      ['b_dec', slots.get('b_dec')!.value],
    ]));
    const scatter = (name: string, to: string, d: number): void => {
      const from = results.get(this.gradients.get(name)!)!.data as Float32Array;
      rows.forEach((s, i) => addScaled(slots.get(to)!.gradient, s * d, from, i * d, 1, d));
    };
    scatter('encoder', 'W_enc', dIn);
    scatter('bias', 'b_enc', 1);
    scatter('decoder', 'W_dec', dOut);
    return (results.get('loss')!.data as Float32Array)[0]!;
  }

  async release(): Promise<void> {
    await this.program.release();
  }
}

function lossGraph({ batchSize, dIn, dOut, kind, auxiliary }: TrainingOptions): ReturnType<GraphBuilder['build']> {
  const b = new GraphBuilder();
  const x = b.input('x', 'float32', [batchSize, dIn]);
  const residual = b.input('residual', 'float32', [batchSize, dOut]);
  const encoder = b.input('encoder', 'float32', ['dead', dIn]);
  const bias = b.input('bias', 'float32', ['dead']);
  const decoder = b.input('decoder', 'float32', ['dead', dOut]);
  const kept = b.input('kept', 'int64', [1]);
  const centred = kind === 'sae' ? b.sub(x, b.input('b_dec', 'float32', [dOut])) : x;
  const hidden = b.add(b.matmul(centred, b.transpose(encoder, [1, 0])), bias);
  const [, indices] = b.nodeMany('TopK', [hidden, kept], { outputs: 2, attributes: { axis: int(-1), sorted: int(0) } });
  const acts = b.mul(b.unary('Relu', hidden), scatterOnes(b, hidden, indices!));
  b.output(appendAuxiliaryLoss(b, b.matmul(acts, decoder), residual, auxiliary, 'loss'));
  return b.build();
}

function gather(values: Float32Array, rows: Int32Array, d: number | undefined): Tensor<'float32'> {
  const width = d ?? 1;
  const data = new Float32Array(rows.length * width);
  rows.forEach((s, i) => data.set(values.subarray(s * width, (s + 1) * width), i * width));
  return { dtype: 'float32', dims: d === undefined ? [rows.length] : [rows.length, width], data };
}
