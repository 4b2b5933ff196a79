/**
 * Training a tuned lens: all translators at once, each to minimise KL(final ‖ layer) on its own (Belrose et al. 2023).
 * Streams are captured by the model's own program; the training program holds only translators and readouts.
 */
import { throwIfCancelled } from '../../engine/errors.ts';
import { GraphBuilder } from '../../engine/graph/builder.ts';
import { int } from '../../engine/graph/ir.ts';
import type { Graph } from '../../engine/graph/ir.ts';
import { prune } from '../../engine/graph/prune.ts';
import type { Model } from '../../engine/models/model.ts';
import type { Feeds, ParameterSource } from '../../engine/runtime/program.ts';
import type { Runtime } from '../../engine/runtime/runtime.ts';
import { numbersOf, zeros } from '../../engine/tensor.ts';
import type { Tensor } from '../../engine/tensor.ts';
import { adamWDefaults } from '../../engine/training/adamw.ts';
import { Trainer } from '../../engine/training/trainer.ts';
import { logitLens } from '../logitLens.ts';
import { appendReadout, readoutOf, residualStreams } from '../readout.ts';
import type { Readout } from '../readout.ts';
import type { TunedLens } from './tunedLens.ts';

export type Batch = ReadonlyMap<string, Tensor>;

export interface TunedLensOptions {
  /** Inputs of one step, counted from 1; the same shape each time compiles once. */
  readonly batch: (step: number) => Batch;
  /** Text that is not trained on. */
  readonly heldOut: readonly Batch[];
  readonly steps: number;
  /** Peak of a linear decay. Default 0.001. */
  readonly learningRate?: number;
  /** Streams that get a translator. Default: entering the first block and leaving each but the last. */
  readonly hooks?: readonly string[];
  readonly threads?: number;
  readonly signal?: AbortSignal;
  /** Called after each step with the loss: mean KL over hooks and tokens, nats. */
  readonly onProgress?: (done: number, total: number, loss: number) => void;
}

export interface TunedLensResult {
  readonly lens: TunedLens;
  /** Mean KL(final ‖ layer) on the held-out text, nats: logit lens and tuned lens. */
  readonly layers: readonly { readonly hook: string; readonly before: number; readonly after: number }[];
}

/** Errors: `unsupported` for a model without a readout (see `readoutOf`); `runtime` when the loss is not finite; `cancelled`. */
export async function trainTunedLens(model: Model, runtime: Runtime, options: TunedLensOptions): Promise<TunedLensResult> {
  const hooks = options.hooks ?? residualStreams(model.graph()).slice(0, -1);
  const readout = readoutOf(model);
  const capture = prune(model.graph(), [...hooks, readout.stream]);
  const trainable = hooks.flatMap((hook) => [matrixName(hook), biasName(hook)]);
  const trainer = await Trainer.create({
    graph: trainingGraph(model, readout, hooks), loss: lossOutput, trainable, adamW: { ...adamWDefaults, weightDecay: 0 },
    schedule: { peak: options.learningRate ?? 1e-3, warmup: Math.min(20, Math.ceil(options.steps / 10)), steps: options.steps, floor: 0, shape: 'linear' },
    compile: { threads: options.threads ?? 1 },
  }, startingAtZero(model, readout.graph.inputs.get(readout.stream)!.shape!.at(-1) as number));
  try {
    for (let step = 1; step <= options.steps; step++) {
      throwIfCancelled(options.signal);
      const run = await runtime.run(capture, model.feeds(options.batch(step)), model.parameters);
      const feeds: Feeds = new Map<string, Tensor>([...hooks.map((hook): [string, Tensor] => [streamName(hook), run.get(hook)!]), [finalName, run.get(readout.stream)!]]);
      const { loss } = await trainer.step(feeds);
      options.onProgress?.(step, options.steps, loss);
    }
    const lens: TunedLens = { translators: new Map(hooks.map((hook) => [hook, { matrix: trainer.get(matrixName(hook)) as Tensor<'float32'>, bias: trainer.get(biasName(hook)) as Tensor<'float32'> }])) };
    const before = await divergences(model, runtime, hooks, options);
    const after = await divergences(model, runtime, hooks, options, lens);
    return { lens, layers: hooks.map((hook, i) => ({ hook, before: before[i]!, after: after[i]! })) };
  } finally {
    await trainer.release();
  }
}

const matrixName = (hook: string): string => `tuned/${hook}/matrix`;
const biasName = (hook: string): string => `tuned/${hook}/bias`;
const streamName = (hook: string): string => `tuned/${hook}`;
const finalName = 'tuned/final';
const lossOutput = 'tuned/loss';

function trainingGraph(model: Model, readout: Readout, hooks: readonly string[]): Graph {
  const b = new GraphBuilder({ ...readout.graph, nodes: [], inputs: new Map(), outputs: [] });
  const { dtype, shape } = readout.graph.inputs.get(readout.stream)!;
  const width = shape!.at(-1)!;
  const predict = (stream: string): string => b.node('LogSoftmax', [appendReadout(b, readout, stream, model.output)], { attributes: { axis: int(-1) } });
  const target = predict(b.input(finalName, dtype, shape!));
  const probabilities = b.unary('Exp', target);
  const losses = hooks.map((hook) => {
    const stream = b.input(streamName(hook), dtype, shape!);
    const moved = b.matmul(stream, b.parameter(matrixName(hook), 'float32', [width, width]));
    const translated = b.add(stream, b.add(moved, b.parameter(biasName(hook), 'float32', [width])));
    const divergence = b.reduceSum(b.mul(probabilities, b.sub(target, predict(translated))), [-1], false);
    return b.reduceMean(divergence, [0, 1], false);
  });
  const sum = losses.reduce((a, loss) => b.add(a, loss));
  b.output(b.div(sum, b.scalar(hooks.length), lossOutput));
  return b.build();
}

function startingAtZero(model: Model, width: number): ParameterSource {
  return {
    get(name) {
      if (!name.startsWith('tuned/')) return model.parameters.get(name);
      return zeros('float32', name.endsWith('/matrix') ? [width, width] : [width]);
    },
  };
}

async function divergences(model: Model, runtime: Runtime, hooks: readonly string[], { heldOut, signal }: TunedLensOptions, tuned?: TunedLens): Promise<number[]> {
  const sums = new Float64Array(hooks.length);
  let tokens = 0;
  for (const inputs of heldOut) {
    const layers = await logitLens(model, runtime, { inputs, hooks, topK: 1, ...(tuned === undefined ? {} : { tuned }), ...(signal === undefined ? {} : { signal }) });
    layers.forEach(({ klToOutput }, i) => (sums[i]! += Array.from(numbersOf(klToOutput)).reduce((sum, value) => sum + value, 0)));
    tokens += layers[0]?.klToOutput.data.length ?? 0;
  }
  return Array.from(sums, (sum) => sum / tokens);
}
