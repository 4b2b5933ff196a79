/**
 * Type inference for one node at a time: dtype and symbolic shape of its outputs, and the values of integer
 * vectors that describe shapes (Shape → Gather → Concat → Reshape chains). Unknown is allowed everywhere;
 * wrong is not: a rule either knows or says nothing.
 */
import { MechanistError } from '../../errors.ts';
import { numbersOf } from '../../tensor.ts';
import type { Tensor } from '../../tensor.ts';
import type { Dim, Node, ValueType } from '../ir.ts';
import type { FreshDim } from '../shape.ts';
import { elementwiseRules } from './elementwise.ts';
import { layoutRules } from './layout.ts';
import { reductionRules } from './reduction.ts';
import type { InferContext, InferRule } from './rule.ts';
import { spatialRules } from './spatial.ts';
import { vectorOf } from './vector.ts';

/** Where inference looks tensors up. */
export interface TypeEnvironment {
  typeOf(name: string): ValueType | undefined;
  constantOf(name: string): Tensor | undefined;
  vectorOf(name: string): readonly Dim[] | undefined;
  readonly fresh: FreshDim;
}

export interface Inferred {
  readonly types: readonly (ValueType | undefined)[];
  /** Value of output 0, when it is an integer vector (or scalar) known in terms of dimensions. */
  readonly vector: readonly Dim[] | undefined;
}

/** Infers the outputs of `node`. Errors: `argument` naming the node when its inputs cannot fit together. */
export function infer(node: Node, environment: TypeEnvironment): Inferred {
  const context = contextOf(node, environment);
  const rule = node.domain === '' ? rules.get(node.op) : undefined;
  try {
    return { types: (rule?.(context) ?? []).map(withBoundedRank), vector: vectorOf(context) };
  } catch (error) {
    if (!MechanistError.is(error)) throw error;
    throw new MechanistError(error.reason, error.statement, { field: `node ${node.name} (${node.op})`, hint: error.hint, cause: error });
  }
}

const rules: ReadonlyMap<string, InferRule> = new Map([...elementwiseRules, ...layoutRules, ...reductionRules, ...spatialRules]);

function contextOf(node: Node, environment: TypeEnvironment): InferContext {
  const name = (i: number): string => node.inputs[i] ?? '';
  return {
    node,
    fresh: environment.fresh,
    type: (i) => (name(i) === '' ? undefined : environment.typeOf(name(i))),
    shape: (i) => (name(i) === '' ? undefined : environment.typeOf(name(i))?.shape),
    constant: (i) => (name(i) === '' ? undefined : environment.constantOf(name(i))),
    vector: (i) => {
      if (name(i) === '') return undefined;
      const constant = environment.constantOf(name(i));
      if (constant !== undefined) return isIndexVector(constant) ? Array.from(numbersOf(constant)) : undefined;
      return environment.vectorOf(name(i));
    },
  };
}

/** No runtime knows more axes; a foreign file could double them in every node. */
function withBoundedRank(type: ValueType | undefined): ValueType | undefined {
  return type?.shape !== undefined && type.shape.length > 64 ? { dtype: type.dtype, shape: undefined } : type;
}

/** Small integers only: a fill value such as the least int64 describes no shape. */
function isIndexVector(t: Tensor): boolean {
  if (t.dims.length > 1) return false;
  if (t.data instanceof BigInt64Array) return t.data.every((value) => Number.isSafeInteger(Number(value)));
  return t.dtype === 'int32';
}
