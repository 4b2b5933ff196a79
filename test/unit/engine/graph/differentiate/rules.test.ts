import { describe, expect, it } from 'vitest';
import { GraphBuilder } from '../../../../../src/engine/graph/builder.ts';
import { scale } from '../../../../../src/engine/graph/differentiate/emit.ts';
import { zeroRule } from '../../../../../src/engine/graph/differentiate/rule.ts';
import type { BackwardRule } from '../../../../../src/engine/graph/differentiate/rule.ts';
import { differentiableOperators, ruleFor } from '../../../../../src/engine/graph/differentiate/rules/registry.ts';
import type { Node } from '../../../../../src/engine/graph/ir.ts';
import { gradientCases } from './cases/all.ts';
import { gradientError } from './gradientCheck.ts';
import type { GradientCase } from './gradientCheck.ts';

const tolerance = 1e-6;

describe('backward rules agree with finite differences', () => {
  it.each(gradientCases.map((test) => [test.name, test] as const))('%s', async (_, test) => {
    expect(await gradientError(test)).toBeLessThanOrEqual(tolerance);
  });
});

describe('the check notices a wrong rule of', () => {
  it.each(differentiableOperators())('%s', async (op) => {
    const test = gradientCases.find((candidate) => candidate.name.split(' ')[0] === op && nodesOf(candidate).some((node) => node.op === op) && !unmoved.has(candidate.name));
    expect(test, `a gradient case with ${op}`).toBeDefined();
    expect(await gradientError(test!, (node) => (node.op === op ? slightlyOff(ruleFor(node)!) : undefined))).toBeGreaterThan(10 * tolerance);
  });

  it('Mul that forgets the other factor', async () => {
    const wrong: BackwardRule = (c) => [c.gradient(0), c.gradient(0)];
    const test: GradientCase = { name: 'product', inputs: { a: { shape: [3] }, b: { shape: [3] } }, build: (b) => b.mul('a', 'b') };
    expect(await gradientError(test)).toBeLessThanOrEqual(tolerance);
    expect(await gradientError(test, (node) => (node.op === 'Mul' ? wrong : undefined))).toBeGreaterThan(0.1);
  });
});

/** A constant has no gradient that could be wrong. */
const unmoved = new Set(['Pow to the constant 0']);

function nodesOf(test: GradientCase): readonly Node[] {
  const b = new GraphBuilder();
  const dtype = test.mode === 'integers' ? 'float32' : (test.dtype ?? 'float64');
  for (const [name, spec] of Object.entries(test.inputs)) b.input(name, spec.integers === undefined ? dtype : 'int64', spec.shape);
  test.build(b, dtype);
  return b.build([]).nodes.filter((node) => ruleFor(node) !== zeroRule);
}

/** The right rule with every gradient too large by a thousandth. */
function slightlyOff(rule: BackwardRule): BackwardRule {
  return (c) => rule(c).map((gradient) => (gradient === undefined ? undefined : scale(c.b, gradient, 1.001)));
}
