import { describe, expect, it } from 'vitest';
import { Slots } from '../../../src/protocol/slots.ts';

/** A task that ends when told to. */
function task(): { readonly run: () => Promise<string>; readonly end: () => void; started: boolean } {
  let end!: () => void;
  const ended = new Promise<string>((resolve) => {
    end = () => resolve('done');
  });
  const made = { started: false, end, run: () => { made.started = true; return ended; } };
  return made;
}
const settled = (): Promise<void> => new Promise((resolve) => { setImmediate(resolve); });

describe('Slots', () => {
  it('runs as many tasks at once as it has slots, the others in order', async () => {
    const slots = new Slots(2);
    const tasks = Array.from({ length: 4 }, task);
    const results = tasks.map(({ run }) => slots.run(run));
    await settled();
    expect(tasks.map(({ started }) => started)).toEqual([true, true, false, false]);
    tasks[1]!.end();
    await settled();
    expect(tasks.map(({ started }) => started)).toEqual([true, true, true, false]);
    const late = task();
    results.push(slots.run(late.run));
    for (const { end } of [...tasks, late]) end();
    expect(await Promise.all(results)).toEqual(Array.from({ length: 5 }, () => 'done'));
  });

  it('gives a slot back when a task fails', async () => {
    const slots = new Slots(1);
    await expect(slots.run(() => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(await slots.run(() => Promise.resolve(1))).toBe(1);
  });

  it('starts a waiting task whose signal fires at once, without taking a slot', async () => {
    const slots = new Slots(1);
    const [first, second, third] = [task(), task(), task()];
    const controller = new AbortController();
    const results = [slots.run(first.run), slots.run(second.run, controller.signal), slots.run(third.run)];
    await settled();
    controller.abort();
    await settled();
    expect([first.started, second.started, third.started]).toEqual([true, true, false]);
    second.end();
    await settled();
    expect(third.started).toBe(false);
    first.end();
    await settled();
    expect(third.started).toBe(true);
    third.end();
    await Promise.all(results);
  });
});
