/** Layer norm and RMS norm, decomposed so that `hook_scale` and `hook_normalized` lie on the path of computation. */
import type { Scope } from './scope.ts';

export interface NormOptions {
  /** Names the parameters if they are another norm's. */
  readonly weights?: string;
  /** Names the result of an RMS norm, which TransformerLens leaves without a hook point. */
  readonly out?: string;
}

/**
 * `{name}.hook_scale` [..., 1] and `{name}.hook_normalized` [..., d] as TransformerLens defines them: layer norm's
 * `hook_normalized` is after weight and bias, RMS norm's before the weight.
 */
export function normalize(scope: Scope, kind: 'LN' | 'RMS', name: string, x: string, eps: number, options: NormOptions = {}): string {
  const { b } = scope;
  const { weights = name, out } = options;
  const centred = kind === 'LN' ? b.sub(x, b.reduceMean(x, [-1], true)) : x;
  const variance = b.reduceMean(b.node('Pow', [centred, b.scalar(2)]), [-1], true);
  const scale = b.unary('Sqrt', b.add(variance, b.scalar(eps)), scope.hook(`${name}.hook_scale`));
  const normalized = scope.hook(`${name}.hook_normalized`);
  if (kind === 'RMS') return b.mul(b.div(centred, scale, normalized), scope.weight(`${weights}.w`), out === undefined ? undefined : scope.hook(out));
  return b.add(b.mul(b.div(centred, scale), scope.weight(`${weights}.w`)), scope.weight(`${weights}.b`), normalized);
}
