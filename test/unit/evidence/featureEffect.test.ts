import { expect, it } from 'vitest';
import { changeAlong, unit } from '../../../src/evidence/methods/featureEffect.ts';
import { Random } from '../../../src/engine/random.ts';
import { f32 } from '../../../src/engine/tensor.ts';

it('the control of a dictionary at hook_z moves all heads of a token together, as far as the feature did', () => {
  // [batch, pos, head, d_head]: two tokens of two heads with three entries.
  const before = f32([1, 2, 2, 3], new Float32Array(12).fill(1));
  const after = f32([1, 2, 2, 3], [4, 1, 1, 1, 5, 1, 1, 1, 1, 1, 1, 1]);
  const moved = changeAlong(unit(new Random(2), 6), before, after);
  expect(moved.dims).toEqual([1, 2, 2, 3]);
  expect(Math.hypot(...moved.data.subarray(0, 6))).toBeCloseTo(5, 5);
  expect(Math.hypot(...moved.data.subarray(6))).toBe(0);
});
