/** Backward rules of matrix products. */
import { MechanistError } from '../../../errors.ts';
import { float, floatAttribute, int, intAttribute, string, stringAttribute } from '../../ir.ts';
import { scale, sumTo } from '../emit.ts';
import type { BackwardContext, BackwardRule } from '../rule.ts';
import { when } from './elementwise.ts';

export const linearRules: ReadonlyMap<string, BackwardRule> = new Map<string, BackwardRule>([
  ['MatMul', matmul],
  ['Gemm', gemm],
  ['Einsum', einsum],
]);

function matmul(c: BackwardContext): readonly (string | undefined)[] {
  const { b } = c;
  const [x, w] = [c.inputs[0]!, c.inputs[1]!];
  const [xRank, wRank] = [b.shapeOf(x).length, b.shapeOf(w).length];
  // Vectors are matrices of one row or column; the extra axis is dropped again at the end.
  const left = xRank === 1 ? b.unsqueeze(x, [0]) : x;
  const right = wRank === 1 ? b.unsqueeze(w, [1]) : w;
  let g = c.gradient(0)!;
  if (wRank === 1) g = b.unsqueeze(g, [-1]);
  if (xRank === 1) g = b.unsqueeze(g, [-2]);
  return [
    when(c, 0, () => {
      const dLeft = sumTo(b, b.matmul(g, transposed(c, right)), left);
      return xRank === 1 ? b.squeeze(dLeft, [0]) : dLeft;
    }),
    when(c, 1, () => {
      const dRight = b.shapeOf(right).length === 2 ? weightGradient(c, left, g) : sumTo(b, b.matmul(transposed(c, left), g), right);
      return wRank === 1 ? b.squeeze(dRight, [1]) : dRight;
    }),
  ];
}

/** One product over all leading axes at once. */
function weightGradient(c: BackwardContext, x: string, g: string): string {
  return c.b.matmul(transposed(c, asMatrix(c, x)), asMatrix(c, g));
}

function asMatrix({ b }: BackwardContext, x: string): string {
  const shape = b.shapeOf(x);
  if (shape.length === 2) return x;
  const width = shape.at(-1)!;
  if (typeof width === 'number' && width > 0) return b.reshape(x, [-1, width]);
  const rank = shape.length;
  const flat = b.node('Reshape', [x, b.concat([b.vector([-1]), b.slice(b.shape(x), 0, rank - 1)], 0)]);
  b.setType(flat, { dtype: b.dtypeOf(x), shape: [b.shapeOf(flat)[0]!, width] });
  return flat;
}

/** The last two axes swapped. The runtime fuses this with the product it feeds. */
function transposed({ b }: BackwardContext, x: string): string {
  const rank = b.shapeOf(x).length;
  const perm = Array.from({ length: rank }, (_, i) => i);
  [perm[rank - 2], perm[rank - 1]] = [rank - 1, rank - 2];
  return b.transpose(x, perm);
}

function gemm(c: BackwardContext): readonly (string | undefined)[] {
  const { b, node } = c;
  const [x, w, bias] = [c.inputs[0]!, c.inputs[1]!, c.inputs[2] ?? ''];
  const g = c.gradient(0)!;
  const transA = intAttribute(node, 'transA', 0);
  const transB = intAttribute(node, 'transB', 0);
  const product = (p: string, q: string, tp: number, tq: number): string => b.node('Gemm', [p, q], {
    attributes: { alpha: float(floatAttribute(node, 'alpha', 1)), transA: int(tp), transB: int(tq) },
  });
  return [
    when(c, 0, () => (transA === 0 ? product(g, w, 0, 1 - transB) : product(w, g, transB, 1))),
    when(c, 1, () => (transB === 0 ? product(x, g, 1 - transA, 0) : product(g, x, 1, transA))),
    when(c, 2, () => sumTo(b, scale(b, g, floatAttribute(node, 'beta', 1)), bias)),
  ];
}

/** Errors: `unsupported` for ellipses and for repeated indices of one operand. */
function einsum(c: BackwardContext): readonly (string | undefined)[] {
  const { b, node } = c;
  const { terms, output } = parseEquation(stringAttribute(node, 'equation', ''), c.inputs.length);
  const g = c.gradient(0)!;
  return c.inputs.map((_, i) => when(c, i, () => {
    const others = terms.map((term, k) => ({ term, name: c.inputs[k]! })).filter((_other, k) => k !== i);
    const known = new Set([output, ...others.map(({ term }) => term)].join(''));
    const wanted = [...terms[i]!];
    const kept = wanted.filter((index) => known.has(index)).join('');
    const equation = `${[output, ...others.map(({ term }) => term)].join(',')}->${kept}`;
    const product = b.node('Einsum', [g, ...others.map(({ name }) => name)], { attributes: { equation: string(equation) } });
    // An index that is summed over within one operand has the same gradient everywhere along it.
    const repeated = wanted.flatMap((index, axis) => (known.has(index) ? [] : [axis]));
    return repeated.length === 0 ? product : b.unsqueeze(product, repeated);
  }));
}

function parseEquation(text: string, operands: number): { terms: string[]; output: string } {
  const equation = text.replaceAll(' ', '');
  const [left, right] = equation.split('->');
  const terms = left!.split(',');
  if (equation.includes('.') || terms.length !== operands || terms.some((term) => new Set(term).size !== term.length)) {
    throw new MechanistError('unsupported', `The Einsum equation "${text}" has no gradient here.`, { hint: 'Ellipses and diagonals are not differentiated.' });
  }
  const all = terms.join('');
  const implicit = [...new Set(all)].filter((index) => all.indexOf(index) === all.lastIndexOf(index)).sort().join('');
  return { terms, output: right ?? implicit };
}
