/** Long runs that pages have started and that go on while no page is there to watch: harvests, training. Knows no vscode. */
import { failureText } from '../../protocol/failureText.ts';
import { cancelledByUser } from '../../protocol/engineClient.ts';
import { PeerError } from '../../protocol/peer.ts';
import type { MethodName } from '../../protocol/methods.ts';
import { withReports } from '../../protocol/views/jobHistory.ts';
import type { PanelJob } from '../../protocol/views/panel.ts';
import type { Disposable } from '../disposables.ts';
import { Listeners } from '../listeners.ts';
import type { EnginePort } from '../process/enginePort.ts';
import type { Translate } from '../translate.ts';

/** Milliseconds between two reports that are passed on. */
const reportInterval = 100;

interface Running {
  job: PanelJob;
  readonly stop: AbortController;
  told: number;
}

export class PanelJobs implements Disposable {
  private readonly engine: EnginePort;
  private readonly t: Translate;
  private readonly now: () => number;
  private readonly jobs = new Map<string, Running>();
  private readonly changes = new Listeners<PanelJob>();
  private readonly leavings = new Listeners<string>();
  readonly onChange = this.changes.event;
  readonly onGone = this.leavings.event;

  constructor(engine: EnginePort, t: Translate, now: () => number = () => performance.now()) {
    this.engine = engine;
    this.t = t;
    this.now = now;
  }

  get all(): readonly PanelJob[] {
    return Array.from(this.jobs.values(), ({ job }) => job);
  }

  /** Starts a job, or starts one anew that has ended. Throws `PeerError` for one that runs. */
  start(id: string, method: MethodName, params: Readonly<Record<string, unknown>>): void {
    if (this.jobs.get(id)?.job.state === 'running') throw new PeerError({ reason: 'busy', message: this.t('This is running already.') });
    const running: Running = { job: { id, method, params, state: 'running', progress: undefined, history: [] }, stop: new AbortController(), told: -Infinity };
    this.jobs.set(id, running);
    this.changes.fire(running.job);
    void this.run(running);
  }

  cancel(id: string): void {
    this.jobs.get(id)?.stop.abort(cancelledByUser);
  }

  /** Forgets a job that has ended. */
  dismiss(id: string): void {
    if (this.jobs.get(id)?.job.state === 'running' || !this.jobs.delete(id)) return;
    this.leavings.fire(id);
  }

  dispose(): void {
    for (const { stop } of this.jobs.values()) stop.abort();
    this.changes.dispose();
    this.leavings.dispose();
  }

  private async run(running: Running): Promise<void> {
    const { method, params } = running.job;
    try {
      const result = await this.engine.call(method, params, { priority: 'batch', signal: running.stop.signal, onProgress: (progress) => this.progress(running, progress) });
      this.become(running, { state: 'done', result });
    } catch (error) {
      if (PeerError.is(error, 'cancelled')) this.become(running, { state: 'cancelled' });
      else this.become(running, { state: 'failed', message: failureText(error) });
    }
  }

  private progress(running: Running, progress: unknown): void {
    running.job = { ...running.job, progress, history: withReports(running.job.history, [progress]) };
    const now = this.now();
    if (now - running.told < reportInterval) return;
    running.told = now;
    this.changes.fire({ ...running.job, history: [] });
  }

  private become(running: Running, change: Partial<PanelJob>): void {
    if (this.jobs.get(running.job.id) !== running) return;
    running.job = { ...running.job, ...change };
    this.changes.fire({ ...running.job, history: [] });
  }
}
