/** Files that decode but cannot be opened as a model: a typed error with the file, soon, without the memory they ask for. */
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { MechanistError } from '../../../../../src/engine/errors.ts';
import { int, ints } from '../../../../../src/engine/graph/ir.ts';
import type { Attribute } from '../../../../../src/engine/graph/ir.ts';
import { openOnnx } from '../../../../../src/engine/models/onnx/openOnnx.ts';
import { f32, i64, tensor } from '../../../../../src/engine/tensor.ts';
import { encodeAt, graphOf, node } from '../../graph/import/againstRuntime.ts';
import type { Case } from '../../graph/import/againstRuntime.ts';

const folder = mkdtempSync(join(tmpdir(), 'mechanist-'));
const x = f32([2, 3], [1, 2, 3, 4, 5, 6]);

async function failureOfOpening(name: string, test: Case, opset = 17): Promise<MechanistError> {
  const file = join(folder, `${name}.onnx`);
  writeFileSync(file, encodeAt(graphOf({ ...test, nodes: test.nodes.map((n, i) => ({ ...n, name: `n${i}` })) }), opset));
  const error: unknown = await openOnnx(file).catch((reason: unknown) => reason);
  if (!MechanistError.is(error)) throw new Error('The file was opened.');
  expect(error.file).toBe(file);
  return error;
}

describe('a file is refused', () => {
  it('whose tensors would fill the machine', async () => {
    const nodes = [node('ConstantOfShape', ['s'], ['big']), node('CumSum', ['big', 'axis'], ['sum']), node('ReduceMax', ['sum'], ['m'], { keepdims: int(0) }), node('Mul', ['x', 'm'], ['p']), node('NonZero', ['p'], ['y'])];
    const error = await failureOfOpening('huge', { nodes, feeds: { x }, constants: { s: i64([3], [4096, 4096, 4096]), axis: i64([], [0]) }, outputs: ['y'] });
    expect(error.reason).toBe('memory');
  });
  it('whose shapes contradict each other', async () => {
    const error = await failureOfOpening('clash', { nodes: [node('Add', ['x', 'v'], ['y'])], feeds: { x }, constants: { v: f32([4], [1, 2, 3, 4]) }, outputs: ['y'] });
    expect(error).toMatchObject({ reason: 'argument', field: 'node n0 (Add)' });
  });
  it('whose operator does not exist', async () => {
    const error = await failureOfOpening('unknown', { nodes: [node('NoSuchOperator', ['x'], ['y'])], feeds: { x }, outputs: ['y'] });
    expect(error.reason).toBe('runtime');
  });
  it('that has no inputs', async () => {
    const error = await failureOfOpening('closed', { nodes: [node('Neg', ['c'], ['y'])], feeds: {}, constants: { c: f32([1], [1]) }, outputs: ['y'] });
    expect(error).toMatchObject({ reason: 'unsupported', field: 'graph.input' });
  });
  it('that indexes outside its tables while being traced', async () => {
    const nodes = [node('Gather', ['t', 'i'], ['g']), node('Mul', ['x', 'g'], ['p']), node('NonZero', ['p'], ['y'])];
    const error = await failureOfOpening('outside', { nodes, feeds: { x }, constants: { t: f32([2], [1, 2]), i: i64([1], [7]) }, outputs: ['y'] });
    expect(error.reason).toBe('runtime');
  });
});

it('a loop of many rounds is not run while opening', async () => {
  const body: Attribute = { type: 'graph', value: { ...graphOf({ nodes: [node('Add', ['state', 'state'], ['next']), node('Identity', ['go'], ['again'])], feeds: { round: i64([], [0]), go: tensor('bool', [], Uint8Array.of(1)), state: x }, outputs: ['again', 'next'] }) } };
  const nodes = [node('Loop', ['rounds', 'go', 'x'], ['z'], { body }), node('ReduceSum', ['z', 'axes'], ['y'], { keepdims: int(0) }), node('Transpose', ['x'], ['w'], { perm: ints([1, 0]) })].map((n, i) => ({ ...n, name: `n${i}` }));
  const file = join(folder, 'loop.onnx');
  writeFileSync(file, encodeAt(graphOf({ nodes, feeds: { x }, constants: { rounds: i64([], [2 ** 50]), go: tensor('bool', [], Uint8Array.of(1)), axes: i64([1], [0]) }, outputs: ['y', 'w'] }), 17));
  const model = await openOnnx(file);
  expect(model.graph().types.get('w')?.shape).toEqual([3, 2]);
  expect(model.graph().types.get('y')).toBeUndefined();
});
