import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { integratedGradients } from '../../../src/behavioral/integratedGradients.ts';
import type { IntegratedGradientsOptions } from '../../../src/behavioral/integratedGradients.ts';
import { openHuggingFace } from '../../../src/engine/models/huggingface.ts';
import type { Model } from '../../../src/engine/models/model.ts';
import { Runtime } from '../../../src/engine/runtime/runtime.ts';
import { f32, i64, numbersOf } from '../../../src/engine/tensor.ts';
import { relativeError } from '../engine/graph/differentiate/gradientCheck.ts';

const folder = join(import.meta.dirname, '../../fixtures/models/gpt2');

describe('integrated gradients of a language model', () => {
  const runtime = new Runtime({ threads: 1 });
  let model: Model;
  const options: IntegratedGradientsOptions = {
    inputs: new Map([['input_ids', i64([2, 4], [5, 9, 17, 3, 8, 2, 11, 30])]]),
    target: { kind: 'logit_diff', rows: [{ right: 3, wrong: 9 }, { right: 12, wrong: 7 }], position: -1 },
    at: 'hook_embed',
  };
  beforeAll(async () => {
    model = await openHuggingFace(folder);
  });
  afterAll(() => runtime.dispose());

  it('are complete: they add up to the difference from the baseline', async () => {
    const { attributions, values, baselineValues, delta } = await integratedGradients(model, runtime, options);
    expect(attributions.dims).toEqual([2, 4, model.config!.dModel]);
    for (const [row, gap] of delta.entries()) expect(Math.abs(gap)).toBeLessThan(1e-2 * Math.abs(values[row]! - baselineValues[row]!));
    const fewer = await integratedGradients(model, runtime, { ...options, steps: 3, rule: 'riemann_left' });
    expect(Math.max(...fewer.delta.map(Math.abs))).toBeGreaterThan(10 * Math.max(...delta.map(Math.abs)));
  });

  it('do not depend on how steps are batched', async () => {
    const whole = await integratedGradients(model, runtime, options);
    const single = await integratedGradients(model, runtime, { ...options, rowsPerRun: 2 });
    const uneven = await integratedGradients(model, runtime, { ...options, rowsPerRun: 7 });
    for (const other of [single, uneven]) expect(relativeError(numbersOf(other.attributions), numbersOf(whole.attributions))).toBeLessThan(1e-5);
    expect(whole.values).toHaveLength(2);
  });

  it('are zero at a baseline equal to the input, and take one row for all', async () => {
    const embed = (await runtime.run({ ...model.graph(), outputs: ['hook_embed'] }, model.feeds(options.inputs), model.parameters)).get('hook_embed')!;
    const same = await integratedGradients(model, runtime, { ...options, steps: 2, baseline: embed });
    expect(Array.from(numbersOf(same.attributions)).every((a) => a === 0)).toBe(true);
    const width = embed.data.length / 2;
    const row = f32([1, ...embed.dims.slice(1)], (embed.data as Float32Array).subarray(0, width));
    const first = await integratedGradients(model, runtime, { ...options, steps: 2, baseline: row });
    expect(Array.from(numbersOf(first.attributions)).slice(0, width).every((a) => a === 0)).toBe(true);
    expect(first.baselineValues).not.toEqual(first.values);
  });

  it.each([
    ['an unknown hook', { at: 'hook_embod' }, { message: expect.stringContaining('hook_embod') }],
    ['integer inputs', { at: 'input_ids' }, { field: 'tensor input_ids' }],
    ['a baseline of another shape', { baseline: f32([2, 4], new Array(8).fill(0)) }, { field: 'baseline' }],
    ['no steps', { steps: 0 }, { field: 'steps' }],
    ['classes of a language model', { target: { kind: 'classes', classes: [1, 2] } }, { field: 'target' }],
  ] as const)('refuse %s', async (_, change, expected) => {
    await expect(integratedGradients(model, runtime, { ...options, ...change })).rejects.toMatchObject({ reason: 'argument', ...expected });
  });

  it('stop on request', async () => {
    await expect(integratedGradients(model, runtime, { ...options, signal: AbortSignal.abort() })).rejects.toMatchObject({ reason: 'cancelled' });
  });
});
