/** What a backward rule sees and returns. */
import type { GraphBuilder } from '../builder.ts';
import type { Node } from '../ir.ts';

export interface BackwardContext {
  readonly node: Node;
  /** The builder that backward nodes are appended to. */
  readonly b: GraphBuilder;
  /** Names of the node's inputs and outputs; `''` where omitted. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** Gradient of output `i`, of the output's shape, or undefined when none arrives there. */
  gradient(i: number): string | undefined;
  /**
   * Like `gradient`, but may have size 1 along axes where all its entries are equal. For rules that multiply it by
   * something of full size anyway, and so need no expanded copy.
   */
  compactGradient(i: number): string | undefined;
  /** Whether the gradient of input `i` is needed. */
  wants(i: number): boolean;
}

/**
 * Appends the backward computation of one node; returns one gradient per input, in order, undefined where not wanted
 * or zero. A gradient has its input's shape, except that it may have a literal size of 1 along axes where all its
 * entries are equal.
 */
export type BackwardRule = (context: BackwardContext) => readonly (string | undefined)[];

/** The rule of operators that are piecewise constant: nothing flows back through them. */
export const zeroRule: BackwardRule = () => [];
