import { describe, expect, it } from 'vitest';
import { patternScores } from '../../../src/algorithmic/headScores.ts';
import { tensor } from '../../../src/engine/tensor.ts';

/** One head that attends wholly to the listed (query, key) pairs and to itself elsewhere. */
function pattern(size: number, pairs: readonly (readonly [number, number])[]) {
  const data = new Float32Array(size * size);
  for (let q = 0; q < size; q++) data[q * size + (pairs.find(([query]) => query === q)?.[1] ?? q)] = 1;
  return tensor('float32', [1, 1, size, size], data);
}

const tokens = [9, 1, 2, 3, 1, 2, 3];

describe('patternScores', () => {
  it.each([
    ['duplicate token', [[4, 1], [5, 2], [6, 3]], { duplicateToken: 1, induction: 0 }],
    ['induction', [[4, 2], [5, 3], [6, 4]], { duplicateToken: 0, induction: 1 }],
    ['previous token', [1, 2, 3, 4, 5, 6].map((q) => [q, q - 1]), { previousToken: 1 }],
    ['half an induction', [[4, 2]], { induction: 1 / 3 }],
  ] as const)('gives full marks to the golden pattern of a %s head', (_, pairs, expected) => {
    expect(patternScores(pattern(7, pairs as unknown as [number, number][]), tokens, 0)[0]).toMatchObject(expected);
  });
});
