/** Engine functions that report progress, as jobs: they stop between runs when the job is cancelled or the model closed. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Job } from './scheduler.ts';
import type { OpenModel } from './session.ts';

export interface Progress {
  readonly signal: AbortSignal;
  readonly onProgress: (done: number, total: number) => void;
}

/** Yields `{ stage, done, of }` every few milliseconds until `start`'s work is done. */
export async function* running<T>(open: OpenModel, stage: string, signal: AbortSignal, start: (progress: Progress) => Promise<T>): Job<T> {
  const stop = new AbortController();
  let [done, of] = [0, 1];
  const work = start({
    signal: AbortSignal.any([signal, stop.signal]),
    onProgress: (now, total) => ([done, of] = [now, total]),
  });
  let finished = false;
  try {
    for (;;) {
      finished = await Promise.race([work.then(() => true), delay(patience, false)]);
      if (finished) return await work;
      yield { stage, done, of };
      open.requireOpen();
    }
  } finally {
    if (!finished) {
      stop.abort();
      // Of the failure of work that nobody waits for any more, nobody needs to hear.
      work.catch(() => undefined);
    }
  }
}

/** Milliseconds. */
const patience = 30;
