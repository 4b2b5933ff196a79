/** What a shape-inference rule sees and returns. */
import type { Tensor } from '../../tensor.ts';
import type { Dim, Node, Shape, ValueType } from '../ir.ts';
import type { FreshDim } from '../shape.ts';

export interface InferContext {
  readonly node: Node;
  /** Type of input `i`; undefined when omitted or unknown. */
  type(i: number): ValueType | undefined;
  /** Shape of input `i`; undefined when unknown. */
  shape(i: number): Shape | undefined;
  /** The constant bound to input `i`, if it is one. */
  constant(i: number): Tensor | undefined;
  /** The entries of input `i` where it is an integer vector computed from constants and shapes. */
  vector(i: number): readonly Dim[] | undefined;
  readonly fresh: FreshDim;
}

/** Types of the node's outputs, in order. Missing entries stay unknown. */
export type InferRule = (context: InferContext) => readonly (ValueType | undefined)[];
