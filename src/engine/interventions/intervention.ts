/** Interventions as data: what is changed, where, to what. See the design's vocabulary. */
import { MechanistError } from '../errors.ts';
import type { Tensor } from '../tensor.ts';
import type { MeanRule } from './meanAblation.ts';

export const interventionKinds = ['zero', 'mean', 'resample', 'patch', 'add', 'project-out', 'scale'] as const;
export type InterventionKind = (typeof interventionKinds)[number];

/** Which entries of the hook are changed. An axis that is not named is changed everywhere. Negative indices count from the end. */
export interface Selection {
  readonly row?: readonly number[];
  /** Positions; for attention scores and patterns, query positions. */
  readonly position?: readonly number[];
  /** Attended positions of attention scores and patterns. */
  readonly key?: readonly number[];
  readonly head?: readonly number[];
  /** Entries of the last axis: neurons, residual dimensions, dictionary features. */
  readonly neuron?: readonly number[];
}

export interface Intervention {
  readonly hook: string;
  readonly kind: InterventionKind;
  readonly where?: Selection;
  /**
   * A number, or a tensor that broadcasts to the hook's shape.
   * - `patch`: the value to set. Required.
   * - `mean`: the mean to set, usually from a data set; without it, that of this run, as `over` says.
   * - `resample`: another run's value; without it, another row of this run (`seed` chooses which).
   * - `add`: what is added. `scale`: the factor. Both required.
   * - `project-out`: the direction, along the last axis. Required, not zero.
   * - `zero`: takes none.
   */
  readonly value?: number | Tensor;
  /** For `mean` without a value. Default `all`. */
  readonly over?: MeanRule;
  /** For `resample` without a value. Default 0. */
  readonly seed?: number;
}

/** Checks that kind, place and value fit together. Errors: `argument` naming the intervention. */
export function checkIntervention(intervention: Intervention): void {
  const { kind, value, hook } = intervention;
  const fail = (statement: string): never => {
    throw new MechanistError('argument', statement, { field: `intervention ${kind} at ${hook}` });
  };
  if (!interventionKinds.includes(kind)) fail(`"${String(kind)}" is not a kind of intervention; there are ${interventionKinds.join(', ')}.`);
  if (kind === 'zero' && value !== undefined) fail('A zero ablation takes no value.');
  if ((kind === 'patch' || kind === 'add' || kind === 'scale') && value === undefined) fail(`"${kind}" needs a value.`);
  if (kind === 'project-out' && (value === undefined || typeof value === 'number')) fail('"project-out" needs a direction, a tensor along the last axis.');
  if (typeof value === 'number' && !Number.isFinite(value)) fail('The value must be finite.');
}
