/** The training stream of a plan with stages. */
import { describe, expect, it } from 'vitest';
import { constructionSchedule, defaultSchedule, mixBatch } from '../../../zoo/corpus/mix.ts';
import type { ZooModel } from '../../../zoo/plans.ts';
import { mixChanges, trainingBatch } from '../../../zoo/stream.ts';
import { loadFableTokenizer } from '../../../zoo/tokenizer/encode.ts';

const tokenizer = loadFableTokenizer();
const plan: ZooModel = {
  id: 'staged', attentionOnly: false, seed: 5, steps: 70, batch: 2, context: 64,
  config: { hidden_size: 8, intermediate_size: 8, num_hidden_layers: 1, num_attention_heads: 1 },
  stages: [{ through: 40, span: 100, peak: 1e-3, mix: 'default' }, { through: 70, span: 30, peak: 1e-3, mix: 'construction' }],
};
const mix = { tokenizer, split: 'train', batch: 2, context: 64 } as const;

describe('training stream', () => {
  it('a stage that ends before its mix has the phases of the whole mix until then', () => {
    expect(trainingBatch(plan, tokenizer, 1)).toEqual(mixBatch({ ...mix, seed: 5, schedule: defaultSchedule }, 0, 100));
    expect(trainingBatch(plan, tokenizer, 40)).toEqual(mixBatch({ ...mix, seed: 5, schedule: defaultSchedule }, 39, 100));
  });

  it('the next stage begins with the first step of its own mix', () => {
    expect(trainingBatch(plan, tokenizer, 41)).toEqual(mixBatch({ ...mix, seed: 1005, schedule: constructionSchedule }, 0, 30));
  });

  it('tells at which steps the mix changes', () => {
    expect(mixChanges(plan)).toEqual([31, 41]);
    expect(mixChanges({ ...plan, stages: [{ ...plan.stages[0]!, through: 70 }] })).toEqual([31, 47]);
  });
});
