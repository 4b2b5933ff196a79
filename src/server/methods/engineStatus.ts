/** `engine.status`: what the process holds and does. Answered at once, between the steps of jobs. */
import type { EngineStatus } from '../../protocol/methods.ts';
import type { Scheduler } from '../scheduler.ts';
import type { Session } from '../session.ts';

export function engineStatus(session: Session, scheduler: Scheduler): EngineStatus {
  const models = session.list();
  return {
    models: models.map((open) => open.summary()),
    memory: process.memoryUsage.rss(),
    programs: models.reduce((sum, { runtime }) => sum + runtime.size, 0),
    jobs: scheduler.size,
  };
}
