/** What is computed from the final stream: vocabulary logits, masked-token logits, class logits, or nothing. */
import { int } from '../../graph/ir.ts';
import { activate } from './activation.ts';
import type { Activation } from './activation.ts';
import { normalize } from './norm.ts';
import type { Scope } from './scope.ts';

export type Head =
  /** No head: the output is `last_hidden_state` [b, p, d]. */
  | { readonly kind: 'none' }
  /** `logits` [b, p, v]; logits → cap · tanh(logits / cap). */
  | { readonly kind: 'unembed'; readonly softcap?: number }
  /** Dense, activation, norm, unembedding: `logits` [b, p, v]. */
  | { readonly kind: 'masked'; readonly activation: Activation; readonly normEps: number }
  /** `logits` [b, c] from the first position, through a dense layer with this activation if there is a `pooler`. */
  | { readonly kind: 'classify-first'; readonly activation: Activation }
  /** `logits` [b, c] from the last token before padding, found by its id as Hugging Face does. */
  | { readonly kind: 'classify-last'; readonly padding: number | undefined };

export interface HeadInputs {
  readonly tokens: string;
  readonly attentionMask: string;
}

/** Name of the main output. */
export function outputOf(head: Head): string {
  return head.kind === 'none' ? 'last_hidden_state' : 'logits';
}

/** Returns the graph's outputs. */
export function applyHead(scope: Scope, head: Head, x: string, inputs: HeadInputs): string[] {
  const { b } = scope;
  const output = scope.hook(outputOf(head));
  switch (head.kind) {
    case 'none': return [b.identity(x, output)];
    case 'unembed': return [unembed(scope, x, output, head.softcap)];
    case 'masked': {
      const dense = activate(b, head.activation, scope.linear(x, 'mlm_head.W', 'mlm_head.b'));
      return [unembed(scope, normalize(scope, 'LN', 'mlm_head.ln', dense, head.normEps), output, undefined)];
    }
    case 'classify-first': {
      const first = b.squeeze(b.slice(x, 1, 0, 1), [1]);
      const pooled = scope.has('pooler.W') ? activate(b, head.activation, scope.linear(first, 'pooler.W', 'pooler.b'), scope.hook('pooler.hook_post')) : first;
      return [scope.linear(pooled, 'classifier.W', 'classifier.b', 'logits')];
    }
    case 'classify-last': {
      const scores = scope.linear(x, 'classifier.W', 'classifier.b', 'classifier.hook_scores');
      return [b.squeeze(b.node('GatherND', [scores, lastToken(scope, inputs.tokens, head.padding)], { attributes: { batch_dims: int(1) } }), [1], output)];
    }
  }
}

function unembed(scope: Scope, x: string, output: string, softcap: number | undefined): string {
  const { b } = scope;
  const raw = scope.linear(x, 'unembed.W_U', 'unembed.b_U', 'unembed.hook_pre');
  if (softcap === undefined) return b.identity(raw, output);
  const cap = b.scalar(softcap);
  return b.mul(b.unary('Tanh', b.div(raw, cap)), cap, output);
}

/** int64 [b, 1, 1]: one before the first padding token, counted from the end if there is none. */
function lastToken(scope: Scope, tokens: string, padding: number | undefined): string {
  const { b } = scope;
  const length = b.node('Shape', [tokens], { attributes: { start: int(1), end: int(2) } });
  const last = b.sub(length, b.scalar(1, 'int64'));
  const batch = b.node('Shape', [tokens], { attributes: { start: int(0), end: int(1) } });
  if (padding === undefined) return b.unsqueeze(b.node('Expand', [last, batch]), [1, 2]);
  const isPadding = b.cast(b.node('Equal', [tokens, b.scalar(padding, 'int64')]), 'int64');
  const first = b.node('ArgMax', [isPadding], { attributes: { axis: int(1), keepdims: int(0) } });
  const before = b.sub(first, b.scalar(1, 'int64'));
  return b.unsqueeze(b.where(b.node('Less', [before, b.scalar(0, 'int64')]), last, before), [1, 2]);
}
