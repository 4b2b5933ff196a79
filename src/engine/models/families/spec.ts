/** What a family's adapter says about its architecture, as data. The shared builders read this and nothing else. */
import type { TransformerConfig } from '../model.ts';
import type { Activation } from './activation.ts';
import type { Rotary } from './rotary.ts';

/**
 * How a block is put together.
 * - `pre`: x + attn(norm x), then x + mlp(norm x)
 * - `parallel`: x + attn(norm x) + mlp(norm x)
 * - `post`: norm(x + attn x), then norm(x + mlp x)
 * - `sandwich`: as `pre`, with another norm on what attention and MLP give
 */
export type Arrangement = 'pre' | 'parallel' | 'post' | 'sandwich';

export interface AttentionSpec {
  /** Multiplies query · key. */
  readonly scale: (layer: number) => number;
  /** scores → cap · tanh(scores / cap) */
  readonly softcap?: number;
  /** How many positions back a query of this layer sees, itself included; undefined: all. */
  readonly window?: (layer: number) => number | undefined;
  readonly rotary?: Rotary;
}

/** A stack of blocks. Whether a bias or a query/key norm exists follows from the weights. */
export interface TowerSpec {
  readonly sizes: TransformerConfig;
  readonly arrangement: Arrangement;
  readonly attention: AttentionSpec;
  readonly activation: Activation;
}
