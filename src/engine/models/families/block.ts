/** One transformer block in any of the four arrangements. Two hook points of one tensor have an Identity between them. */
import { attend } from './attention.ts';
import type { AttentionContext, AttentionInputs } from './attention.ts';
import { feedForward } from './mlp.ts';
import { normalize } from './norm.ts';
import type { Scope } from './scope.ts';
import type { TowerSpec } from './spec.ts';

/** `scope` is the block's own; takes the stream [b, p, d] and gives it on. */
export function block(scope: Scope, spec: TowerSpec, context: AttentionContext, stream: string): string {
  const before = scope.point(stream, 'hook_resid_pre');
  switch (spec.arrangement) {
    case 'parallel': return parallel(scope, spec, context, before);
    case 'post': return post(scope, spec, context, before);
    case 'pre':
    case 'sandwich': return sequential(scope, spec, context, before);
  }
}

function sequential(scope: Scope, spec: TowerSpec, context: AttentionContext, before: string): string {
  const { b } = scope;
  const attention = attentionOf(scope, spec, context, before, true);
  const middle = b.add(before, attention, scope.hook('hook_resid_mid'));
  return b.add(middle, mlpOf(scope, spec, middle, true), scope.hook('hook_resid_post'));
}

function parallel(scope: Scope, spec: TowerSpec, context: AttentionContext, before: string): string {
  const { b } = scope;
  const attention = attentionOf(scope, spec, context, before, true);
  const mlp = mlpOf(scope, spec, before, true);
  return b.add(b.add(before, attention), mlp, scope.hook('hook_resid_post'));
}

function post(scope: Scope, spec: TowerSpec, context: AttentionContext, before: string): string {
  const { b } = scope;
  const norm = (name: string, x: string): string => normalize(scope, spec.sizes.normalization, name, x, spec.sizes.normEps);
  const middle = b.add(before, attentionOf(scope, spec, context, before, false), scope.hook('hook_resid_mid'));
  const normed = norm('ln1', middle);
  const after = b.add(normed, mlpOf(scope, spec, normed, false), scope.hook('hook_resid_post'));
  return scope.point(norm('ln2', after), 'hook_normalized_resid_post');
}

function attentionOf(scope: Scope, spec: TowerSpec, context: AttentionContext, stream: string, normed: boolean): string {
  const inputs = attentionInputs(scope, spec, context, stream, normed);
  const attn = scope.within('attn');
  if (spec.arrangement !== 'sandwich') return attend(attn, context, inputs, scope.hook('hook_attn_out'));
  return postNormed(scope, spec, attend(attn, context, inputs, attn.hook('hook_out')), 'ln1_post', 'hook_attn_out');
}

function mlpOf(scope: Scope, spec: TowerSpec, stream: string, normed: boolean): string {
  const { normalization, normEps } = spec.sizes;
  const input = scope.point(stream, 'hook_mlp_in');
  const x = normed ? normalize(scope, normalization, 'ln2', input, normEps) : input;
  const mlp = scope.within('mlp');
  if (spec.arrangement !== 'sandwich') return feedForward(mlp, spec.activation, x, scope.hook('hook_mlp_out'));
  return postNormed(scope, spec, feedForward(mlp, spec.activation, x, mlp.hook('hook_out')), 'ln2_post', 'hook_mlp_out');
}

function postNormed(scope: Scope, { sizes }: TowerSpec, x: string, name: string, hook: string): string {
  return scope.point(normalize(scope, sizes.normalization, name, x, sizes.normEps), hook);
}

/**
 * Normally all three are the same normed stream. When split, each head has its own copies of the stream, normed apart;
 * the queries' norm keeps the name `ln1`, the others are `ln1_k` and `ln1_v`.
 */
function attentionInputs(scope: Scope, { sizes }: TowerSpec, { options }: AttentionContext, stream: string, normed: boolean): AttentionInputs {
  const input = scope.point(stream, 'hook_attn_in');
  if (options.splitQkvInput !== true) {
    const x = normed ? normalize(scope, sizes.normalization, 'ln1', input, sizes.normEps) : input;
    return { q: x, k: x, v: x };
  }
  const { b } = scope;
  const copies = (letter: 'q' | 'k' | 'v', heads: number): string => {
    const copy = b.node('Expand', [b.unsqueeze(input, [2]), b.vector([1, 1, heads, 1])], { outputs: [scope.hook(`hook_${letter}_input`)] });
    if (!normed) return copy;
    return normalize(scope, sizes.normalization, letter === 'q' ? 'ln1' : `ln1_${letter}`, copy, sizes.normEps, { weights: 'ln1' });
  };
  const readers = options.ungroupKeyValue === true ? sizes.nHeads : sizes.nKeyValueHeads;
  return { q: copies('q', sizes.nHeads), k: copies('k', readers), v: copies('v', readers) };
}
