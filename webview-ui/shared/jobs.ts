/** The list of jobs as a page keeps it. */
import type { PanelJob } from '../../src/protocol/views/panel.ts';
import { withReports } from '../../src/protocol/views/jobHistory.ts';

/** The list with a job's new state; its reports are collected here, because events carry only the latest. */
export function withJob(jobs: readonly PanelJob[], job: PanelJob): readonly PanelJob[] {
  const known = jobs.find(({ id }) => id === job.id);
  // Started anew: its reports are not a continuation.
  const anew = job.state === 'running' && job.progress === undefined;
  const fresh = job.state === 'running' && job.progress !== undefined && job.progress !== known?.progress ? [job.progress] : [];
  const next = { ...job, history: withReports(anew ? [] : (known?.history ?? job.history), fresh) };
  return known === undefined ? [...jobs, next] : jobs.map((one) => (one.id === job.id ? next : one));
}
