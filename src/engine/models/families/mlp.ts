/** The MLP of a block: plain (in, activation, out) or gated (activation of the gate times the other branch). */
import { activate } from './activation.ts';
import type { Activation } from './activation.ts';
import type { Scope } from './scope.ts';

/**
 * `scope` is the block's `mlp`; `hook` is the full name of the result [b, p, d]. Gated when there is a `W_gate`; then
 * `hook_pre` is the gate before its activation and `hook_pre_linear` the other branch.
 */
export function feedForward(scope: Scope, activation: Activation, x: string, hook: string): string {
  const { b } = scope;
  let post: string;
  if (scope.has('W_gate')) {
    const gate = activate(b, activation, scope.linear(x, 'W_gate', 'b_gate', 'hook_pre'));
    post = b.mul(gate, scope.linear(x, 'W_in', 'b_in', 'hook_pre_linear'), scope.hook('hook_post'));
  } else {
    post = activate(b, activation, scope.linear(x, 'W_in', 'b_in', 'hook_pre'), scope.hook('hook_post'));
  }
  const out = b.matmul(post, scope.weight('W_out'), scope.has('b_out') ? undefined : hook);
  return scope.has('b_out') ? b.add(out, scope.weight('b_out'), hook) : out;
}
