/** Normalisations, alone and fused with the residual addition or the embedding lookup before them. */
import { floatAttribute, int, intAttribute } from '../../ir.ts';
import { MechanistError } from '../../../errors.ts';
import type { Emitter } from '../rewrite.ts';
import { numberLike } from './activations.ts';

/** The default of each operator's `epsilon`. */
const standardEpsilon = 1e-5;
const contribEpsilon = 1e-12;

/**
 * LayerNormalization as plain arithmetic, so that what it divides by can be observed and frozen. onnxruntime puts the
 * parts together again where nothing looks at them.
 */
export function layerNormalization(e: Emitter): boolean {
  const { mean, deviation } = emitLayerNorm(e, e.required(0), e.required(1), e.input(2), floatAttribute(e.node, 'epsilon', standardEpsilon));
  e.finish(1, 'Identity', [mean]);
  if (e.wants(2)) e.finish(2, 'Reciprocal', [deviation]);
  return true;
}

/** Without mean and bias (RMS norm). */
export function simplifiedLayerNormalization(e: Emitter): boolean {
  const deviation = emitRmsNorm(e, e.required(0), e.required(1), floatAttribute(e.node, 'epsilon', standardEpsilon));
  if (e.wants(1)) e.finish(1, 'Reciprocal', [deviation]);
  return true;
}

/** Inputs: input, skip, gamma, beta?, bias?. Output 3 is the sum. */
export function skipLayerNormalization(e: Emitter): boolean {
  const sum = residualSum(e, 4);
  const { mean, deviation } = emitLayerNorm(e, sum, e.required(2), e.input(3), floatAttribute(e.node, 'epsilon', contribEpsilon));
  e.finish(1, 'Identity', [mean]);
  if (e.wants(2)) e.finish(2, 'Reciprocal', [deviation]);
  e.finish(3, 'Identity', [sum]);
  return true;
}

/** Inputs: input, skip, gamma, bias?. */
export function skipSimplifiedLayerNormalization(e: Emitter): boolean {
  const sum = residualSum(e, 3);
  const deviation = emitRmsNorm(e, sum, e.required(2), floatAttribute(e.node, 'epsilon', contribEpsilon));
  if (e.wants(2)) e.finish(2, 'Reciprocal', [deviation]);
  e.finish(3, 'Identity', [sum]);
  return true;
}

/** Inputs: ids, segments?, word, position, segment?, gamma, beta, mask?, positions?. Outputs: normalised, mask lengths, sum. */
export function embedLayerNormalization(e: Emitter): boolean {
  const ids = e.required(0);
  let sum = e.op('Gather', [e.required(2), ids]);
  const positions = e.input(8) ?? e.op('Unsqueeze', [e.op('Range', [scalarLike(e, ids, 0), lengthOf(e, ids), scalarLike(e, ids, 1)]), e.b.vector([0])]);
  sum = e.op('Add', [sum, e.op('Gather', [e.required(3), positions])]);
  const [segments, table] = [e.input(1), e.input(4)];
  if (segments !== undefined && table !== undefined) sum = e.op('Add', [sum, e.op('Gather', [table, segments])]);
  emitLayerNorm(e, sum, e.required(5), e.input(6), floatAttribute(e.node, 'epsilon', contribEpsilon));
  if (e.wants(1)) {
    // Without a mask the lengths are reported as zeros.
    const mask = e.input(7);
    const counted = mask ?? e.op('Mul', [e.op('Cast', [ids], { to: int(6) }), e.b.scalar(0, 'int32')]);
    e.finish(1, 'ReduceSum', [counted, e.b.vector([1])], { keepdims: int(0) });
  }
  e.finish(2, 'Identity', [sum]);
  return true;
}

function scalarLike(e: Emitter, ids: string, value: number): string {
  return e.b.scalar(value, e.b.typeOf(ids)?.dtype === 'int32' ? 'int32' : 'int64');
}

function lengthOf(e: Emitter, ids: string): string {
  const length = e.op('Squeeze', [e.b.slice(e.op('Shape', [ids]), 0, 1, 2), e.b.vector([0])]);
  return e.b.typeOf(ids)?.dtype === 'int32' ? e.op('Cast', [length], { to: int(6) }) : length;
}

/** input + skip (+ bias). A skip of fewer rows is broadcast. */
function residualSum(e: Emitter, biasAt: number): string {
  const sum = e.op('Add', [e.required(0), e.required(1)]);
  const bias = e.input(biasAt);
  return bias === undefined ? sum : e.op('Add', [sum, bias]);
}

function emitLayerNorm(e: Emitter, x: string, gamma: string, beta: string | undefined, epsilon: number): { mean: string; deviation: string } {
  const axes = e.b.vector(normalisedAxes(e, x));
  const mean = e.op('ReduceMean', [x, axes], { keepdims: int(1) });
  const centred = e.op('Sub', [x, mean]);
  const variance = e.op('ReduceMean', [e.op('Mul', [centred, centred]), axes], { keepdims: int(1) });
  const deviation = e.op('Sqrt', [e.op('Add', [variance, numberLike(e, epsilon, x)])]);
  const normalized = e.op('Div', [centred, deviation]);
  if (beta === undefined) e.finish(0, 'Mul', [normalized, gamma]);
  else e.finish(0, 'Add', [e.op('Mul', [normalized, gamma]), beta]);
  return { mean, deviation };
}

function emitRmsNorm(e: Emitter, x: string, gamma: string, epsilon: number): string {
  const square = e.op('ReduceMean', [e.op('Mul', [x, x]), e.b.vector(normalisedAxes(e, x))], { keepdims: int(1) });
  const deviation = e.op('Sqrt', [e.op('Add', [square, numberLike(e, epsilon, x)])]);
  e.finish(0, 'Mul', [e.op('Div', [x, deviation]), gamma]);
  return deviation;
}

/** All axes from `axis` on. */
function normalisedAxes(e: Emitter, x: string): number[] {
  const axis = intAttribute(e.node, 'axis', -1);
  const rank = e.rank(x);
  if (axis < 0) return Array.from({ length: -axis }, (_, i) => axis + i);
  if (rank === undefined) throw new MechanistError('unsupported', 'The rank of the normalised tensor is not known.');
  return Array.from({ length: rank - axis }, (_, i) => axis + i);
}
