import { describe, expect, it } from 'vitest';
import { MechanistError } from '../../../src/engine/errors.ts';
import { Scheduler } from '../../../src/server/scheduler.ts';
import type { Job } from '../../../src/server/scheduler.ts';

/** A job that notes each of its steps. */
async function* counting(name: string, steps: number, log: string[]): Job<string> {
  try {
    for (let i = 1; i <= steps; i++) {
      log.push(`${name}${i}`);
      await Promise.resolve();
      yield i;
    }
    return name;
  } finally {
    log.push(`${name} ends`);
  }
}

describe('Scheduler', () => {
  it('lets an interactive job overtake a batch job between steps', async () => {
    const log: string[] = [];
    const scheduler = new Scheduler();
    const batch = scheduler.run(counting('b', 3, log), {
      priority: 'batch',
      onProgress: (i) => {
        if (i === 1) void scheduler.run(counting('i', 2, log), { priority: 'interactive' });
      },
    });
    expect(await batch).toBe('b');
    expect(log).toEqual(['b1', 'i1', 'i2', 'i ends', 'b2', 'b3', 'b ends']);
  });

  it('finishes jobs of one priority in order of arrival', async () => {
    const log: string[] = [];
    const scheduler = new Scheduler();
    await Promise.all([scheduler.run(counting('x', 2, log), { priority: 'batch' }), scheduler.run(counting('y', 1, log), { priority: 'batch' })]);
    expect(log).toEqual(['x1', 'x2', 'x ends', 'y1', 'y ends']);
    expect(scheduler.size).toBe(0);
  });

  it('stops a cancelled job before its next step and runs its clean-up', async () => {
    const log: string[] = [];
    const scheduler = new Scheduler();
    const controller = new AbortController();
    const job = scheduler.run(counting('c', 1000, log), { priority: 'batch', signal: controller.signal, onProgress: (i) => i === 2 && controller.abort() });
    await expect(job).rejects.toSatisfy((e) => MechanistError.is(e, 'cancelled'));
    expect(log).toEqual(['c1', 'c2', 'c ends']);
  });

  it('reports a job that fails and goes on with the next', async () => {
    const scheduler = new Scheduler();
    async function* failing(): Job<never> {
      yield await Promise.resolve(0);
      throw new Error('out of range');
    }
    const failed = scheduler.run(failing(), { priority: 'batch' });
    const next = scheduler.run(counting('n', 1, []), { priority: 'batch' });
    await expect(failed).rejects.toThrow('out of range');
    expect(await next).toBe('n');
  });
});
