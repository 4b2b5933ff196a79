/** Graphs of language models: token embeddings, a tower, a head. */
import { GraphBuilder } from '../../graph/builder.ts';
import { int } from '../../graph/ir.ts';
import type { Graph } from '../../graph/ir.ts';
import type { GraphOptions } from '../model.ts';
import { applyHead } from './head.ts';
import type { Head } from './head.ts';
import { maskCache } from './mask.ts';
import { normalize } from './norm.ts';
import { rotaryTables } from './rotary.ts';
import { Scope } from './scope.ts';
import type { TowerSpec } from './spec.ts';
import { blocks, finalNorm } from './tower.ts';
import type { WeightMap } from './weights.ts';

/** How tokens become a stream. */
export interface TextSpec extends TowerSpec {
  /**
   * Where a token's position embedding is looked up: at its index, or at the number of unpadded tokens up to it, plus
   * one (OPT). Undefined: no position embedding.
   */
  readonly positions?: 'index' | 'unpadded';
  /** Hook names of the embeddings: `hook_embed`, or `embed.hook_embed` as in TransformerLens' BERT. */
  readonly embedHooks: '' | 'embed.';
}

export interface LanguageSpec extends TextSpec {
  readonly head: Head;
}

/** Inputs `input_ids`, `attention_mask` and, with token types, `token_type_ids`: int64 [batch, pos]. */
export function languageGraph(spec: LanguageSpec, weights: WeightMap, options: GraphOptions): Graph {
  const b = new GraphBuilder();
  const scope = new Scope(b, weights);
  const tokens = b.input('input_ids', 'int64', ['batch', 'pos']);
  const attentionMask = b.input('attention_mask', 'int64', ['batch', 'pos']);
  const output = applyHead(scope, spec.head, encodeText(scope, spec, { tokens, attentionMask }, options), { tokens, attentionMask });
  return b.build(output);
}

export interface TextInputs {
  readonly tokens: string;
  readonly attentionMask: string;
}

/** Tokens to the final stream [b, p, d], normed if the model norms it. */
export function encodeText(scope: Scope, spec: TextSpec, { tokens, attentionMask }: TextInputs, options: GraphOptions): string {
  const { b } = scope;
  const length = b.squeeze(b.node('Shape', [tokens], { attributes: { start: int(1), end: int(2) } }), [0]);
  const index = b.node('Range', [b.scalar(0, 'int64'), length, b.scalar(1, 'int64')]);
  const { rotary } = spec.attention;
  const tables = rotary === undefined ? undefined : rotaryTables(b, rotary, index, length);
  const embedded = embed(scope, spec, { tokens, attentionMask }, index);
  const mask = maskCache(b, { causal: spec.sizes.causal, positions: index, attentionMask });
  const x = finalNorm(scope, spec, blocks(scope, spec, { options, mask, rotary: tables }, embedded));
  return scope.has('project_out.W') ? b.matmul(x, scope.weight('project_out.W')) : x;
}

function embed(scope: Scope, spec: TextSpec, { tokens, attentionMask }: TextInputs, index: string): string {
  const { b } = scope;
  const hook = (name: string): string => scope.hook(spec.embedHooks + name);
  const project = scope.has('project_in.W');
  let x = b.gather(scope.weight('embed.W_E'), tokens, 0, project ? undefined : hook('hook_embed'));
  if (project) x = b.matmul(x, scope.weight('project_in.W'), hook('hook_embed'));
  if (spec.positions !== undefined) {
    const ids = spec.positions === 'index' ? b.node('Expand', [index, b.shape(tokens)]) : unpadded(scope, attentionMask);
    x = b.add(x, b.gather(scope.weight('pos_embed.W_pos'), ids, 0, hook('hook_pos_embed')));
  }
  if (scope.has('token_type_embed.W_token_type')) {
    const types = b.input('token_type_ids', 'int64', ['batch', 'pos']);
    x = b.add(x, b.gather(scope.weight('token_type_embed.W_token_type'), types, 0, hook('hook_token_type_embed')));
  }
  if (!scope.has('embed.ln.w')) return x;
  return scope.point(normalize(scope, 'LN', 'embed.ln', x, spec.sizes.normEps), 'hook_full_embed');
}

/** OPT's rows: 1 for padding, 2 for the first token, 3 for the next… */
function unpadded(scope: Scope, attentionMask: string): string {
  const { b } = scope;
  const present = b.cast(b.cast(attentionMask, 'bool'), 'int64');
  return b.add(b.mul(b.node('CumSum', [present, b.scalar(1, 'int64')]), present), b.scalar(1, 'int64'));
}
