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

/** One of several schedules in a row: in force up to and including step `through`, counting its own steps from where the last ended. */
export interface Stage {
  readonly through: number;
  readonly schedule: Schedule;
}

/** Learning rate at `step`, counted from 1. After the last stage its final rate stays. */
export function learningRate(schedule: Schedule | readonly Stage[], step: number): number {
  return isStaged(schedule) ? stagedRate(schedule, step) : rateOf(schedule, step);
}

function isStaged(schedule: Schedule | readonly Stage[]): schedule is readonly Stage[] {
  return Array.isArray(schedule);
}

function stagedRate(stages: readonly Stage[], step: number): number {
  const found = stages.findIndex(({ through }) => step <= through);
  const index = found < 0 ? stages.length - 1 : found;
  return rateOf(stages[index]!.schedule, step - (stages[index - 1]?.through ?? 0));
}

function rateOf(schedule: Schedule, step: number): number {
  const { peak, warmup, steps, floor, shape } = schedule;
  if (step <= warmup) return (peak * step) / warmup;
  const progress = Math.min(1, (step - warmup) / Math.max(1, steps - warmup));
  switch (shape) {
    case 'constant': return peak;
    case 'linear': return peak * (1 - (1 - floor) * progress);
    case 'cosine': return peak * (floor + (1 - floor) * 0.5 * (1 + Math.cos(Math.PI * progress)));
  }
}
