import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { float16ToFloat32, float32ToFloat16 } from '../../../../../src/engine/formats/half.ts';
import { GraphBuilder } from '../../../../../src/engine/graph/builder.ts';
import { saveModel } from '../../../../../src/engine/graph/codec/save.ts';
import { openOnnx } from '../../../../../src/engine/models/onnx/openOnnx.ts';
import { Program } from '../../../../../src/engine/runtime/program.ts';
import { f32, tensor } from '../../../../../src/engine/tensor.ts';
import type { Tensor } from '../../../../../src/engine/tensor.ts';
import { normal } from '../../../../support/random.ts';

/** y = cast(cast(x) · W + b) with W and b in half precision, in a folder `onnx` below the model's own. */
function writeHalfModel(): { file: string; weights: Tensor } {
  const b = new GraphBuilder();
  b.input('x', 'float32', ['batch', 8]);
  b.parameter('w', 'float16', [8, 8]);
  const bias = b.constant(tensor('float16', [], float32ToFloat16(Float32Array.of(0.25))), 'bias');
  b.cast(b.add(b.matmul(b.cast('x', 'float16', 'half'), 'w', 'product'), bias), 'float32', 'y');
  const weights = tensor('float16', [8, 8], float32ToFloat16(Float32Array.from(normal(64, 1))));
  const folder = mkdtempSync(join(tmpdir(), 'mechanist-'));
  mkdirSync(join(folder, 'onnx'));
  writeFileSync(join(folder, 'config.json'), '{}');
  const file = join(folder, 'onnx', 'model_fp16.onnx');
  saveModel(b.build(['y']), { get: () => weights }, file);
  return { file, weights };
}

describe('a half-precision file', () => {
  it('is computed in single precision from its own weights', async () => {
    const { file, weights } = writeHalfModel();
    const model = await openOnnx(file);
    expect(model.parameters.info('w').dtype).toBe('float32');
    const x = f32([2, 8], normal(16, 2));
    const program = await Program.compile({ ...model.graph(), outputs: ['product', 'y'] }, { threads: 1 });
    const results = await program.run(model.feeds(new Map([['x', x]])), model.parameters);
    await program.release();
    const w = float16ToFloat32(weights.data as Uint16Array);
    for (let i = 0; i < 16; i++) {
      let sum = 0;
      for (let k = 0; k < 8; k++) sum += x.data[8 * Math.floor(i / 8) + k]! * w[8 * k + (i % 8)]!;
      expect(Number(results.get('product')!.data[i])).toBeCloseTo(sum, 5);
      expect(Number(results.get('y')!.data[i])).toBeCloseTo(sum + 0.25, 5);
    }
  });

  it('has hook points like any other', async () => {
    const model = await openOnnx(writeHalfModel().file);
    expect(model.hookPoints().every(({ type }) => type.dtype === 'float32')).toBe(true);
    expect(model.hookPoints().map(({ name }) => name)).toEqual(expect.arrayContaining(['x', 'product', 'y']));
    expect(model.id).not.toBe('onnx');
  });
});
