/** Inference for operators that contract or reduce: matrix products, reductions, norms, TopK. */
import { intAttribute, intsAttribute, stringAttribute } from '../ir.ts';
import type { Dim, Shape, ValueType } from '../ir.ts';
import { broadcastShapes, normalAxis } from '../shape.ts';
import type { InferContext, InferRule } from './rule.ts';

const reductions = ['ReduceSum', 'ReduceMean', 'ReduceMax', 'ReduceMin', 'ReduceProd', 'ReduceL1', 'ReduceL2', 'ReduceLogSum', 'ReduceLogSumExp', 'ReduceSumSquare'];

export const reductionRules: ReadonlyMap<string, InferRule> = new Map<string, InferRule>([
  ...reductions.map((op): [string, InferRule] => [op, (c) => [reduced(c)]]),
  ['ArgMax', (c) => [argReduced(c)]],
  ['ArgMin', (c) => [argReduced(c)]],
  ['MatMul', (c) => {
    const type = c.type(0) ?? c.type(1);
    const [a, b] = [c.shape(0), c.shape(1)];
    return [type === undefined ? undefined : { dtype: type.dtype, shape: a === undefined || b === undefined ? undefined : matmulShape(a, b, c) }];
  }],
  ['Gemm', (c) => {
    const type = c.type(0);
    const [a, b] = [c.shape(0), c.shape(1)];
    if (type === undefined || a === undefined || b === undefined) return [type && { dtype: type.dtype, shape: undefined }];
    const rows = a[intAttribute(c.node, 'transA', 0) === 1 ? 1 : 0]!;
    const columns = b[intAttribute(c.node, 'transB', 0) === 1 ? 0 : 1]!;
    return [{ dtype: type.dtype, shape: [rows, columns] }];
  }],
  ['Einsum', (c) => [einsum(c)]],
  ['LayerNormalization', (c) => {
    const type = c.type(0);
    if (type?.shape === undefined) return [type];
    const axis = normalAxis(intAttribute(c.node, 'axis', -1), type.shape.length);
    const statistics: ValueType = { dtype: 'float32', shape: type.shape.map((d, i) => (i < axis ? d : 1)) };
    return [type, statistics, statistics];
  }],
  ['TopK', (c) => {
    const type = c.type(0);
    if (type === undefined) return [];
    const k: Dim = c.vector(1)?.[0] ?? c.fresh();
    const axis = type.shape && normalAxis(intAttribute(c.node, 'axis', -1), type.shape.length);
    const shape = type.shape?.map((d, i) => (i === axis ? k : d));
    return [{ dtype: type.dtype, shape }, { dtype: 'int64', shape }];
  }],
]);

function matmulShape(a: Shape, b: Shape, c: InferContext): Dim[] {
  const left = a.length === 1 ? [1, ...a] : a;
  const right = b.length === 1 ? [...b, 1] : b;
  const out = broadcastShapes(left.slice(0, -2), right.slice(0, -2), c.fresh);
  if (a.length > 1) out.push(left.at(-2)!);
  if (b.length > 1) out.push(right.at(-1)!);
  return out;
}

function reduced(c: InferContext): ValueType | undefined {
  const type = c.type(0);
  if (type?.shape === undefined) return type;
  const given = (c.node.inputs[1] ?? '') === '' ? intsAttribute(c.node, 'axes') : c.vector(1);
  const keep = intAttribute(c.node, 'keepdims', 1) === 1;
  if (given === undefined && (c.node.inputs[1] ?? '') !== '') {
    return { dtype: type.dtype, shape: keep ? type.shape.map(() => c.fresh()) : undefined };
  }
  const rank = type.shape.length;
  const none = (given ?? []).length === 0;
  if (none && intAttribute(c.node, 'noop_with_empty_axes', 0) === 1) return type;
  const axes = new Set(none ? type.shape.map((_, i) => i) : given!.map((a) => normalAxis(Number(a), rank)));
  return { dtype: type.dtype, shape: keep ? type.shape.map((d, i) => (axes.has(i) ? 1 : d)) : type.shape.filter((_, i) => !axes.has(i)) };
}

function argReduced(c: InferContext): ValueType {
  const shape = c.shape(0);
  if (shape === undefined) return { dtype: 'int64', shape: undefined };
  const axis = normalAxis(intAttribute(c.node, 'axis', 0), shape.length);
  const keep = intAttribute(c.node, 'keepdims', 1) === 1;
  return { dtype: 'int64', shape: keep ? shape.map((d, i) => (i === axis ? 1 : d)) : shape.filter((_, i) => i !== axis) };
}

/** Equations with explicit or implicit output; none with an ellipsis. */
function einsum(c: InferContext): ValueType | undefined {
  const type = c.type(0);
  const equation = stringAttribute(c.node, 'equation', '').replaceAll(' ', '');
  if (type === undefined || equation.includes('.')) return type && { dtype: type.dtype, shape: undefined };
  const [left, right] = equation.split('->');
  const sizes = new Map<string, Dim>();
  left!.split(',').forEach((term, k) => [...term].forEach((index, axis) => {
    const size = c.shape(k)?.[axis];
    if (size !== undefined && (sizes.get(index) ?? 1) === 1) sizes.set(index, size);
  }));
  const indices = left!.replaceAll(',', '');
  const output = right ?? [...new Set(indices)].filter((index) => indices.indexOf(index) === indices.lastIndexOf(index)).sort().join('');
  return { dtype: type.dtype, shape: [...output].map((index) => sizes.get(index) ?? c.fresh()) };
}
