/**
 * Brings a graph of standard operators from the operator-set version of its file to ours (18). What moved between
 * attributes and inputs is moved, what changed meaning is spelled out, what cannot be said is refused by name.
 * Constants must have been lifted (constants.ts). Contrib operators are left to decompose.ts.
 */
import { MechanistError } from '../../errors.ts';
import { i64, numbersOf, scalar, tensor } from '../../tensor.ts';
import { floatAttribute, int, intAttribute, intsAttribute, string, stringAttribute } from '../ir.ts';
import type { Attribute, Graph, Node } from '../ir.ts';
import { normalAxis } from '../shape.ts';
import { emitGelu } from './contrib/activations.ts';
import { layerNormalization } from './contrib/norms.ts';
import { rewrite } from './rewrite.ts';
import type { Emitter, RewriteRule } from './rewrite.ts';

const OLDEST_OPSET = 7;
const NEWEST_OPSET = 20;

/**
 * The same computation in operator set 18, given the standard set's version in the file.
 * Errors: `unsupported` for a version outside 7…20 or an operator that has no equal; `parse` for broken nodes.
 */
export function normalizeOpset(graph: Graph, version: number): Graph {
  if (version < OLDEST_OPSET || version > NEWEST_OPSET) {
    throw new MechanistError('unsupported', `Operator set ${version} is not supported.`, {
      field: 'opset_import', hint: `Versions ${OLDEST_OPSET} to ${NEWEST_OPSET} are; export the model with one of them.`,
    });
  }
  return rewrite(graph, (node) => (node.domain === '' ? ruleOf(node, version) : undefined));
}

function ruleOf(node: Node, version: number): RewriteRule | undefined {
  if (node.op.startsWith('Reduce')) return axesToInput;
  const rule = rules.get(node.op);
  return rule === undefined ? undefined : (e) => rule(e, version);
}

const rules: ReadonlyMap<string, (e: Emitter, version: number) => boolean> = new Map([
  ['Squeeze', axesToInput],
  ['Unsqueeze', axesToInput],
  ['Split', split],
  ['Slice', slice],
  ['Pad', pad],
  ['Clip', clip],
  ['Dropout', dropout],
  ['TopK', (e) => attributesToInputs(e, [['k', (v) => e.b.constant(i64([1], v))]])],
  ['Upsample', upsample],
  ['Resize', resize],
  ['Softmax', softmax],
  ['LogSoftmax', softmax],
  ['Hardmax', softmax],
  ['BatchNormalization', batchNormalization],
  ['Scatter', (e) => e.replace({ op: 'ScatterElements' })],
  ['Cast', (e) => e.replace({ attributes: without(e.node, 'saturate') })],
  ['Gelu', (e) => emitGelu(e, e.required(0), stringAttribute(e.node, 'approximate', 'none') === 'tanh' ? 'tanh' : 'erf')],
  ['LayerNormalization', layerNormalization],
  ['AveragePool', (e) => {
    if (intsAttribute(e.node, 'dilations')?.some((d) => d !== 1) === true) throw refused('Average pooling with dilations');
    return e.replace({ attributes: without(e.node, 'dilations') });
  }],
  ['GridSample', (e) => {
    const older: Readonly<Record<string, string>> = { linear: 'bilinear', cubic: 'bicubic' };
    const mode = stringAttribute(e.node, 'mode', 'linear');
    return e.replace({ attributes: new Map([...e.node.attributes, ['mode', string(older[mode] ?? mode)]]) });
  }],
  ...['DeformConv', 'AffineGrid', 'ImageDecoder', 'DFT'].map((op): [string, (e: Emitter, version: number) => boolean] => [op, (_, version) => {
    if (version > 18) throw refused(`${op} of operator set ${version}`);
    return false;
  }]),
]);

function refused(what: string): MechanistError {
  return new MechanistError('unsupported', `${what} is not supported.`);
}

function without(node: Node, ...names: readonly string[]): Map<string, Attribute> {
  return new Map([...node.attributes].filter(([name]) => !names.includes(name)));
}

/** Appends attributes that became inputs, in order, where the node still carries them. */
function attributesToInputs(e: Emitter, moves: readonly (readonly [string, (value: readonly number[]) => string])[]): boolean {
  if (!moves.some(([name]) => e.node.attributes.has(name))) return false;
  const inputs = [e.required(0)];
  for (const [name, make] of moves) {
    const a = e.node.attributes.get(name);
    const value = a?.type === 'ints' || a?.type === 'floats' ? a.value : a?.type === 'int' || a?.type === 'float' ? [a.value] : undefined;
    inputs.push(value === undefined ? '' : make(value));
  }
  while (inputs.at(-1) === '') inputs.pop();
  return e.replace({ inputs, attributes: without(e.node, ...moves.map(([name]) => name)) });
}

function axesToInput(e: Emitter): boolean {
  return attributesToInputs(e, [['axes', (v) => e.b.constant(i64([v.length], v))]]);
}

function split(e: Emitter): boolean {
  const sizes = intsAttribute(e.node, 'split');
  const input = e.input(1) ?? (sizes === undefined ? undefined : e.b.constant(i64([sizes.length], sizes)));
  const attributes = without(e.node, 'split', 'num_outputs');
  if (input !== undefined) return e.replace({ inputs: [e.required(0), input], attributes });
  return e.replace({ attributes: attributes.set('num_outputs', int(e.node.outputs.length)) });
}

function slice(e: Emitter): boolean {
  const vector = (v: readonly number[]): string => e.b.constant(i64([v.length], v));
  if (attributesToInputs(e, [['starts', vector], ['ends', vector], ['axes', vector]])) return true;
  const bounds = e.node.inputs.map((name, i) => (i === 1 || i === 2 ? saturated(e, name) : name));
  return bounds.some((name, i) => name !== e.node.inputs[i]) && e.replace({ inputs: bounds });
}

/** Bounds such as the largest int64 mean "to the end"; any number beyond the axis says the same and fits a double. */
function saturated(e: Emitter, name: string): string {
  const bound = e.b.constantOf(name);
  if (!(bound?.data instanceof BigInt64Array) || bound.data.every((v) => Number.isSafeInteger(Number(v)))) return name;
  return e.b.constant(i64(bound.dims, Array.from(bound.data, (v) => Math.max(-Number.MAX_SAFE_INTEGER, Math.min(Number.MAX_SAFE_INTEGER, Number(v))))));
}

function pad(e: Emitter): boolean {
  if (stringAttribute(e.node, 'mode', 'constant') === 'wrap') throw refused('Padding by wrapping around');
  const axes = e.input(3);
  if (axes !== undefined) return padEveryAxis(e, axes);
  return attributesToInputs(e, [['pads', (v) => e.b.constant(i64([v.length], v))], ['value', (v) => floatScalar(e, v[0]!)]]);
}

/**
 * Writes out the margins of the axes that are not named, which are 0: onnxruntime 1.30 moves a Transpose through a Pad
 * without regard to `axes`, and the program then fails at run time.
 */
function padEveryAxis(e: Emitter, axes: string): boolean {
  const rank = e.rank(e.required(0));
  const named = e.b.constantOf(axes);
  if (rank === undefined || named === undefined) return false;
  const before = Array.from(numbersOf(named), (axis) => normalAxis(axis, rank));
  const places = [...before, ...before.map((axis) => axis + rank)];
  const pads = e.op('ScatterElements', [e.b.vector(Array<number>(2 * rank).fill(0)), e.b.vector(places), e.required(1)], { axis: int(0) });
  return e.replace({ inputs: [e.required(0), pads, e.input(2) ?? ''] });
}

function clip(e: Emitter): boolean {
  return attributesToInputs(e, [['min', (v) => floatScalar(e, v[0]!)], ['max', (v) => floatScalar(e, v[0]!)]]);
}

/** A scalar of the type of input 0. Half-precision types are cast in the graph. */
function floatScalar(e: Emitter, value: number): string {
  const dtype = e.b.typeOf(e.required(0))?.dtype ?? 'float32';
  return dtype === 'float16' || dtype === 'bfloat16' ? e.b.cast(e.b.scalar(value), dtype) : e.b.constant(scalar(dtype, value));
}

/** Models are read for inference, where dropout passes everything through. */
function dropout(e: Emitter): boolean {
  const training = e.input(2) === undefined ? undefined : e.b.constantOf(e.input(2)!);
  if (training !== undefined && Number(training.data[0]) !== 0) throw refused('Dropout in training mode');
  if (e.input(2) !== undefined && training === undefined) throw refused('Dropout whose training mode is computed');
  e.finish(0, 'Identity', [e.required(0)]);
  if (e.wants(1)) e.finish(1, 'ConstantOfShape', [e.op('Shape', [e.required(0)])], { value: { type: 'tensor', value: tensor('bool', [1], Uint8Array.of(1)) } });
  return true;
}

/** Upsample maps output coordinates straight to input ones and rounds down. */
const legacyResize: readonly (readonly [string, Attribute])[] = [['coordinate_transformation_mode', string('asymmetric')], ['nearest_mode', string('floor')]];

function upsample(e: Emitter): boolean {
  const scales = e.node.attributes.get('scales');
  const input = e.input(1) ?? (scales?.type === 'floats' ? e.b.constant(tensor('float32', [scales.value.length], Float32Array.from(scales.value))) : undefined);
  if (input === undefined) throw new MechanistError('parse', 'The scales are missing.');
  return e.replace({ op: 'Resize', inputs: [e.required(0), '', input], attributes: new Map([...without(e.node, 'scales'), ...legacyResize]) });
}

function resize(e: Emitter, version: number): boolean {
  if (version < 11) return e.replace({ inputs: [e.required(0), '', e.required(1)], attributes: new Map([...e.node.attributes, ...legacyResize]) });
  if (stringAttribute(e.node, 'coordinate_transformation_mode', 'half_pixel') === 'half_pixel_symmetric') throw refused('Resizing with half_pixel_symmetric coordinates');
  // Version 11 wants an empty tensor where later versions want an omitted input.
  const isEmpty = (i: number): boolean => e.input(i) !== undefined && e.b.constantOf(e.input(i)!)?.data.length === 0;
  if (!isEmpty(1) && !isEmpty(2)) return false;
  return e.replace({ inputs: e.node.inputs.map((name, i) => ((i === 1 || i === 2) && isEmpty(i) ? '' : name)) });
}

/** Before version 13 the input was taken as a matrix: all axes from `axis` on (default 1) were normalised together. */
function softmax(e: Emitter, version: number): boolean {
  if (version >= 13) return false;
  const axis = intAttribute(e.node, 'axis', 1);
  const rank = e.rank(e.required(0));
  if (axis === -1 || (rank !== undefined && axis === rank - 1)) return e.replace({ attributes: new Map([...e.node.attributes, ['axis', int(-1)]]) });
  const x = e.required(0);
  const flat = e.op('Flatten', [x], { axis: int(axis) });
  e.finish(0, 'Reshape', [e.op(e.node.op, [flat], { axis: int(1) }), e.op('Shape', [x])]);
  return true;
}

function batchNormalization(e: Emitter): boolean {
  if (intAttribute(e.node, 'spatial', 1) !== 1) throw refused('Batch normalisation with separate statistics per position');
  if (intAttribute(e.node, 'training_mode', 0) !== 0 || e.node.outputs.slice(1).some((name) => name !== '')) throw refused('Batch normalisation in training mode');
  const epsilon: Attribute = { type: 'float', value: floatAttribute(e.node, 'epsilon', 1e-5) };
  return e.replace({ attributes: new Map([['epsilon', epsilon]]) });
}
