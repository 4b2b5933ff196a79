/** Comparing tensors with a stated tolerance. */
import type { Tensor } from '../../src/engine/tensor.ts';
import { numbersOf } from '../../src/engine/tensor.ts';

/** Largest absolute difference, and the largest magnitude of the expected values. Throws when shapes differ in size. */
export function difference(actual: Tensor, expected: Tensor): { largest: number; scale: number } {
  const [a, e] = [numbersOf(actual), numbersOf(expected)];
  if (a.length !== e.length) throw new Error(`shape [${actual.dims.join()}] against [${expected.dims.join()}]`);
  let largest = 0;
  let scale = 0;
  for (let i = 0; i < a.length; i++) {
    const gap = Math.abs(a[i]! - e[i]!);
    largest = gap > largest || Number.isNaN(gap) ? gap : largest;
    scale = Math.max(scale, Math.abs(e[i]!));
  }
  return { largest, scale };
}
