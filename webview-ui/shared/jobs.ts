/** The list of jobs as a page keeps it. */
import type { PanelJob } from '../../src/protocol/views/panel.ts';

/** Reports kept of a running job, for its curves; every second one is dropped when there are more. */
const historyKept = 400;

/** The list with a job's new state; its reports are collected here, because events carry only the latest. */
export function withJob(jobs: readonly PanelJob[], job: PanelJob): readonly PanelJob[] {
  const known = jobs.find(({ id }) => id === job.id);
  const fresh = job.state === 'running' && job.progress !== undefined && job.progress !== known?.progress ? [job.progress] : [];
  const history = [...(known?.history ?? job.history), ...fresh];
  const thinned = history.length > historyKept ? history.filter((_, index) => index % 2 === 0 || index === history.length - 1) : history;
  const next = { ...job, history: thinned };
  return known === undefined ? [...jobs, next] : jobs.map((one) => (one.id === job.id ? next : one));
}
