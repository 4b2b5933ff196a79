/** Cantor pairs, by which circuit-tracer numbers features: (l, f) ↦ (l + f)(l + f + 1)/2 + f. They exceed 32 bits (trap T13). */

/** Exact up to 2⁵³. Errors are the caller's: layer and feature must be whole and not negative. */
export function cantorPair(layer: number, feature: number): number {
  const sum = layer + feature;
  return Number((BigInt(sum) * BigInt(sum + 1)) / 2n) + feature;
}

/** The inverse, with an integer square root; undefined for what is no whole number ≥ 0. */
export function cantorUnpair(pair: number): { layer: number; feature: number } | undefined {
  if (!Number.isSafeInteger(pair) || pair < 0) return undefined;
  const whole = BigInt(pair);
  const sum = (squareRoot(8n * whole + 1n) - 1n) / 2n;
  const feature = whole - (sum * (sum + 1n)) / 2n;
  return { layer: Number(sum - feature), feature: Number(feature) };
}

function squareRoot(value: bigint): bigint {
  let root = BigInt(Math.floor(Math.sqrt(Number(value))));
  while (root * root > value) root--;
  while ((root + 1n) * (root + 1n) <= value) root++;
  return root;
}
