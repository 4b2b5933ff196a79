/** Lets a job be cancelled while it waits for one long step that is not on this thread. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Job } from './scheduler.ts';

/** Yields `progress` every few milliseconds until `work` is done, and returns its result. */
export async function* whileWaiting<T>(work: Promise<T>, progress: unknown): Job<T> {
  // A job that is cancelled stops waiting; then nobody else hears of a failure, and nobody needs to.
  work.catch(() => undefined);
  for (;;) {
    const done = await Promise.race([work.then(() => true), delay(patience, false)]);
    if (done) return work;
    yield progress;
  }
}

/** Milliseconds. */
const patience = 30;
