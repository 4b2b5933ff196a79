/** Arithmetic on symbolic shapes, shared by inference and differentiation. */
import { MechanistError } from '../errors.ts';
import type { Dim, Shape } from './ir.ts';

/** Makes symbols for sizes nothing is known about. Each call returns a new one, equal only to itself. */
export type FreshDim = () => string;

/** NumPy broadcasting of two shapes. Errors: `argument` when two fixed sizes disagree. */
export function broadcastShapes(a: Shape, b: Shape, fresh: FreshDim): Dim[] {
  const rank = Math.max(a.length, b.length);
  const out: Dim[] = [];
  for (let i = 0; i < rank; i++) out.push(broadcastDims(a[a.length - rank + i] ?? 1, b[b.length - rank + i] ?? 1, fresh));
  return out;
}

function broadcastDims(a: Dim, b: Dim, fresh: FreshDim): Dim {
  if (a === b || b === 1) return a;
  if (a === 1) return b;
  if (typeof a === 'number' && typeof b === 'number') throw new MechanistError('argument', `Sizes ${a} and ${b} do not broadcast.`);
  if (typeof a === 'number') return a;
  if (typeof b === 'number') return b;
  return fresh();
}

/** Resolves a negative axis. Errors: `argument` when out of range. */
export function normalAxis(axis: number, rank: number): number {
  const normal = axis < 0 ? axis + rank : axis;
  if (normal < 0 || normal >= rank) throw new MechanistError('argument', `Axis ${axis} is out of range for rank ${rank}.`);
  return normal;
}

/** The shape of `Reshape(x, target)`, where 0 copies and −1 is inferred (ONNX semantics). */
export function reshapedShape(from: Shape, target: readonly Dim[], fresh: FreshDim): Dim[] {
  const out = target.map((dim, i) => (dim === 0 ? (from[i] ?? fresh()) : dim));
  const hole = out.indexOf(-1);
  if (hole >= 0) out[hole] = quotientDim(from, out.filter((_, i) => i !== hole)) ?? fresh();
  return out;
}

/**
 * The product of sizes. Of symbols it is a symbol such as "2*batch*pos", the same however it comes about, because
 * factors are put in order.
 */
export function productDim(dims: Shape): Dim {
  const { number, symbols } = factorsOf(dims);
  if (symbols.length === 0 || number === 0) return number;
  return [...(number === 1 ? [] : [number]), ...symbols.sort()].join('*');
}

/** The quotient of two products of sizes, or undefined when it is not known to be one. */
export function quotientDim(from: Shape, by: Shape): Dim | undefined {
  const [dividend, divisor] = [factorsOf(from), factorsOf(by)];
  if (divisor.number === 0 || dividend.number % divisor.number !== 0) return undefined;
  const symbols = dividend.symbols;
  for (const symbol of divisor.symbols) {
    const at = symbols.indexOf(symbol);
    if (at < 0) return undefined;
    symbols.splice(at, 1);
  }
  return productDim([dividend.number / divisor.number, ...symbols]);
}

function factorsOf(dims: Shape): { number: number; symbols: string[] } {
  let number = 1;
  const symbols: string[] = [];
  for (const dim of dims) {
    for (const factor of typeof dim === 'number' ? [dim] : dim.split('*')) {
      if (typeof factor === 'number' || /^\d+$/.test(factor)) number *= Number(factor);
      else symbols.push(factor);
    }
  }
  return { number, symbols };
}
