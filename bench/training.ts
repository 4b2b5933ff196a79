/** Language-model training: one optimisation step against the forward pass with its loss, on the zoo's main model. */
import { Program } from '../src/engine/runtime/program.ts';
import type { Tensor } from '../src/engine/tensor.ts';
import { freshModel, lossGraph } from '../zoo/languageModel.ts';
import { planOf } from '../zoo/plans.ts';
import { startTraining } from '../zoo/train.ts';
import { interleaved, rounded } from './measure.ts';

export interface TrainingResult {
  readonly model: string;
  readonly tokensPerStep: number;
  /** Median CPU milliseconds, one thread. */
  readonly forwardCpuMs: number;
  readonly stepCpuMs: number;
  readonly tokensPerCpuSecond: number;
  /** CPU time of a step (forward, backward and update) over that of the forward pass with its loss. */
  readonly ratio: number;
  readonly limit: number;
}

/** Steps of `fable-4l` from its first, on its own batches. */
export async function benchTraining(rounds = 5): Promise<TrainingResult> {
  const plan = planOf('fable-4l')!;
  const { trainer, model, batch } = await startTraining(plan, 1);
  const fresh = freshModel(plan, model.parameters.info('embed.W_E').dims[0]!);
  const forward = await Program.compile(lossGraph(fresh), { threads: 1 });
  // Batches are made beforehand: the corpus generator is not what is measured.
  const batches: ReadonlyMap<string, Tensor>[] = Array.from({ length: rounds + 1 }, (_, i) => batch(i + 1));
  let step = 0;
  const timings = await interleaved([
    { name: 'forward', run: () => forward.run(batches[0]!, fresh.parameters) },
    { name: 'step', run: () => trainer.step(batches[step++]!) },
  ], rounds);
  await trainer.release();
  await forward.release();
  const tokens = plan.batch * plan.context;
  const [forwardCpu, stepCpu] = [timings.get('forward')!.cpu, timings.get('step')!.cpu];
  return {
    model: plan.id,
    tokensPerStep: tokens,
    forwardCpuMs: rounded(forwardCpu),
    stepCpuMs: rounded(stepCpu),
    tokensPerCpuSecond: rounded((tokens / stepCpu) * 1000),
    ratio: rounded(stepCpu / forwardCpu),
    limit: 3.6,
  };
}
