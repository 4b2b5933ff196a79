/** Multi-head attention with grouped keys and values, rotary positions, query/key norms and soft-capped scores. */
import type { GraphOptions, TransformerConfig } from '../model.ts';
import { normalize } from './norm.ts';
import { rotate } from './rotary.ts';
import type { RotaryTables } from './rotary.ts';
import type { Scope } from './scope.ts';
import type { AttentionSpec } from './spec.ts';

export interface AttentionContext {
  readonly sizes: TransformerConfig;
  readonly spec: AttentionSpec;
  readonly layer: number;
  readonly options: GraphOptions;
  /** Additive mask broadcastable to [b, h, q, k]; undefined: everything is visible. */
  readonly mask: string | undefined;
  readonly rotary: RotaryTables | undefined;
}

/** What queries, keys and values are computed from: [b, p, d] each, or [b, p, h, d] when split by head. */
export interface AttentionInputs {
  readonly q: string;
  readonly k: string;
  readonly v: string;
}

/** `scope` is the block's `attn`. `hook` is the full name of the result [b, p, d]. */
export function attend(scope: Scope, context: AttentionContext, inputs: AttentionInputs, hook: string): string {
  const { b } = scope;
  const { sizes, spec, layer, options } = context;
  const { nHeads, nKeyValueHeads } = sizes;
  const ungrouped = options.ungroupKeyValue === true;

  const queries = headwise(scope, context, inputs.q, 'Q', nHeads, 'hook_q');
  // Split inputs of ungrouped heads differ from head to head, so each head makes keys and values of its own.
  const apart = ungrouped && options.splitQkvInput === true;
  const heads = apart ? nHeads : nKeyValueHeads;
  const rawKeys = headwise(scope, context, inputs.k, 'K', heads, ungrouped && !apart ? undefined : 'hook_k');
  const rawValues = headwise(scope, context, inputs.v, 'V', heads, ungrouped && !apart ? undefined : 'hook_v');
  const keys = ungrouped && !apart ? repeated(scope, sizes, rawKeys, 'hook_k') : rawKeys;
  const values = apart ? rawValues : repeated(scope, sizes, rawValues, ungrouped ? 'hook_v' : undefined);

  const q = positioned(scope, context, queries, 'q');
  const k = ungrouped ? positioned(scope, context, keys, 'k') : repeated(scope, sizes, positioned(scope, context, keys, 'k'));

  const scale = spec.scale(layer);
  const scaledQ = scale === 1 ? q : b.mul(q, b.scalar(scale));
  let scores = b.matmul(b.transpose(scaledQ, [0, 2, 1, 3]), b.transpose(k, [0, 2, 3, 1]), needsMore(context) ? undefined : scope.hook('hook_attn_scores'));
  if (spec.softcap !== undefined) {
    const cap = b.scalar(spec.softcap);
    scores = b.mul(b.unary('Tanh', b.div(scores, cap)), cap, context.mask === undefined ? scope.hook('hook_attn_scores') : undefined);
  }
  if (context.mask !== undefined) scores = b.add(scores, context.mask, scope.hook('hook_attn_scores'));
  const pattern = b.softmax(scores, -1, scope.hook('hook_pattern'));
  const z = b.transpose(b.matmul(pattern, b.transpose(values, [0, 2, 1, 3])), [0, 2, 1, 3], scope.hook('hook_z'));
  return project(scope, context, z, hook);
}

function needsMore({ spec, mask }: AttentionContext): boolean {
  return spec.softcap !== undefined || mask !== undefined;
}

/** [b, p, heads, dh] from [b, p, d], or from [b, p, heads, d] when the input is split by head; grouped weights once per head that has an input. */
function headwise(scope: Scope, { sizes, options }: AttentionContext, x: string, letter: 'Q' | 'K' | 'V', heads: number, hook?: string): string {
  const { b } = scope;
  const name = hook === undefined ? undefined : scope.hook(hook);
  if (options.splitQkvInput !== true) return b.reshape(scope.linear(x, `W_${letter}`, `b_${letter}`), [0, 0, heads, sizes.dHead], name);
  const stored = letter === 'Q' ? heads : sizes.nKeyValueHeads;
  const each = (x: string, rest: readonly number[]): string => {
    if (stored === heads) return x;
    return b.reshape(b.node('Expand', [b.unsqueeze(x, [1]), b.vector([stored, heads / stored, ...rest])]), [heads, ...rest]);
  };
  const weight = each(b.transpose(b.reshape(scope.weight(`W_${letter}`), [sizes.dModel, stored, sizes.dHead]), [1, 0, 2]), [sizes.dModel, sizes.dHead]);
  const product = b.matmul(b.transpose(x, [0, 2, 1, 3]), weight);
  if (!scope.has(`b_${letter}`)) return b.transpose(product, [0, 2, 1, 3], name);
  return b.add(b.transpose(product, [0, 2, 1, 3]), each(b.reshape(scope.weight(`b_${letter}`), [stored, sizes.dHead]), [sizes.dHead]), name);
}

/** Each key-value head once per query head that reads it. */
function repeated(scope: Scope, { nHeads, nKeyValueHeads, dHead }: TransformerConfig, x: string, hook?: string): string {
  const { b } = scope;
  const name = hook === undefined ? undefined : scope.hook(hook);
  if (nHeads === nKeyValueHeads) return name === undefined ? x : b.identity(x, name);
  const copies = b.node('Expand', [b.unsqueeze(x, [3]), b.vector([1, 1, 1, nHeads / nKeyValueHeads, 1])]);
  return b.reshape(copies, [0, 0, nHeads, dHead], name);
}

/** Query/key norm, then rotation. */
function positioned(scope: Scope, { sizes, spec, rotary }: AttentionContext, x: string, letter: 'q' | 'k'): string {
  const normed = scope.has(`${letter}_norm.w`) ? normalize(scope, 'RMS', `${letter}_norm`, x, sizes.normEps) : x;
  if (spec.rotary === undefined || rotary === undefined) return normed;
  return rotate(scope.b, spec.rotary, rotary, normed, scope.hook(`hook_rot_${letter}`));
}

/** z [b, p, h, dh] → [b, p, d], through each head's own contribution when that is asked for. */
function project(scope: Scope, { sizes, options }: AttentionContext, z: string, hook: string): string {
  const { b } = scope;
  const { nHeads, dHead, dModel } = sizes;
  const bias = scope.has('b_O');
  const name = bias ? undefined : hook;
  let out: string;
  if (options.attnResult === true) {
    const weight = b.reshape(scope.weight('W_O'), [nHeads, dHead, dModel]);
    const result = b.transpose(b.matmul(b.transpose(z, [0, 2, 1, 3]), weight), [0, 2, 1, 3], scope.hook('hook_result'));
    out = b.reduceSum(result, [2], false, name);
  } else {
    out = b.matmul(b.reshape(z, [0, 0, nHeads * dHead]), scope.weight('W_O'), name);
  }
  return bias ? b.add(out, scope.weight('b_O'), hook) : out;
}
