import { describe, expect, it } from 'vitest';
import { GraphBuilder } from '../../../../src/engine/graph/builder.ts';
import { f32 } from '../../../../src/engine/tensor.ts';
import type { Tensor } from '../../../../src/engine/tensor.ts';
import { adamWDefaults } from '../../../../src/engine/training/adamw.ts';
import { learningRate } from '../../../../src/engine/training/schedule.ts';
import type { Schedule } from '../../../../src/engine/training/schedule.ts';
import { Trainer } from '../../../../src/engine/training/trainer.ts';
import { normal } from '../../../support/random.ts';

const [rows, width] = [4, 3];
const initial = new Map<string, Tensor>([['w', f32([width, 2], normal(width * 2, 5))], ['b', f32([2], [0.1, -0.2])]]);
const parameters = { get: (name: string) => initial.get(name)! };
const schedule: Schedule = { peak: 0.05, warmup: 2, steps: 10, floor: 0.1, shape: 'cosine' };
const adamW = { ...adamWDefaults, weightDecay: 0.1, clipNorm: 0.5 };

/** loss = mean (x·w + b − y)² */
const graph = (() => {
  const b = new GraphBuilder();
  b.input('x', 'float32', ['batch', width]);
  b.input('y', 'float32', ['batch', 2]);
  b.parameter('w', 'float32', [width, 2]);
  b.parameter('b', 'float32', [2]);
  const error = b.sub(b.add(b.matmul('x', 'w'), 'b'), 'y');
  b.reduceMean(b.mul(error, error), [0, 1], false, 'loss');
  return b.build(['loss']);
})();

const batch = (step: number): Map<string, Tensor> => new Map([['x', f32([rows, width], normal(rows * width, step))], ['y', f32([rows, 2], normal(rows * 2, 100 + step))]]);
const create = (): Promise<Trainer> => Trainer.create({ graph, loss: 'loss', trainable: ['w', 'b'], adamW, schedule, compile: { threads: 1 } }, parameters);

/** The same training in plain arithmetic. */
function reference(steps: number): { w: number[]; b: number[]; norms: number[] } {
  const value = { w: Array.from(initial.get('w')!.data as Float32Array), b: Array.from(initial.get('b')!.data as Float32Array) };
  const moments = { w: value.w.map(() => [0, 0]), b: value.b.map(() => [0, 0]) };
  const norms: number[] = [];
  for (let step = 1; step <= steps; step++) {
    const [x, y] = [batch(step).get('x')!.data as Float32Array, batch(step).get('y')!.data as Float32Array];
    const gradient = { w: value.w.map(() => 0), b: value.b.map(() => 0) };
    for (let r = 0; r < rows; r++) {
      for (let o = 0; o < 2; o++) {
        let error = value.b[o]! - y[r * 2 + o]!;
        for (let i = 0; i < width; i++) error += x[r * width + i]! * value.w[i * 2 + o]!;
        gradient.b[o]! += error / rows;
        for (let i = 0; i < width; i++) gradient.w[i * 2 + o]! += (error * x[r * width + i]!) / rows;
      }
    }
    const norm = Math.hypot(...gradient.w, ...gradient.b);
    norms.push(norm);
    const clip = Math.min(1, adamW.clipNorm / (norm + 1e-6));
    const rate = learningRate(schedule, step);
    for (const key of ['w', 'b'] as const) {
      value[key].forEach((old, i) => {
        const g = gradient[key][i]! * clip;
        const moment = moments[key][i]!;
        moment[0] = adamW.beta1 * moment[0]! + (1 - adamW.beta1) * g;
        moment[1] = adamW.beta2 * moment[1]! + (1 - adamW.beta2) * g * g;
        const update = (moment[0] / (1 - adamW.beta1 ** step)) / (Math.sqrt(moment[1] / (1 - adamW.beta2 ** step)) + adamW.epsilon);
        value[key][i] = old * (1 - (key === 'w' ? rate * adamW.weightDecay : 0)) - rate * update;
      });
    }
  }
  return { ...value, norms };
}

describe('Trainer', () => {
  it('follows AdamW with clipping, warm-up, decay of matrices only', async () => {
    const trainer = await create();
    const norms: number[] = [];
    for (let step = 1; step <= 6; step++) norms.push((await trainer.step(batch(step))).gradientNorm);
    const expected = reference(6);
    for (const [i, w] of expected.w.entries()) expect(trainer.get('w').data[i]).toBeCloseTo(w, 5);
    for (const [i, b] of expected.b.entries()) expect(trainer.get('b').data[i]).toBeCloseTo(b, 5);
    for (const [i, norm] of expected.norms.entries()) expect(norms[i]).toBeCloseTo(norm, 4);
    await trainer.release();
  });

  it('continues from a snapshot with the same numbers', async () => {
    const whole = await create();
    for (let step = 1; step <= 3; step++) await whole.step(batch(step));
    const saved = whole.snapshot();
    const resumed = await create();
    resumed.restore(saved);
    for (let step = 4; step <= 6; step++) expect(await resumed.step(batch(step))).toEqual(await whole.step(batch(step)));
    expect(resumed.get('w').data).toEqual(whole.get('w').data);
    await Promise.all([whole.release(), resumed.release()]);
  });

  it('refuses a foreign snapshot and a loss that is not finite, keeping its state', async () => {
    const trainer = await create();
    expect(() => trainer.restore({ step: 1, tensors: new Map() })).toThrowError(expect.objectContaining({ reason: 'argument' }));
    const bad = new Map([...batch(1), ['y', f32([rows, 2], Array(rows * 2).fill(Infinity))] as const]);
    await expect(trainer.step(bad)).rejects.toMatchObject({ reason: 'runtime' });
    expect(trainer.snapshot().step).toBe(0);
    expect(trainer.get('w').data).toEqual(initial.get('w')!.data);
    await trainer.release();
  });
});

describe('learningRate', () => {
  it.each([
    ['cosine', 1, 0.025], ['cosine', 2, 0.05], ['cosine', 10, 0.005], ['cosine', 6, 0.0275],
    ['linear', 6, 0.0275], ['linear', 10, 0.005], ['constant', 9, 0.05],
  ] as const)('%s at step %d', (shape, step, expected) => {
    expect(learningRate({ ...schedule, shape }, step)).toBeCloseTo(expected, 10);
  });

  it('starts anew in each stage and keeps the final rate afterwards', () => {
    const stages = [{ through: 4, schedule }, { through: 8, schedule: { ...schedule, peak: 0.02, steps: 4, shape: 'linear' as const } }];
    expect([1, 4, 5, 6, 8, 20].map((step) => learningRate(stages, step))).toEqual([
      learningRate(schedule, 1), learningRate(schedule, 4), 0.01, 0.02, expect.closeTo(0.002, 10), expect.closeTo(0.002, 10),
    ]);
  });
});
