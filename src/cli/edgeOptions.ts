/** Options that say how edges are scored. */
import { edgeMethods } from '../algorithmic/circuits/scoreEdges.ts';
import type { ScoreOptions } from '../algorithmic/circuits/scoreEdges.ts';
import { UsageError } from './command.ts';
import type { Option, OptionValues } from './command.ts';
import { positiveInteger } from './sharedOptions.ts';

export const edgeOptions = {
  method: { type: 'string', value: 'NAME', description: 'eap, eap-ig (default), eap-ig-activations, clean-corrupted, exact or path-patching.' },
  steps: { type: 'string', value: 'N', description: 'Points on the path from corrupted to clean, for eap-ig and eap-ig-activations (default 5).' },
  rule: { type: 'string', value: 'NAME', description: 'midpoint (default), or left as in the reference implementation of EAP-IG (whose steps for activations run from the other end).' },
} as const satisfies Readonly<Record<string, Option>>;

/** Errors: `UsageError`. */
export function scoreOptions(options: OptionValues): Pick<ScoreOptions, 'method' | 'steps' | 'rule'> {
  return {
    method: oneOf('--method', options.text('method') ?? 'eap-ig', edgeMethods),
    steps: positiveInteger(options, 'steps') ?? 5,
    rule: oneOf('--rule', options.text('rule') ?? 'midpoint', ['midpoint', 'left'] as const),
  };
}

/** Errors: `UsageError`. */
export function oneOf<T extends string>(option: string, text: string, allowed: readonly T[]): T {
  const found = allowed.find((name) => name === text);
  if (found === undefined) throw new UsageError(`${option} takes ${allowed.join(', ')}, not "${text}".`);
  return found;
}
