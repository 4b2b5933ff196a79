import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MechanistError } from '../../../../src/engine/errors.ts';
import { formatMetric, parseMetric, type Metric } from '../../../../src/engine/metrics/parse.ts';

describe('parseMetric', () => {
  it.each<[string, Metric]>([
    ['logit_diff:12,7;30,4@-1', { kind: 'logit_diff', rows: [{ right: 12, wrong: 7 }, { right: 30, wrong: 4 }], position: -1 }],
    ['logit_diff:12,7', { kind: 'logit_diff', rows: [{ right: 12, wrong: 7 }], position: -1 }],
    ['logit_diff: 12 , 7 @ 3', { kind: 'logit_diff', rows: [{ right: 12, wrong: 7 }], position: 3 }],
    ['logit:12@5', { kind: 'logit', token: 12, position: 5 }],
    ['logit:0', { kind: 'logit', token: 0, position: -1 }],
    ['contrast:1+2,3;4,', { kind: 'contrast', rows: [{ right: [1, 2], wrong: [3] }, { right: [4], wrong: [] }], position: -1 }],
    ['log_prob:5;6@2', { kind: 'log_prob', tokens: [5, 6], position: 2 }],
    ['kl', { kind: 'kl', position: -1 }],
    ['loss', { kind: 'loss' }],
    ['class:3', { kind: 'class', right: 3 }],
    ['class:3,1', { kind: 'class', right: 3, wrong: 1 }],
  ])('reads %s', (text, metric) => {
    expect(parseMetric(text)).toEqual(metric);
  });

  it.each([
    '', 'logit', 'logit:', 'logit:a', 'logit:1.5', 'logit:-1', 'logit:1@', 'logit:1@x', 'logit:1,2',
    'logit_diff:1', 'logit_diff:1,2,3', 'logit_diff:1,2;', 'logit_diff:1,-2', 'logit_diff:99999999999999999,1',
    'contrast:1', 'contrast:1,2,3', 'contrast:,1', 'contrast:1+,2', 'log_prob:', 'log_prob:1,2', 'kl:1',
    'loss:1', 'loss@3', 'class', 'class:1@2', 'class:1,2,3', 'accuracy:1',
  ])('refuses %j and shows the grammar', (text) => {
    try {
      parseMetric(text);
    } catch (error) {
      expect(MechanistError.is(error, 'argument')).toBe(true);
      expect((error as MechanistError).hint).toContain('logit_diff:RIGHT,WRONG');
      return;
    }
    expect.fail('accepted');
  });

  it('reads back whatever formatMetric writes', () => {
    const id = fc.nat();
    const position = fc.integer({ min: -1000, max: 1000 });
    const metrics: fc.Arbitrary<Metric> = fc.oneof(
      fc.record({ kind: fc.constant('logit_diff' as const), rows: fc.array(fc.record({ right: id, wrong: id }), { minLength: 1 }), position }),
      fc.record({ kind: fc.constant('logit' as const), token: id, position }),
      fc.record({ kind: fc.constant('contrast' as const), rows: fc.array(fc.record({ right: fc.array(id, { minLength: 1 }), wrong: fc.array(id) }), { minLength: 1 }), position }),
      fc.record({ kind: fc.constant('log_prob' as const), tokens: fc.array(id, { minLength: 1 }), position }),
      fc.record({ kind: fc.constant('kl' as const), position }),
      fc.constant({ kind: 'loss' as const }),
      fc.record({ kind: fc.constant('class' as const), right: id, wrong: id }),
    );
    fc.assert(fc.property(metrics, (metric) => {
      expect(parseMetric(formatMetric(metric))).toEqual(metric);
    }));
  });
});
