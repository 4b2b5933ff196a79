/** Operators on a tensor whose first axis has been split in two. */
import { numbersOf } from '../../tensor.ts';
import type { GraphBuilder } from '../builder.ts';
import { floatAttribute, int, intAttribute, ints, intsAttribute } from '../ir.ts';
import type { Node, Shape } from '../ir.ts';

export interface LiftContext {
  readonly b: GraphBuilder;
  /** Shape before the split. */
  readonly shape: (name: string) => Shape | undefined;
  /** Name of the split form, for tensors that were split like the others of this node. */
  readonly split: (name: string) => string | undefined;
  readonly isSplit: (name: string) => boolean;
  /** Present name of a tensor that was not split. */
  readonly plain: (name: string) => string;
}

const unary = new Set([
  'Relu', 'Tanh', 'Sigmoid', 'Erf', 'Exp', 'Log', 'Sqrt', 'Reciprocal', 'Neg', 'Abs', 'Softplus', 'LeakyRelu', 'Elu', 'HardSigmoid', 'HardSwish', 'Cast', 'Identity', 'Not',
]);
const broadcasting = new Set(['Add', 'Sub', 'Mul', 'Div', 'Pow', 'Max', 'Min', 'Where', 'Sum', 'And', 'Or', 'Less', 'Greater', 'Equal']);

/** Appends the operator in its split form, under the same output name. Returns false when it has none. */
export function lift(node: Node, c: LiftContext): boolean {
  const rank = c.shape(node.outputs[0]!)?.length;
  if (rank === undefined) return false;
  if (unary.has(node.op)) return append(node, c, {});
  if (broadcasting.has(node.op)) return node.inputs.every((name) => fits(name, rank, c)) && append(node, c, {});
  if (node.op === 'Softmax' || node.op === 'LogSoftmax') {
    const axis = intAttribute(node, 'axis', -1);
    return axis % rank !== 0 && append(node, c, { attributes: new Map([['axis', int(axis < 0 ? axis : axis + 1)]]) });
  }
  if (node.op.startsWith('Reduce')) return reduction(node, c);
  if (node.op === 'Transpose') return transpose(node, c);
  if (node.op === 'MatMul') return product(node, c);
  return node.op === 'Gemm' && gemm(node, c);
}

function append(node: Node, c: LiftContext, changes: Partial<Node>): true {
  c.b.append({ ...node, inputs: node.inputs.map((name) => c.split(name) ?? c.plain(name)), ...changes });
  return true;
}

/** True for an operand that broadcasts against the split form as it did before: of full rank and split, or not reaching the first axis. */
function fits(name: string, rank: number, c: LiftContext): boolean {
  const shape = c.shape(name);
  if (shape === undefined) return false;
  if (c.split(name) !== undefined) return shape.length === rank;
  return !c.isSplit(name) && (shape.length < rank || shape[0] === 1);
}

function reduction(node: Node, c: LiftContext): boolean {
  const axes = c.b.constantOf(node.inputs[1] ?? '');
  const rank = c.shape(node.inputs[0]!)?.length;
  if (axes === undefined || rank === undefined || axes.data.length === 0) return false;
  const moved = Array.from(numbersOf(axes), (axis) => (axis < 0 ? axis : axis + 1));
  if (moved.some((axis) => axis === 1 || axis === -rank)) return false;
  return append(node, c, { inputs: [c.split(node.inputs[0]!)!, c.b.vector(moved)] });
}

function transpose(node: Node, c: LiftContext): boolean {
  const perm = intsAttribute(node, 'perm');
  if (perm?.[0] !== 0) return false;
  return append(node, c, { attributes: new Map([['perm', ints([0, 1, ...perm.slice(1).map((axis) => axis + 1)])]]) });
}

/** Products of two split tensors, or of a split one with a matrix. */
function product(node: Node, c: LiftContext): boolean {
  const [a, b] = node.inputs as [string, string];
  const [left, right] = [c.shape(a)?.length, c.shape(b)?.length];
  const isBatched = c.split(a) !== undefined && c.split(b) !== undefined && left === 3 && right === 3;
  const isLinear = c.split(a) !== undefined && !c.isSplit(b) && right === 2;
  return (isBatched || isLinear) && append(node, c, {});
}

/** Gemm takes matrices only; the split form is a product and a sum. */
function gemm(node: Node, c: LiftContext): boolean {
  const [a, weight, bias] = node.inputs as [string, string, string?];
  const left = c.split(a);
  if (left === undefined || c.isSplit(weight) || intAttribute(node, 'transA', 0) !== 0) return false;
  const biasShape = bias === undefined || bias === '' ? [] : c.shape(bias);
  if (biasShape === undefined || (biasShape.length > 1 && biasShape[0] !== 1)) return false;
  const { b } = c;
  const [alpha, beta] = [floatAttribute(node, 'alpha', 1), floatAttribute(node, 'beta', 1)];
  const right = intAttribute(node, 'transB', 0) === 0 ? c.plain(weight) : b.transpose(c.plain(weight), [1, 0]);
  const scaled = alpha === 1 ? left : b.mul(left, b.scalar(alpha));
  const finish = (op: string, inputs: readonly string[]): void => b.append({ ...node, op, inputs, attributes: new Map() });
  if (bias === undefined || bias === '' || beta === 0) finish('MatMul', [scaled, right]);
  else finish('Add', [b.node('MatMul', [scaled, right], { outputs: [b.fresh(`${node.name}/MatMul`)] }), beta === 1 ? c.plain(bias) : b.mul(c.plain(bias), b.scalar(beta))]);
  return true;
}
