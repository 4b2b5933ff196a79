/** Training can be repeated: the committed curves come out again, and a resumed run gives the same numbers. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { openSafetensors } from '../../src/engine/formats/safetensors.ts';
import { writeSafetensors } from '../../src/engine/formats/safetensorsWriter.ts';
import { planOf, zooModels } from '../../zoo/plans.ts';
import type { ZooModel } from '../../zoo/plans.ts';
import { startTraining } from '../../zoo/train.ts';
import type { CurvePoint } from '../../zoo/train.ts';

/** Fifty steps of the model whose steps are cheapest, ten of the others. */
const steps = (plan: ZooModel): number => (plan.id === 'fable-2l-attn' ? 50 : 10);

/**
 * Relative difference allowed to a loss. The same processor gives the committed numbers to all seven digits. Others sum in
 * another order: weights that start off by 1.2e-7 of themselves (one rounding) moved the losses of these fifty steps by
 * 1.5e-7, and weights off by 1e-5 by 8e-6.
 */
const tolerance = 1e-4;

const folder = mkdtempSync(join(tmpdir(), 'zoo-training-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('training from the seed', () => {
  it.each(zooModels)('$id: the first points of the committed curve', async (plan) => {
    const file = new URL(`../../zoo/models/${plan.id}/curve.json`, import.meta.url);
    const recorded = JSON.parse(readFileSync(file, 'utf8')) as { plan: ZooModel; curve: CurvePoint[] };
    expect(recorded.plan).toEqual(plan);
    expect(recorded.curve.map(({ step }) => step)).toEqual(Array.from({ length: plan.steps }, (_, i) => i + 1));
    const { trainer, batch } = await startTraining(plan, 1);
    for (let step = 1; step <= steps(plan); step++) {
      const { loss } = await trainer.step(batch(step));
      const expected = recorded.curve[step - 1]!.loss;
      expect(Math.abs(loss - expected) / expected, `step ${step}`).toBeLessThan(tolerance);
    }
    await trainer.release();
  }, 300_000);
});

describe('resuming', () => {
  it('from a checkpoint file gives bit for bit the numbers of a run without a break', async () => {
    const plan = planOf('fable-2l-attn')!;
    const { trainer, batch } = await startTraining(plan, 1);
    for (let step = 1; step <= 2; step++) await trainer.step(batch(step));
    const checkpoint = join(folder, 'checkpoint.safetensors');
    writeSafetensors(checkpoint, trainer.snapshot().tensors, { metadata: { step: '2' } });
    const unbroken = [await trainer.step(batch(3)), await trainer.step(batch(4))];
    await trainer.release();

    const resumed = await startTraining(plan, 1);
    const file = openSafetensors(checkpoint);
    resumed.trainer.restore({ step: Number(file.metadata.get('step')), tensors: new Map([...file.names()].map((name) => [name, file.read(name)])) });
    file.close();
    expect([await resumed.trainer.step(resumed.batch(3)), await resumed.trainer.step(resumed.batch(4))]).toEqual(unbroken);
    await resumed.trainer.release();
  }, 300_000);
});
