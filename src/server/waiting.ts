/** Lets a job be cancelled while it waits for one long step that is not on this thread. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Job } from './scheduler.ts';

/**
 * Yields `progress` every few milliseconds until `work` is done, and returns its result. When the job is cancelled
 * meanwhile, `abandon` gets the result nobody waits for any more, to free what it holds.
 */
export async function* whileWaiting<T>(work: Promise<T>, progress: unknown, abandon?: (result: T) => void): Job<T> {
  let done = false;
  try {
    for (;;) {
      done = await Promise.race([work.then(() => true), delay(patience, false)]);
      if (done) return await work;
      yield progress;
    }
  } finally {
    // After a failure too; of one that comes after a cancellation, nobody needs to hear.
    if (!done) work.then(abandon, () => undefined);
  }
}

/** Milliseconds. */
const patience = 30;
