/** Matrix products: with transposition, with an activation, and with block-quantised weights. */
import { MechanistError } from '../../../errors.ts';
import { scalar } from '../../../tensor.ts';
import { dtypeCodes } from '../../infer/elementwise.ts';
import { floatAttribute, int, intAttribute, ints, string } from '../../ir.ts';
import type { Attribute } from '../../ir.ts';
import type { Emitter } from '../rewrite.ts';
import { finishWithActivation, numberLike } from './activations.ts';

/** alpha · A′ · B′ with the last two axes of either optionally exchanged. */
export function fusedMatMul(e: Emitter): boolean {
  if (intAttribute(e.node, 'transBatchA', 0) !== 0 || intAttribute(e.node, 'transBatchB', 0) !== 0) {
    throw new MechanistError('unsupported', 'Products with transposed batch axes are not supported.');
  }
  const a = intAttribute(e.node, 'transA', 0) === 0 ? e.required(0) : exchanged(e, e.required(0));
  const b = intAttribute(e.node, 'transB', 0) === 0 ? e.required(1) : exchanged(e, e.required(1));
  const alpha = floatAttribute(e.node, 'alpha', 1);
  if (alpha === 1) e.finish(0, 'MatMul', [a, b]);
  else e.finish(0, 'Mul', [e.op('MatMul', [a, b]), numberLike(e, alpha, a)]);
  return true;
}

function exchanged(e: Emitter, x: string): string {
  const rank = e.rank(x);
  if (rank === undefined) return e.op('Einsum', [x], { equation: string('...ij->...ji') });
  if (rank < 2) return x;
  const perm = Array.from({ length: rank }, (_, i) => i);
  return e.op('Transpose', [x], { perm: ints([...perm.slice(0, -2), rank - 1, rank - 2]) });
}

export function fusedGemm(e: Emitter): boolean {
  const attributes: Record<string, Attribute> = {};
  for (const name of ['alpha', 'beta', 'transA', 'transB']) {
    const a = e.node.attributes.get(name);
    if (a !== undefined) attributes[name] = a;
  }
  finishWithActivation(e, e.op('Gemm', e.node.inputs, attributes));
  return true;
}

/** Inputs: X, W, B?, Z?. Z is added before the activation. */
export function fusedConv(e: Emitter): boolean {
  const attributes = Object.fromEntries([...e.node.attributes].filter(([name]) => !name.startsWith('activation')));
  const product = e.op('Conv', [e.required(0), e.required(1), ...(e.input(2) === undefined ? [] : [e.required(2)])], attributes);
  const other = e.input(3);
  finishWithActivation(e, other === undefined ? product : e.op('Add', [product, other]));
  return true;
}

/**
 * A [.., K] · dequantised(B)ᵀ: weights of 4 or 8 bits in blocks along K, one scale (and zero point) per block.
 * Inputs: A, B [N, blocks, bytes], scales, zero points?, g_idx?, bias?. Packed low nibble first.
 */
export function matMulNBits(e: Emitter): boolean {
  const [k, n, bits, block] = (['K', 'N', 'bits', 'block_size'] as const).map((name) => intAttribute(e.node, name, name === 'bits' ? 4 : 0)) as [number, number, number, number];
  if (bits !== 4 && bits !== 8) throw new MechanistError('unsupported', `Weights of ${bits} bits are not supported.`);
  if (k <= 0 || n <= 0 || block < 16) throw new MechanistError('parse', 'K, N or block_size is missing or impossible.');
  if (e.input(4) !== undefined) throw new MechanistError('unsupported', 'Weights in permuted groups (g_idx) are not supported.');
  const a = e.required(0);
  const blocks = Math.ceil(k / block);
  const quantised = e.op('Reshape', [unpacked(e, e.required(1), bits), e.b.vector([n, blocks, block])]);
  const scales = e.op('Reshape', [e.required(2), e.b.vector([n, blocks, 1])]);
  const float = (x: string): string => e.op('Cast', [x], { to: int(codeOf(e, a)) });
  const centred = e.op('Sub', [float(quantised), zeroPoints(e, bits, n, blocks, a)]);
  const scaled = e.op('Mul', [centred, scales]);
  // The last block is padded when K is no multiple of the block size.
  const flat = e.op('Reshape', [scaled, e.b.vector([n, blocks * block])]);
  const weights = blocks * block === k ? flat : e.op('Slice', [flat, e.b.vector([0]), e.b.vector([k]), e.b.vector([1])]);
  const transposed = e.op('Transpose', [weights], { perm: ints([1, 0]) });
  const bias = e.input(5);
  if (bias === undefined) e.finish(0, 'MatMul', [a, transposed]);
  else e.finish(0, 'Add', [e.op('MatMul', [a, transposed]), bias]);
  return true;
}

function zeroPoints(e: Emitter, bits: number, n: number, blocks: number, like: string): string {
  const given = e.input(3);
  if (given === undefined) return numberLike(e, 2 ** (bits - 1), like);
  const code = int(codeOf(e, like));
  if (e.b.typeOf(given)?.dtype !== 'uint8') return e.op('Reshape', [e.op('Cast', [given], { to: code }), e.b.vector([n, blocks, 1])]);
  // Rows are padded to whole bytes.
  const perRow = Math.ceil((blocks * bits) / 8) * (8 / bits);
  const rows = e.op('Reshape', [unpacked(e, given, bits), e.b.vector([n, perRow])]);
  const cut = perRow === blocks ? rows : e.op('Slice', [rows, e.b.vector([0]), e.b.vector([blocks]), e.b.vector([1])]);
  return e.op('Cast', [e.op('Reshape', [cut, e.b.vector([n, blocks, 1])])], { to: code });
}

/** Bytes, or their nibbles with the low one first along a new last axis. */
function unpacked(e: Emitter, bytes: string, bits: number): string {
  if (bits === 8) return bytes;
  const constant = (value: number): string => e.b.constant(scalar('uint8', value), 'nibble');
  const low = e.op('BitwiseAnd', [bytes, constant(15)]);
  const high = e.op('BitShift', [bytes, constant(4)], { direction: string('RIGHT') });
  const last = e.b.vector([-1]);
  return e.op('Concat', [e.op('Unsqueeze', [low, last]), e.op('Unsqueeze', [high, last])], { axis: int(-1) });
}

function codeOf(e: Emitter, name: string): number {
  const dtype = e.b.typeOf(name)?.dtype ?? 'float32';
  for (const [code, known] of dtypeCodes) if (known === dtype) return code;
  throw new MechanistError('unsupported', `Products of ${dtype} are not supported.`);
}
