/** Inference for operators that act on each element. */
import type { DType } from '../../tensor.ts';
import { intAttribute } from '../ir.ts';
import { broadcastShapes } from '../shape.ts';
import type { InferContext, InferRule } from './rule.ts';

const unary = [
  'Abs', 'Neg', 'Exp', 'Log', 'Sqrt', 'Reciprocal', 'Erf', 'Tanh', 'Sigmoid', 'Relu', 'LeakyRelu', 'Elu', 'Selu', 'Celu',
  'HardSigmoid', 'HardSwish', 'Softplus', 'Softsign', 'ThresholdedRelu', 'Gelu', 'Mish', 'Sign', 'Floor', 'Ceil', 'Round',
  'Sin', 'Cos', 'Tan', 'Asin', 'Acos', 'Atan', 'Sinh', 'Cosh', 'Asinh', 'Acosh', 'Atanh',
  'Identity', 'Clip', 'Softmax', 'LogSoftmax', 'CumSum', 'Trilu', 'Not', 'Dropout',
];
const arithmetic = ['Add', 'Sub', 'Mul', 'Div', 'Mod', 'Min', 'Max', 'Sum', 'Mean', 'And', 'Or', 'Xor'];
const comparison = ['Equal', 'Less', 'LessOrEqual', 'Greater', 'GreaterOrEqual'];

/** ONNX `TensorProto.DataType` codes, as the `to` attribute of Cast carries them. */
export const dtypeCodes: ReadonlyMap<number, DType> = new Map([
  [1, 'float32'], [2, 'uint8'], [3, 'int8'], [4, 'uint16'], [5, 'int16'], [6, 'int32'], [7, 'int64'], [9, 'bool'],
  [10, 'float16'], [11, 'float64'], [12, 'uint32'], [13, 'uint64'], [16, 'bfloat16'],
]);

export const elementwiseRules: ReadonlyMap<string, InferRule> = new Map<string, InferRule>([
  ...unary.map((op): [string, InferRule] => [op, (c) => [c.type(0)]]),
  ...arithmetic.map((op): [string, InferRule] => [op, (c) => [broadcastAll(c, c.type(0)?.dtype)]]),
  ...comparison.map((op): [string, InferRule] => [op, (c) => [broadcastAll(c, 'bool')]]),
  ['Pow', (c) => [broadcastAll(c, c.type(0)?.dtype)]],
  ['Where', (c) => [broadcastAll(c, c.type(1)?.dtype ?? c.type(2)?.dtype)]],
  ['PRelu', (c) => [c.type(0)]],
  ['IsNaN', (c) => [withDtype(c, 'bool')]],
  ['IsInf', (c) => [withDtype(c, 'bool')]],
  ['Cast', (c) => {
    const dtype = dtypeCodes.get(intAttribute(c.node, 'to', 0));
    return [dtype === undefined ? undefined : withDtype(c, dtype)];
  }],
  ['CastLike', (c) => {
    const dtype = c.type(1)?.dtype;
    return [dtype === undefined ? undefined : withDtype(c, dtype)];
  }],
]);

function withDtype(c: InferContext, dtype: DType): { dtype: DType; shape: ReturnType<InferContext['shape']> } {
  return { dtype, shape: c.shape(0) };
}

function broadcastAll(c: InferContext, dtype: DType | undefined): ReturnType<InferRule>[number] {
  if (dtype === undefined) return undefined;
  let shape = c.shape(0);
  for (let i = 1; i < c.node.inputs.length; i++) {
    const next = c.shape(i);
    shape = shape === undefined || next === undefined ? undefined : broadcastShapes(shape, next, c.fresh);
  }
  return { dtype, shape };
}
