import { describe, expect, it } from 'vitest';
import { PanelJobs } from '../../../src/extension/panels/panelJobs.ts';
import type { EngineCallOptions } from '../../../src/protocol/engineClient.ts';
import { PeerError } from '../../../src/protocol/peer.ts';
import type { PanelJob } from '../../../src/protocol/views/panel.ts';
import { withJob } from '../../../webview-ui/shared/jobs.ts';
import { FakeEngine, english } from './fakes.ts';

function setUp() {
  const engine = new FakeEngine();
  let settle!: { resolve: (value: unknown) => void; reject: (error: unknown) => void };
  let options: EngineCallOptions = {};
  engine.call = ((_method: unknown, _params: unknown, given: EngineCallOptions) => {
    options = given;
    return new Promise((resolve, reject) => {
      settle = { resolve, reject };
      given.signal?.addEventListener('abort', () => reject(new PeerError({ reason: 'cancelled', message: '' })));
    });
  }) as never;
  let time = 0;
  const jobs = new PanelJobs(engine, english, () => time);
  const told: PanelJob[] = [];
  jobs.onChange((job) => told.push(job));
  return { jobs, told, finish: (value: unknown) => settle.resolve(value), fail: (error: unknown) => settle.reject(error), report: (value: unknown) => options.onProgress!(value), wait: (ms: number) => { time += ms; }, priority: () => options.priority };
}

const turn = () => new Promise((resolve) => { setTimeout(resolve, 0); });

describe('a job', () => {
  it('goes on by itself, keeps its reports, and ends with its result', async () => {
    const { jobs, told, report, wait, finish, priority } = setUp();
    jobs.start('harvest', 'semantic.harvest', { a: 1 });
    expect(priority()).toBe('batch');
    report(1);
    wait(10);
    report(2);
    wait(200);
    report(3);
    expect(told.map(({ progress }) => progress)).toEqual([undefined, 1, 3]);
    expect(jobs.all[0]!.history).toEqual([1, 2, 3]);
    finish('store');
    await turn();
    expect(jobs.all[0]).toMatchObject({ state: 'done', result: 'store' });
  });

  it('is cancelled, fails with its reason, and is forgotten when it has ended', async () => {
    const { jobs, fail } = setUp();
    const gone: string[] = [];
    jobs.onGone((id) => gone.push(id));
    jobs.start('a', 'semantic.harvest', {});
    jobs.dismiss('a');
    expect(gone).toEqual([]);
    jobs.cancel('a');
    await turn();
    expect(jobs.all[0]!.state).toBe('cancelled');
    jobs.start('a', 'semantic.harvest', {});
    fail(new PeerError({ reason: 'io', message: 'The disk is full.', hint: 'Make room.' }));
    await turn();
    expect(jobs.all[0]).toMatchObject({ state: 'failed', message: 'The disk is full. — Make room.' });
    jobs.dismiss('a');
    expect(gone).toEqual(['a']);
    expect(jobs.all).toEqual([]);
  });

  it('does not start twice at once', () => {
    const { jobs } = setUp();
    jobs.start('a', 'semantic.harvest', {});
    expect(() => jobs.start('a', 'semantic.harvest', {})).toThrow(PeerError);
  });

  it('keeps at most 400 reports, over its whole length', () => {
    const { jobs, report } = setUp();
    jobs.start('a', 'semantic.train', {});
    for (let step = 0; step < 5000; step++) report(step);
    const { history } = jobs.all[0]!;
    expect(history.length).toBeLessThanOrEqual(400);
    expect([history[0], history.at(-1)]).toEqual([0, 4999]);
  });

  it('is collected by the page from its reports', () => {
    const base: PanelJob = { id: 'a', method: 'semantic.train', params: {}, state: 'running', progress: undefined, history: [] };
    let list = withJob([], base);
    list = withJob(list, { ...base, progress: { step: 1 } });
    list = withJob(list, { ...base, progress: { step: 2 } });
    list = withJob(list, { ...base, state: 'done', progress: { step: 2 }, result: 'x' });
    expect(list).toHaveLength(1);
    expect(list[0]).toMatchObject({ state: 'done', result: 'x', history: [{ step: 1 }, { step: 2 }] });
    // Started anew under its id.
    list = withJob(withJob(list, base), { ...base, progress: { step: 7 } });
    expect(list[0]).toMatchObject({ state: 'running', history: [{ step: 7 }] });
  });
});
