/** Activations, alone and fused with the addition of a bias or with another operator. */
import { MechanistError } from '../../../errors.ts';
import type { DType } from '../../../tensor.ts';
import { floatAttribute, stringAttribute } from '../../ir.ts';
import type { Attribute } from '../../ir.ts';
import type { Emitter } from '../rewrite.ts';

/**
 * Emits GELU of `x` as output 0 of the node: x·Φ(x) with the error function, or its tanh approximation
 * (Hendrycks & Gimpel 2016).
 */
export function emitGelu(e: Emitter, x: string, kind: 'erf' | 'tanh'): true {
  const half = e.op('Mul', [x, numberLike(e, 0.5, x)]);
  const squashed = kind === 'erf' ? e.op('Erf', [e.op('Mul', [x, numberLike(e, Math.SQRT1_2, x)])]) : e.op('Tanh', [tanhArgument(e, x)]);
  e.finish(0, 'Mul', [half, e.op('Add', [squashed, numberLike(e, 1, x)])]);
  return true;
}

function tanhArgument(e: Emitter, x: string): string {
  const cube = e.op('Mul', [e.op('Mul', [x, x]), x]);
  const inner = e.op('Add', [x, e.op('Mul', [cube, numberLike(e, 0.044715, x)])]);
  return e.op('Mul', [inner, numberLike(e, Math.sqrt(2 / Math.PI), x)]);
}

/** A scalar of the type of `like`; half-precision ones are cast in the graph. */
export function numberLike(e: Emitter, value: number, like: string): string {
  const dtype: DType = e.b.typeOf(like)?.dtype ?? 'float32';
  return dtype === 'float16' || dtype === 'bfloat16' ? e.b.cast(e.b.scalar(value), dtype) : e.b.scalar(value, dtype);
}

export function gelu(e: Emitter): boolean {
  return emitGelu(e, e.required(0), 'erf');
}

export function biasGelu(e: Emitter): boolean {
  return emitGelu(e, e.op('Add', [e.required(0), e.required(1)]), 'erf');
}

/** The bias is optional. */
export function fastGelu(e: Emitter): boolean {
  const bias = e.input(1);
  return emitGelu(e, bias === undefined ? e.required(0) : e.op('Add', [e.required(0), bias]), 'tanh');
}

/** x·σ(αx). */
export function quickGelu(e: Emitter): boolean {
  const x = e.required(0);
  const alpha = floatAttribute(e.node, 'alpha', 1.702);
  const argument = alpha === 1 ? x : e.op('Mul', [x, numberLike(e, alpha, x)]);
  e.finish(0, 'Mul', [x, e.op('Sigmoid', [argument])]);
  return true;
}

const fusable = new Set(['Relu', 'Tanh', 'Sigmoid', 'LeakyRelu', 'HardSigmoid', 'Clip']);

/** Emits output 0 as the activation that a fused node carries in its attributes, applied to `x`. */
export function finishWithActivation(e: Emitter, x: string): void {
  const activation = stringAttribute(e.node, 'activation', '');
  if (activation === '') {
    e.finish(0, 'Identity', [x]);
    return;
  }
  if (!fusable.has(activation)) throw new MechanistError('unsupported', `The fused activation "${activation}" is not supported.`);
  const parameters = e.node.attributes.get('activation_params');
  const [first, second] = parameters?.type === 'floats' ? parameters.value : [];
  const number = (value: number | undefined): Attribute => ({ type: 'float', value: value ?? 0 });
  if (activation === 'Clip') e.finish(0, 'Clip', [x, numberLike(e, first ?? -Infinity, x), numberLike(e, second ?? Infinity, x)]);
  else if (activation === 'LeakyRelu') e.finish(0, activation, [x], { alpha: number(first ?? floatAttribute(e.node, 'activation_alpha', 0.01)) });
  else if (activation === 'HardSigmoid') e.finish(0, activation, [x], { alpha: number(first ?? 0.2), beta: number(second ?? 0.5) });
  else e.finish(0, activation, [x]);
}
