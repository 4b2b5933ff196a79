/** Every decomposition against onnxruntime's own kernel of the contrib operator. */
import { describe, expect, it } from 'vitest';
import { MechanistError } from '../../../../../src/engine/errors.ts';
import { importGraph } from '../../../../../src/engine/graph/import/importGraph.ts';
import { float, int, ints, string } from '../../../../../src/engine/graph/ir.ts';
import type { Attribute } from '../../../../../src/engine/graph/ir.ts';
import { elementCount, f32, i64, tensor } from '../../../../../src/engine/tensor.ts';
import type { Tensor } from '../../../../../src/engine/tensor.ts';
import { contrib, expectSame, graphOf, node } from './againstRuntime.ts';

/** Values without pattern, the same in every run. */
function varied(dims: readonly number[], seed: number): Tensor<'float32'> {
  return f32(dims, Array.from({ length: elementCount(dims) }, (_, i) => Math.sin(12.9898 * (i + 1) + 78.233 * seed) * 1.5));
}

const i32 = (dims: readonly number[], values: readonly number[]): Tensor => tensor('int32', dims, Int32Array.from(values));
const u8 = (dims: readonly number[], seed: number): Tensor => tensor('uint8', dims, Uint8Array.from({ length: elementCount(dims) }, (_, i) => (i * 37 + seed * 11 + 5) % 256));

describe('activations', () => {
  const x = varied([2, 3, 8], 1);
  const bias = varied([8], 2);
  it.each([
    ['Gelu', ['x'], {}],
    ['FastGelu', ['x'], {}],
    ['FastGelu', ['x', 'bias'], {}],
    ['BiasGelu', ['x', 'bias'], {}],
    ['QuickGelu', ['x'], {}],
    ['QuickGelu', ['x'], { alpha: float(1) }],
  ] as const)('%s of %j %j', async (op, inputs, attributes) => {
    await expectSame({ nodes: [contrib(op, inputs, ['y'], attributes)], feeds: inputs.length === 2 ? { x, bias } : { x }, outputs: ['y'] });
  });
});

describe('normalisations', () => {
  const feeds = { x: varied([2, 3, 8], 1), skip: varied([2, 3, 8], 2), gamma: varied([8], 3), beta: varied([8], 4), bias: varied([8], 5) };
  const pick = (...names: (keyof typeof feeds)[]): Record<string, Tensor> => Object.fromEntries(names.map((name) => [name, feeds[name]]));
  const eps = { epsilon: float(1e-3) };

  it('LayerNormalization with its statistics', async () => {
    await expectSame({ nodes: [node('LayerNormalization', ['x', 'gamma', 'beta'], ['y', 'mean', 'inverse'], eps)], feeds: pick('x', 'gamma', 'beta'), outputs: ['y', 'mean', 'inverse'] });
  });
  it('LayerNormalization over two axes', async () => {
    const gamma = varied([3, 8], 7);
    await expectSame({ nodes: [node('LayerNormalization', ['x', 'gamma'], ['y'], { axis: int(1) })], feeds: { x: feeds.x, gamma }, outputs: ['y'] });
  });
  it('SimplifiedLayerNormalization', async () => {
    await expectSame({ nodes: [node('SimplifiedLayerNormalization', ['x', 'gamma'], ['y'], { ...eps, axis: int(-1), stash_type: int(1) })], feeds: pick('x', 'gamma'), outputs: ['y'] });
  });
  it('SkipLayerNormalization with the sum as output', async () => {
    await expectSame({ nodes: [contrib('SkipLayerNormalization', ['x', 'skip', 'gamma', 'beta', 'bias'], ['y', '', '', 'sum'], eps)], feeds, outputs: ['y', 'sum'] });
  });
  it('SkipSimplifiedLayerNormalization with the sum as output', async () => {
    await expectSame({ nodes: [contrib('SkipSimplifiedLayerNormalization', ['x', 'skip', 'gamma', 'bias'], ['y', '', '', 'sum'], eps)], feeds: pick('x', 'skip', 'gamma', 'bias'), outputs: ['y', 'sum'] });
  });
  it('SkipSimplifiedLayerNormalization without a bias', async () => {
    await expectSame({ nodes: [contrib('SkipSimplifiedLayerNormalization', ['x', 'skip', 'gamma'], ['y'], eps)], feeds: pick('x', 'skip', 'gamma'), outputs: ['y'] });
  });
  it('EmbedLayerNormalization with segments and mask', async () => {
    const tables = { word: varied([11, 8], 1), position: varied([6, 8], 2), segment: varied([2, 8], 3) };
    const ids = { ids: i32([2, 4], [1, 2, 3, 10, 0, 5, 6, 7]), segments: i32([2, 4], [0, 0, 1, 1, 0, 1, 1, 1]), mask: i32([2, 4], [1, 1, 1, 0, 1, 1, 0, 0]) };
    await expectSame({
      nodes: [contrib('EmbedLayerNormalization', ['ids', 'segments', 'word', 'position', 'segment', 'gamma', 'beta', 'mask'], ['y', 'lengths', 'sum'], eps)],
      feeds: { ...ids, ...tables, ...pick('gamma', 'beta') }, outputs: ['y', 'lengths'],
    });
  });
});

describe('products', () => {
  it.each([[0, 0], [1, 0], [0, 1], [1, 1]])('FusedMatMul with transA %i, transB %i', async (transA, transB) => {
    await expectSame({
      nodes: [contrib('FusedMatMul', ['a', 'b'], ['y'], { transA: int(transA), transB: int(transB), alpha: float(0.25) })],
      feeds: { a: varied(transA === 1 ? [2, 4, 3] : [2, 3, 4], 1), b: varied(transB === 1 ? [2, 5, 4] : [2, 4, 5], 2) }, outputs: ['y'],
    });
  });
  it('FusedGemm with an activation', async () => {
    await expectSame({ nodes: [contrib('FusedGemm', ['a', 'b', 'c'], ['y'], { activation: string('Relu'), transB: int(1) })], feeds: { a: varied([3, 4], 1), b: varied([5, 4], 2), c: varied([5], 3) }, outputs: ['y'] });
  });
  it('FusedConv with an activation', async () => {
    await expectSame({ nodes: [contrib('FusedConv', ['x', 'w', 'b'], ['y'], { activation: string('Relu'), pads: ints([1, 1, 1, 1]), strides: ints([2, 2]) })], feeds: { x: varied([1, 2, 7, 7], 1), w: varied([3, 2, 3, 3], 2), b: varied([3], 3) }, outputs: ['y'] });
  });
  it.each([
    ['without zero points', 32, 16, false],
    ['with zero points', 64, 32, true],
    ['with an odd number of blocks and zero points', 96, 32, true],
    ['with a padded last block', 40, 16, true],
  ] as const)('MatMulNBits %s', async (_, k, block, hasZeroPoints) => {
    const n = 3;
    const blocks = Math.ceil(k / block);
    const zeroPoints = hasZeroPoints ? { z: u8([n * Math.ceil(blocks / 2)], 3) } : {};
    await expectSame({
      nodes: [contrib('MatMulNBits', ['a', 'b', 's', ...Object.keys(zeroPoints)], ['y'], { K: int(k), N: int(n), bits: int(4), block_size: int(block) })],
      feeds: { a: varied([2, 2, k], 1) }, constants: { b: u8([n, blocks, block / 2], 2), s: varied([n * blocks], 4), ...zeroPoints }, outputs: ['y'],
    }, 1e-3);
  });
});

/** Tables of a rotary embedding. */
function rotaryTables(length: number, half: number): { cos: Tensor; sin: Tensor } {
  const angle = (i: number): number => Math.floor(i / half) * 10 ** (-(i % half) / half);
  const table = (f: (x: number) => number): Tensor => f32([length, half], Array.from({ length: length * half }, (_, i) => f(angle(i))));
  return { cos: table(Math.cos), sin: table(Math.sin) };
}

describe('rotary embeddings', () => {
  const positions = i64([2, 4], [0, 1, 2, 3, 2, 3, 4, 5]);
  it.each([
    ['halves', [2, 4, 16], 4, {}],
    ['interleaved pairs', [2, 4, 16], 4, { interleaved: int(1) }],
    ['heads before positions', [2, 2, 4, 8], 4, {}],
    ['part of each head', [2, 4, 16], 2, { num_heads: int(2), rotary_embedding_dim: int(4) }],
  ] as const)('%s', async (_, dims, half, attributes) => {
    await expectSame({ nodes: [contrib('RotaryEmbedding', ['x', 'p', 'cos', 'sin'], ['y'], attributes)], feeds: { x: varied(dims, 1), p: positions, ...rotaryTables(8, half) }, outputs: ['y'] });
  });
  it('an offset instead of positions', async () => {
    await expectSame({ nodes: [contrib('RotaryEmbedding', ['x', 'p', 'cos', 'sin'], ['y'])], feeds: { x: varied([2, 4, 16], 1), p: i64([1], [3]), ...rotaryTables(8, 4) }, outputs: ['y'] });
  });
});

describe('attention', () => {
  const mha = { num_heads: int(2) };
  const qkv = { q: varied([2, 3, 8], 1), k: varied([2, 5, 8], 2), v: varied([2, 5, 8], 3) };
  it.each([
    ['plain', ['q', 'k', 'v'], {}, {}],
    ['with a scale', ['q', 'k', 'v'], { scale: float(0.1) }, {}],
    ['with a bias', ['q', 'k', 'v', 'bias'], {}, { bias: varied([24], 4) }],
    ['with a padding mask', ['q', 'k', 'v', '', 'mask'], {}, { mask: i32([2, 5], [1, 1, 1, 0, 0, 1, 1, 1, 1, 1]) }],
    ['with an attention bias', ['q', 'k', 'v', '', '', 'rel'], {}, { rel: varied([1, 2, 3, 5], 5) }],
  ] as const)('MultiHeadAttention %s', async (_, inputs, attributes: Readonly<Record<string, Attribute>>, more: Readonly<Record<string, Tensor>>) => {
    await expectSame({ nodes: [contrib('MultiHeadAttention', inputs, ['y'], { ...mha, ...attributes })], feeds: { ...qkv, ...more }, outputs: ['y'] });
  });
  it('MultiHeadAttention, causal, with a past', async () => {
    const feeds = { q: varied([2, 3, 8], 1), k: varied([2, 3, 8], 2), v: varied([2, 3, 8], 3), pk: varied([2, 2, 4, 4], 4), pv: varied([2, 2, 4, 4], 5) };
    await expectSame({
      nodes: [contrib('MultiHeadAttention', ['q', 'k', 'v', '', '', '', 'pk', 'pv'], ['y', 'nk', 'nv'], { ...mha, unidirectional: int(1) })], feeds, outputs: ['y', 'nk', 'nv'],
    });
  });

  it.each([
    ['plain', ['x', 'w', 'b'], {}, {}],
    ['causal', ['x', 'w', 'b'], { unidirectional: int(1) }, {}],
    ['with mask flags', ['x', 'w', 'b', 'mask'], {}, { mask: i32([2, 3], [1, 1, 0, 1, 1, 1]) }],
    ['with lengths', ['x', 'w', 'b', 'mask'], {}, { mask: i32([2], [2, 3]) }],
    ['with values of another width', ['x', 'w', 'b'], { qkv_hidden_sizes: ints([8, 8, 4]) }, { w: varied([6, 20], 2), b: varied([20], 3) }],
  ] as const)('Attention %s', async (_, inputs, attributes: Readonly<Record<string, Attribute>>, more: Readonly<Record<string, Tensor>>) => {
    await expectSame({ nodes: [contrib('Attention', inputs, ['y'], { num_heads: int(2), ...attributes })], feeds: { x: varied([2, 3, 6], 1), w: varied([6, 24], 2), b: varied([24], 3), ...more }, outputs: ['y'] });
  });
  it('Attention with a past', async () => {
    const feeds = { x: varied([2, 3, 6], 1), w: varied([6, 24], 2), b: varied([24], 3), past: varied([2, 2, 2, 4, 4], 4) };
    await expectSame({ nodes: [contrib('Attention', ['x', 'w', 'b', '', 'past'], ['y', 'present'], { num_heads: int(2), unidirectional: int(1) })], feeds, outputs: ['y', 'present'] });
  });
});

describe('GroupQueryAttention', () => {
  const gqa = { num_heads: int(4), kv_num_heads: int(2) };
  const feeds = {
    q: varied([2, 5, 64], 1), k: varied([2, 5, 32], 2), v: varied([2, 5, 32], 3), pk: varied([2, 2, 0, 16], 4), pv: varied([2, 2, 0, 16], 5),
    lengths: i32([2], [4, 4]), total: i32([1], [5]),
  };
  const inputs = ['q', 'k', 'v', 'pk', 'pv', 'lengths', 'total'];
  it.each([
    ['plain', {}],
    ['with a scale', { scale: float(0.2) }],
    ['with capped scores', { softcap: float(5) }],
    ['with a window', { local_window_size: int(2) }],
    ['with rotary embedding', { do_rotary: int(1) }],
    ['with interleaved rotary embedding, window and cap', { do_rotary: int(1), rotary_interleaved: int(1), local_window_size: int(3), softcap: float(2) }],
  ] as const)('%s', async (_, attributes: Readonly<Record<string, Attribute>>) => {
    const rotary = 'do_rotary' in attributes;
    await expectSame({
      nodes: [contrib('GroupQueryAttention', rotary ? [...inputs, 'cos', 'sin'] : inputs, ['y', 'nk', 'nv'], { ...gqa, ...attributes })],
      feeds: rotary ? { ...feeds, ...rotaryTables(8, 8) } : feeds, outputs: ['y', 'nk', 'nv'],
    });
  });
  it('with everything packed into the query', async () => {
    const packed = { qkv: varied([2, 5, 128], 1), pk: feeds.pk, pv: feeds.pv, lengths: feeds.lengths, total: feeds.total };
    await expectSame({ nodes: [contrib('GroupQueryAttention', ['qkv', '', '', 'pk', 'pv', 'lengths', 'total'], ['y', 'nk', 'nv'], gqa)], feeds: packed, outputs: ['y'] });
  });
  it('after a past of equal length in all rows', async () => {
    const later = { ...feeds, pk: varied([2, 2, 3, 16], 4), pv: varied([2, 2, 3, 16], 5), q: varied([2, 1, 64], 6), k: varied([2, 1, 32], 7), v: varied([2, 1, 32], 8), lengths: i32([2], [3, 3]), total: i32([1], [4]) };
    await expectSame({ nodes: [contrib('GroupQueryAttention', [...inputs, 'cos', 'sin'], ['y', 'nk', 'nv'], { ...gqa, do_rotary: int(1) })], feeds: { ...later, ...rotaryTables(8, 8) }, outputs: ['y', 'nk', 'nv'] });
  });
});

describe('operators without a decomposition', () => {
  it('are refused by name', () => {
    const graph = graphOf({ nodes: [contrib('QAttention', ['x'], ['y'])], feeds: { x: varied([2], 1) }, outputs: ['y'] });
    const attempt = (): unknown => importGraph({ graph, opsets: new Map([['', 18]]) });
    expect(attempt).toThrow(MechanistError);
    expect(attempt).toThrow(/QAttention/);
  });
});
