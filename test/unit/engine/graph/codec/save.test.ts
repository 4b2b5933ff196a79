import { existsSync, mkdtempSync, readFileSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InferenceSession, Tensor as OrtTensor } from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { GraphBuilder } from '../../../../../src/engine/graph/builder.ts';
import { decodeFile } from '../../../../../src/engine/graph/codec/decode.ts';
import { saveModel } from '../../../../../src/engine/graph/codec/save.ts';
import type { Graph } from '../../../../../src/engine/graph/ir.ts';
import { f32 } from '../../../../../src/engine/tensor.ts';
import type { Tensor } from '../../../../../src/engine/tensor.ts';
import { failureOf } from '../../../../support/failure.ts';

const large = f32([40, 40], Array.from({ length: 1600 }, (_, i) => (i % 41 === 0 ? 2 : 0)));
const small = f32([40], Array.from({ length: 40 }, (_, i) => i));
const weights = new Map<string, Tensor>([['z.large', large], ['a.small', small]]);
const source = { get: (name: string): Tensor => weights.get(name)! };

function affine(): Graph {
  const b = new GraphBuilder();
  b.input('x', 'float32', ['batch', 40]);
  b.parameter('z.large', 'float32', [40, 40]);
  b.parameter('a.small', 'float32', [40]);
  b.add(b.matmul('x', 'z.large'), 'a.small', 'y');
  return b.build(['y']);
}

describe.each([['in one file', false], ['with external data', true]])('a model saved %s', (_, externalData) => {
  const folder = mkdtempSync(join(tmpdir(), 'mechanist-'));
  const file = join(folder, 'm.onnx');
  saveModel(affine(), source, file, { externalData });

  it('has weights beside it only when asked, and nothing left over', () => {
    expect(readdirSync(folder).sort()).toEqual(externalData ? ['m.onnx', 'm.onnx.data'] : ['m.onnx']);
  });
  it('runs in the runtime as it is', async () => {
    const session = await InferenceSession.create(file, { intraOpNumThreads: 1 });
    const x = Float32Array.from({ length: 40 }, (__, i) => i + 1);
    const { y } = await session.run({ x: new OrtTensor('float32', x, [1, 40]) });
    await session.release();
    expect(y!.data).toEqual(Float32Array.from(x, (v, i) => 2 * v + i));
  });
  it('gives its weights back', () => {
    const decoded = decodeFile(file);
    for (const [name, value] of weights) expect(decoded.weights.get(name)!.load()).toEqual(value);
  });
  it('is saved to the same bytes after reading', () => {
    const decoded = decodeFile(file);
    const again = join(mkdtempSync(join(tmpdir(), 'mechanist-')), 'm.onnx');
    saveModel(decoded.graph, { get: (name) => decoded.weights.get(name)!.load() }, again, { externalData });
    for (const name of readdirSync(folder)) expect(readFileSync(join(again, '..', name)).equals(readFileSync(join(folder, name)))).toBe(true);
  });
});

it('a value of another shape than declared is refused and leaves no file', () => {
  const folder = mkdtempSync(join(tmpdir(), 'mechanist-'));
  const file = join(folder, 'm.onnx');
  expect(failureOf(() => saveModel(affine(), { get: () => small }, file, { externalData: true }))).toMatchObject({ reason: 'argument', field: 'parameter z.large' });
  expect(existsSync(file)).toBe(false);
  expect(readdirSync(folder)).toEqual([]);
});

it('a folder that cannot be written to is reported', () => {
  expect(failureOf(() => saveModel(affine(), source, '/proc/none/m.onnx'))).toMatchObject({ reason: 'runtime', file: '/proc/none/m.onnx' });
});
