import { describe, expect, it } from 'vitest';
import { infer } from '../../../../src/engine/graph/infer/infer.ts';
import { int } from '../../../../src/engine/graph/ir.ts';
import type { Dim, Shape } from '../../../../src/engine/graph/ir.ts';
import { productDim, quotientDim, reshapedShape } from '../../../../src/engine/graph/shape.ts';
import { concrete } from '../../../../src/engine/runtime/memory.ts';
import { i64, tensor } from '../../../../src/engine/tensor.ts';
import type { Tensor } from '../../../../src/engine/tensor.ts';

describe('products of sizes', () => {
  it.each([
    [[], 1], [[2, 3], 6], [['batch', 1], 'batch'], [['pos', 'batch'], 'batch*pos'], [['batch', 2, 'pos', 3], '6*batch*pos'], [['2*batch', 4, '3*pos'], '24*batch*pos'], [['batch', 0], 0],
  ] as const)('of %j is %s', (dims: readonly Dim[], product) => {
    expect(productDim(dims)).toBe(product);
  });
  it.each([
    [['batch', 'pos', 48], ['pos', 4], '12*batch'], [['2*batch'], [2], 'batch'], [['batch*pos', 3], ['batch', 'pos'], 3], [['batch'], ['pos'], undefined], [['batch', 3], [2], undefined], [['batch'], [0], undefined],
  ] as const)('of %j divided by that of %j is %s', (from: Shape, by: Shape, quotient) => {
    expect(quotientDim(from, by)).toBe(quotient);
  });
  it('give the inferred axis of a Reshape', () => {
    expect(reshapedShape(['batch', 'pos', 8], [-1, 8], () => '?')).toEqual(['batch*pos', 8]);
    expect(reshapedShape(['batch*pos', 8], ['batch', -1, 8], () => '?')).toEqual(['batch', 'pos', 8]);
  });
  it('are computed when the symbols are bound', () => {
    expect(concrete(['2*batch*pos', 'pos', 3], new Map([['batch', 2], ['pos', 5]]))).toEqual([20, 5, 3]);
    expect(concrete(['2*batch*pos'], new Map([['batch', 2]]))).toBeUndefined();
  });
});

describe('vectors of sizes', () => {
  const vectors: Readonly<Record<string, readonly Dim[]>> = { flags: [0, 1, 0], shape: ['batch', 'pos', 8], same: ['batch', 'pos', 8], expand: ['batch', -1, 8] };
  const constants: Readonly<Record<string, Tensor>> = { two: i64([1], [2]), minus: i64([3], [-1, -1, -1]), ones: i64([3], [1, 1, 1]), three: i64([1], [3]) };
  const vectorOf = (op: string, inputs: readonly string[], attributes = new Map()): readonly Dim[] | undefined => infer({ name: 'n', op, domain: '', inputs, outputs: ['y'], attributes }, {
    typeOf: (name) => ({ dtype: 'int64', shape: [(vectors[name] ?? constants[name]?.data)?.length ?? 0] }),
    constantOf: (name) => constants[name],
    vectorOf: (name) => vectors[name],
    fresh: () => '?',
  }).vector;

  it('are compared where no run could differ, and chosen by comparison', () => {
    expect(vectorOf('Equal', ['expand', 'minus'])).toEqual([0, 1, 0]);
    expect(vectorOf('Equal', ['shape', 'ones'])).toBeUndefined();
    expect(vectorOf('Where', ['flags', 'ones', 'expand'])).toEqual(['batch', 1, 8]);
  });
  it('are multiplied, divided, subtracted and filled', () => {
    expect(vectorOf('Mul', ['shape', 'two'])).toEqual(['2*batch', '2*pos', 16]);
    expect(vectorOf('Div', ['shape', 'same'])).toEqual([1, 1, 1]);
    expect(vectorOf('Sub', ['shape', 'same'])).toEqual([0, 0, 0]);
    expect(vectorOf('ConstantOfShape', ['three'], new Map([['value', { type: 'tensor', value: tensor('int64', [1], BigInt64Array.of(-1n)) }]]))).toEqual([-1, -1, -1]);
    expect(vectorOf('Gather', ['shape', 'two'], new Map([['axis', int(0)]]))).toEqual([8]);
  });
});
