/** TopK dictionary training: the sparse step against the dense graph, same data, same machine, in turn. */
import { DenseStep } from '../src/engine/dictionaries/train/denseStep.ts';
import { initialParameters } from '../src/engine/dictionaries/train/initialize.ts';
import { trainingOptions } from '../src/engine/dictionaries/train/options.ts';
import { SparseStep } from '../src/engine/dictionaries/train/sparseStep.ts';
import type { Batch, TrainingStep } from '../src/engine/dictionaries/train/step.ts';
import { Random } from '../src/engine/random.ts';
import { interleaved, rounded } from './measure.ts';

export interface TopkTrainingResult {
  readonly shape: string;
  /** Median CPU milliseconds of one step, and activations trained on per CPU second. */
  readonly sparse: { readonly cpuMs: number; readonly activationsPerCpuSecond: number };
  readonly dense: { readonly cpuMs: number; readonly activationsPerCpuSecond: number };
  /** Sparse activations per CPU second over dense ones. */
  readonly ratio: number;
}

/** 768 → 8,192, k 32, batch 512, one thread; no latent is dead, so neither form computes the auxiliary loss. */
export async function benchTopkTraining(rounds = 5): Promise<TopkTrainingResult> {
  const options = trainingOptions({ architecture: 'topk', dIn: 768, nLatents: 8192, k: 32, batchSize: 512, steps: 1000, auxiliary: 0 });
  const random = new Random(1);
  const data = Float32Array.from({ length: options.batchSize * options.dIn }, () => random.normal() / Math.sqrt(options.dIn));
  const x = { dtype: 'float32', dims: [options.batchSize, options.dIn], data } as const;
  const batch: Batch = { x, y: x };
  const initial = initialParameters(options, batch, random);
  const steps = { sparse: await SparseStep.create(options, initial, { threads: 1 }), dense: await DenseStep.create(options, initial, { threads: 1 }) };
  const dead = new Float32Array(options.nLatents);
  const counts = new Map<TrainingStep, number>();
  const once = async (stepper: TrainingStep): Promise<void> => {
    const step = (counts.get(stepper) ?? 0) + 1;
    counts.set(stepper, step);
    await stepper.step(batch, { step, learningRate: options.learningRate, sparsity: 0, dead });
  };
  const timings = await interleaved(Object.entries(steps).map(([name, stepper]) => ({ name, run: () => once(stepper) })), rounds);
  await steps.sparse.release();
  await steps.dense.release();
  const result = (name: 'sparse' | 'dense'): TopkTrainingResult['sparse'] => {
    const { cpu } = timings.get(name)!;
    return { cpuMs: rounded(cpu), activationsPerCpuSecond: rounded((options.batchSize / cpu) * 1000) };
  };
  return { shape: '768 → 8192, k 32, batch 512', sparse: result('sparse'), dense: result('dense'), ratio: rounded(timings.get('dense')!.cpu / timings.get('sparse')!.cpu) };
}
