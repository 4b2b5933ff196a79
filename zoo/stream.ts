/** The training stream of a model: the batch of each step, by the stages of its plan. */
import { chronicleSchedule, constructionSchedule, defaultSchedule, exchangeSchedule, mixBatch, yearsSchedule } from './corpus/mix.ts';
import type { ZooModel } from './plans.ts';
import type { FableTokenizer } from './tokenizer/encode.ts';

const mixes = { default: defaultSchedule, construction: constructionSchedule, chronicle: chronicleSchedule, exchange: exchangeSchedule, years: yearsSchedule } as const;

/** Token ids of step `step` (the first is 1), [batch, context]. */
export function trainingBatch(plan: ZooModel, tokenizer: FableTokenizer, step: number): Int32Array<ArrayBuffer> {
  const { batch, context, seed, stages } = plan;
  const stage = stages.findIndex(({ through }) => step <= through);
  const { span, mix } = stages[stage]!;
  const first = stages[stage - 1]?.through ?? 0;
  // Later stages draw from seeds of their own: the stream is indexed by step within the stage.
  return mixBatch({ tokenizer, schedule: mixes[mix], seed: seed + 1000 * stage, split: 'train', batch, context }, step - first - 1, span);
}

/** Steps at which another phase of the mix begins, ascending; the first phase is left out. */
export function mixChanges({ stages }: ZooModel): number[] {
  return stages.flatMap(({ through, span, mix }, stage) => {
    const first = stages[stage - 1]?.through ?? 0;
    return mixes[mix].map(({ from }) => first + 1 + Math.ceil(from * span)).filter((step) => step > 1 && step <= through);
  });
}
