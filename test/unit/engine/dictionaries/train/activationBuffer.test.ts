/** The buffer between model and training: bounded, shuffled, repeatable, resumable. */
import { expect, test } from 'vitest';
import { ActivationBuffer } from '../../../../../src/engine/dictionaries/train/activationBuffer.ts';
import type { ActivationSource } from '../../../../../src/engine/dictionaries/train/activationBuffer.ts';

const options = { batchSize: 4, bytes: 4 * 2 * 2 * 4 * 5, seed: 3 };

test('every row of the source is handed out once, in a shuffled order', async () => {
  const { source } = counting();
  const seen = await draw(new ActivationBuffer(source, options), 10);
  expect(seen.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 40 }, (_, i) => i));
  expect(seen).not.toEqual(Array.from({ length: 40 }, (_, i) => i));
});

test('no more of the source is read ahead than one fill', async () => {
  const { source, chunks } = counting();
  const buffer = new ActivationBuffer(source, options);
  await draw(buffer, 5);
  // Five batches of four rows are one fill, which is three chunks of seven rows.
  expect(chunks()).toBe(3);
  await draw(buffer, 1);
  expect(chunks()).toBeLessThanOrEqual(7);
});

test.each([0, 1, 4, 5, 6, 9])('a buffer resumed after %i batches goes on with the next', async (done) => {
  const whole = await draw(new ActivationBuffer(counting().source, options), 12);
  const first = new ActivationBuffer(counting().source, options);
  const before = await draw(first, done);
  const resumed = new ActivationBuffer(counting().source, options, first.snapshot());
  expect([...before, ...(await draw(resumed, 12 - done))]).toEqual(whole);
});

test('too little memory is an error before anything is read', () => {
  const { source, chunks } = counting();
  expect(() => new ActivationBuffer(source, { ...options, bytes: 100 })).toThrow(expect.objectContaining({ reason: 'memory' }));
  expect(chunks()).toBe(0);
});

/** Rows [i, i] for i = 0, 1, …, seven to a chunk. */
function counting(): { source: ActivationSource; chunks: () => number } {
  let read = 0;
  const source: ActivationSource = {
    xShape: [2],
    yShape: [2],
    async chunk(index) {
      read++;
      const x = { dtype: 'float32', dims: [7, 2], data: Float32Array.from({ length: 14 }, (_, i) => index * 7 + Math.floor(i / 2)) } as const;
      return { x, y: x };
    },
  };
  return { source, chunks: () => read };
}

async function draw(buffer: ActivationBuffer, batches: number): Promise<number[]> {
  const rows: number[] = [];
  for (let i = 0; i < batches; i++) {
    const { x } = await buffer.batch();
    for (let row = 0; row < x.dims[0]!; row++) rows.push(x.data[2 * row]!);
  }
  return rows;
}
