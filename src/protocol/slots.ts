/** Lets a bounded number of tasks run at once; the others wait in order. */
export class Slots {
  private free: number;
  private readonly waiting: (() => void)[] = [];

  constructor(count: number) {
    this.free = count;
  }

  /** Runs `task` when there is room. A task whose signal fires while it waits is started at once, to reject in its own way. */
  async run<T>(task: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    const held = await this.take(signal);
    try {
      return await task();
    } finally {
      if (held) this.release();
    }
  }

  /** Whether a slot was taken; not when the signal fired first. */
  private async take(signal: AbortSignal | undefined): Promise<boolean> {
    if (signal?.aborted === true) return false;
    if (this.free > 0) {
      this.free--;
      return true;
    }
    return new Promise((resolve) => {
      const start = (): void => {
        signal?.removeEventListener('abort', leave);
        resolve(true);
      };
      const leave = (): void => {
        this.waiting.splice(this.waiting.indexOf(start), 1);
        resolve(false);
      };
      signal?.addEventListener('abort', leave, { once: true });
      this.waiting.push(start);
    });
  }

  /** Hands the slot to whoever waits longest. */
  private release(): void {
    const next = this.waiting.shift();
    if (next === undefined) this.free++;
    else next();
  }
}
