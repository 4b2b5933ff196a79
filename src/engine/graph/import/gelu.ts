/** The two definitions of GELU in standard operators. */
import type { Emitter } from './rewrite.ts';

/**
 * Emits GELU of `x` as output 0 of the node: x·Φ(x) with the error function, or its tanh approximation
 * (Hendrycks & Gimpel 2016).
 */
export function emitGelu(e: Emitter, x: string, kind: 'erf' | 'tanh'): void {
  const dtype = e.b.typeOf(x)?.dtype ?? 'float32';
  const half = e.op('Mul', [x, number(e, 0.5, dtype)]);
  const one = number(e, 1, dtype);
  const squashed = kind === 'erf'
    ? e.op('Erf', [e.op('Mul', [x, number(e, Math.SQRT1_2, dtype)])])
    : e.op('Tanh', [tanhArgument(e, x, dtype)]);
  e.finish(0, 'Mul', [half, e.op('Add', [squashed, one])]);
}

function tanhArgument(e: Emitter, x: string, dtype: Parameters<Emitter['b']['scalar']>[1]): string {
  const cube = e.op('Mul', [e.op('Mul', [x, x]), x]);
  const inner = e.op('Add', [x, e.op('Mul', [cube, number(e, 0.044715, dtype)])]);
  return e.op('Mul', [inner, number(e, Math.sqrt(2 / Math.PI), dtype)]);
}

/** A scalar of any floating type; half-precision ones are cast in the graph. */
export function number(e: Emitter, value: number, dtype: Parameters<Emitter['b']['scalar']>[1]): string {
  return dtype === 'float16' || dtype === 'bfloat16' ? e.b.cast(e.b.scalar(value), dtype) : e.b.scalar(value, dtype);
}
