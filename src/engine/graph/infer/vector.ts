/** Symbolic evaluation of the integer vectors that graphs compute from shapes. */
import { numbersOf } from '../../tensor.ts';
import { intAttribute } from '../ir.ts';
import type { Dim } from '../ir.ts';
import { productDim, quotientDim } from '../shape.ts';
import type { InferContext } from './rule.ts';

/** Longer vectors describe no shape; a foreign file could double one in every node. */
const longestVector = 4096;

/**
 * The value of the node's first output as dimensions (a scalar counts as a vector of one), or undefined.
 * Of arithmetic on symbols, products are known and what leaves them as they are.
 */
export function vectorOf(c: InferContext): readonly Dim[] | undefined {
  if (c.node.domain !== '') return undefined;
  switch (c.node.op) {
    case 'Constant': {
      const value = c.node.attributes.get('value');
      if (value?.type === 'tensor' && value.value.dtype === 'int64' && value.value.dims.length <= 1) return Array.from(numbersOf(value.value));
      return undefined;
    }
    case 'Shape': {
      const shape = c.shape(0);
      return shape?.slice(intAttribute(c.node, 'start', 0), intAttribute(c.node, 'end', shape.length));
    }
    case 'Identity': case 'Cast': case 'Unsqueeze': case 'Squeeze': case 'Reshape':
      return (c.shape(0)?.length ?? 2) <= 1 ? c.vector(0) : undefined;
    case 'Gather': {
      const from = c.vector(0);
      const at = c.vector(1);
      if (from === undefined || at === undefined) return undefined;
      const picked = at.map((i) => (typeof i === 'number' ? from.at(i) : undefined));
      return picked.every((d) => d !== undefined) ? picked : undefined;
    }
    case 'Concat': {
      const parts = c.node.inputs.map((_, i) => c.vector(i));
      const length = parts.reduce((sum, p) => sum + (p?.length ?? 0), 0);
      return length <= longestVector && parts.every((p) => p !== undefined) ? parts.flat() : undefined;
    }
    case 'Slice': {
      const [from, start, end, step] = [c.vector(0), c.vector(1)?.[0], c.vector(2)?.[0], (c.node.inputs[4] ?? '') === '' ? 1 : c.vector(4)?.[0]];
      return typeof start === 'number' && typeof end === 'number' && step === 1 ? from?.slice(start, end) : undefined;
    }
    case 'ConstantOfShape': {
      const [length] = c.vector(0) ?? [];
      const value = c.node.attributes.get('value');
      const isIntegral = value?.type === 'tensor' && value.value.dtype === 'int64';
      if (c.vector(0)?.length !== 1 || typeof length !== 'number' || length > longestVector || !isIntegral) return undefined;
      return Array.from({ length }, () => Number(numbersOf(value.value)[0]));
    }
    case 'Equal': {
      const [a, b] = [c.vector(0), c.vector(1)];
      const flags = a?.length === b?.length ? a?.map((x, i) => isSame(x, b![i]!)) : undefined;
      return flags?.every((flag) => flag !== undefined) === true ? flags : undefined;
    }
    case 'Where': {
      const [condition, a, b] = [c.vector(0), c.vector(1), c.vector(2)];
      if (condition === undefined || a?.length !== condition.length || b?.length !== condition.length) return undefined;
      return condition.map((flag, i) => (flag === 1 ? a[i]! : b[i]!));
    }
    case 'Add': return arithmetic(c, (a, b) => a + b, 0);
    case 'Sub': return arithmetic(c, (a, b) => a - b, 0, (a, b) => (a === b ? 0 : undefined));
    case 'Mul': return arithmetic(c, (a, b) => a * b, 1, (a, b) => productDim([a, b]));
    case 'Div': return arithmetic(c, (a, b) => Math.trunc(a / b), 1, (a, b) => quotientDim([a], [b]));
    default: return undefined;
  }
}

/** 1 or 0, or undefined where it depends on the run. No dimension is negative. */
function isSame(a: Dim, b: Dim): 0 | 1 | undefined {
  if (a === b) return 1;
  if (typeof a === 'number' && typeof b === 'number') return 0;
  return (typeof a === 'number' && a < 0) || (typeof b === 'number' && b < 0) ? 0 : undefined;
}

/** `neutral` as second operand changes nothing; `symbolic` says what else is known about symbols. */
function arithmetic(
  c: InferContext, compute: (a: number, b: number) => number, neutral: number, symbolic: (a: Dim, b: Dim) => Dim | undefined = () => undefined,
): readonly Dim[] | undefined {
  const [a, b] = [c.vector(0), c.vector(1)];
  const type = c.type(0)?.dtype;
  if (a === undefined || b === undefined || (type !== 'int64' && type !== 'int32')) return undefined;
  const length = Math.max(a.length, b.length);
  if ((a.length !== length && a.length !== 1) || (b.length !== length && b.length !== 1)) return undefined;
  const out: Dim[] = [];
  for (let i = 0; i < length; i++) {
    const x = a[a.length === 1 ? 0 : i]!;
    const y = b[b.length === 1 ? 0 : i]!;
    if (typeof x === 'number' && typeof y === 'number') out.push(compute(x, y));
    else {
      const dim = y === neutral ? x : symbolic(x, y);
      if (dim === undefined) return undefined;
      out.push(dim);
    }
  }
  return out;
}
