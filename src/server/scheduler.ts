/**
 * One queue of work for a process whose runs block: jobs advance step by step, interactive ones first, and
 * messages are heard between steps (design, section 2).
 */
import { MechanistError } from '../engine/errors.ts';

/** A job yields progress after each short run and returns its result. */
export type Job<T> = AsyncGenerator<unknown, T, void>;

export interface JobOptions {
  readonly priority: 'interactive' | 'batch';
  readonly signal?: AbortSignal;
  readonly onProgress?: (value: unknown) => void;
}

interface Entry {
  readonly job: Job<unknown>;
  readonly options: JobOptions;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

export class Scheduler {
  private readonly queues: Record<JobOptions['priority'], Entry[]> = { interactive: [], batch: [] };
  private running = false;

  /** Queues a job. Rejects with `cancelled` when its signal fires, before its next step. */
  run<T>(job: Job<T>, options: JobOptions): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.queues[options.priority].push({ job, options, resolve: resolve as (value: unknown) => void, reject });
      void this.loop();
    });
  }

  /** Jobs that are not finished. */
  get size(): number {
    return this.queues.interactive.length + this.queues.batch.length;
  }

  private async loop(): Promise<void> {
    if (this.running) return;
    this.running = true;
    for (let entry = this.next(); entry !== undefined; entry = this.next()) {
      await this.step(entry);
      // Lets messages in: a cancellation or an interactive request must be heard before the next step.
      await new Promise((resolve) => setImmediate(resolve));
    }
    this.running = false;
  }

  private next(): Entry | undefined {
    return this.queues.interactive[0] ?? this.queues.batch[0];
  }

  private async step(entry: Entry): Promise<void> {
    const { job, options, resolve, reject } = entry;
    try {
      if (options.signal?.aborted) {
        this.remove(entry);
        // Runs the job's own clean-up.
        await job.return(undefined);
        reject(new MechanistError('cancelled', 'Stopped on request.'));
        return;
      }
      const { done, value } = await job.next();
      if (done === true) {
        this.remove(entry);
        resolve(value);
      } else options.onProgress?.(value);
    } catch (error) {
      this.remove(entry);
      reject(error);
    }
  }

  private remove(entry: Entry): void {
    const queue = this.queues[entry.options.priority];
    queue.splice(queue.indexOf(entry), 1);
  }
}
