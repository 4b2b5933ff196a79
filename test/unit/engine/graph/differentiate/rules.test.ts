import { describe, expect, it } from 'vitest';
import { activationCases } from './cases/activations.ts';
import { elementwiseCases } from './cases/elementwise.ts';
import { layoutCases } from './cases/layout.ts';
import { linearCases } from './cases/linear.ts';
import { normalizationCases } from './cases/normalization.ts';
import { gradientError } from './gradientCheck.ts';

const cases = [...elementwiseCases, ...activationCases, ...linearCases, ...layoutCases, ...normalizationCases];

describe('backward rules agree with finite differences', () => {
  it.each(cases.map((test) => [test.name, test] as const))('%s', async (_, test) => {
    expect(await gradientError(test)).toBeLessThanOrEqual(1e-6);
  });
});
