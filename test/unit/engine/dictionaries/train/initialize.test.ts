import { expect, test } from 'vitest';
import { geometricMedian, initialParameters } from '../../../../../src/engine/dictionaries/train/initialize.ts';
import { trainingOptions } from '../../../../../src/engine/dictionaries/train/options.ts';
import { Random } from '../../../../../src/engine/random.ts';
import { f32 } from '../../../../../src/engine/tensor.ts';
import { normal } from '../../../../support/random.ts';

test('the geometric median is not moved by one far point', () => {
  const points = [[0, 0], [1, 0], [0, 1], [1, 1], [0.5, 0.5], [1000, -1000]];
  const [a, b] = geometricMedian(Float32Array.from(points.flat()), 2);
  expect(Math.hypot(a! - 0.5, b! - 0.5)).toBeLessThan(0.35);
});

test('an autoencoder starts with unit decoder rows, the encoder their transpose', () => {
  const x = f32([64, 8], normal(512, 1));
  const options = trainingOptions({ architecture: 'topk', dIn: 8, nLatents: 16, k: 4, steps: 10, batchSize: 64 });
  const parameters = initialParameters(options, { x, y: x }, new Random(1));
  const [encoder, decoder] = ['W_enc', 'W_dec'].map((name) => parameters.get(name)!.data) as [Float32Array, Float32Array];
  for (let s = 0; s < 16; s++) {
    expect(Math.hypot(...decoder.subarray(s * 8, (s + 1) * 8))).toBeCloseTo(1, 5);
    for (let i = 0; i < 8; i++) expect(encoder[i * 16 + s]).toBe(decoder[s * 8 + i]);
  }
});

test('jumprelu thresholds start where the first batch has the wanted number of active latents', () => {
  const x = f32([64, 8], normal(512, 1));
  const options = trainingOptions({ architecture: 'jumprelu', dIn: 8, nLatents: 16, k: 2, initialExcess: 1.5, steps: 10, batchSize: 64 });
  const parameters = initialParameters(options, { x, y: x }, new Random(1));
  const [encoder, centre] = ['W_enc', 'b_dec'].map((name) => parameters.get(name)!.data) as [Float32Array, Float32Array];
  const threshold = Math.exp(parameters.get('log_threshold')!.data[0]!);
  let active = 0;
  for (let row = 0; row < 64; row++) {
    for (let s = 0; s < 16; s++) {
      let h = 0;
      for (let i = 0; i < 8; i++) h += (x.data[row * 8 + i]! - centre[i]!) * encoder[i * 16 + s]!;
      if (h > threshold) active++;
    }
  }
  expect(active / 64).toBeCloseTo(3, 1);
});
