/** Definitions written out, to compare the fast computations with. */
import { notApplicable } from '../../../../src/semantic/groundTruth/variables.ts';

/** Share of (positive, negative) pairs in which the positive is larger; equal ones count half. */
export function pairwiseAuroc(values: ArrayLike<number>, codes: Uint8Array, classes: readonly number[], weights?: (row: number) => number): number {
  let [concordant, pairs] = [0, 0];
  codes.forEach((a, i) => {
    if (a === notApplicable || !classes.includes(a)) return;
    codes.forEach((b, j) => {
      if (b === notApplicable || classes.includes(b)) return;
      const weight = weights === undefined ? 1 : weights(i) * weights(j);
      pairs += weight;
      concordant += weight * (values[i]! > values[j]! ? 1 : values[i] === values[j] ? 0.5 : 0);
    });
  });
  return concordant / pairs;
}

/** F1 of "positive from `threshold` upwards". */
export function f1At(values: ArrayLike<number>, codes: Uint8Array, classes: readonly number[], threshold: number): number {
  let [hits, alarms, misses] = [0, 0, 0];
  codes.forEach((code, i) => {
    if (code === notApplicable) return;
    const said = values[i]! >= threshold;
    if (!classes.includes(code)) alarms += said ? 1 : 0;
    else if (said) hits++;
    else misses++;
  });
  return (2 * hits) / (2 * hits + alarms + misses);
}
