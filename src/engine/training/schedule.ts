/** Learning-rate schedules: pure functions of the step. */

export interface Schedule {
  readonly peak: number;
  /** Steps of linear warm-up from 0. */
  readonly warmup: number;
  /** Total steps. */
  readonly steps: number;
  /** Final rate as a share of the peak. */
  readonly floor: number;
  readonly shape: 'cosine' | 'linear' | 'constant';
}

/** Learning rate at `step`, counted from 1. */
export function learningRate(schedule: Schedule, step: number): number {
  const { peak, warmup, steps, floor, shape } = schedule;
  if (step <= warmup) return (peak * step) / warmup;
  const progress = Math.min(1, (step - warmup) / Math.max(1, steps - warmup));
  switch (shape) {
    case 'constant': return peak;
    case 'linear': return peak * (1 - (1 - floor) * progress);
    case 'cosine': return peak * (floor + (1 - floor) * 0.5 * (1 + Math.cos(Math.PI * progress)));
  }
}
