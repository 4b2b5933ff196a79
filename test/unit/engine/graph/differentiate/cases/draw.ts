/** How the inputs of gradient cases are drawn. */

/** Between 0.5 and 2. */
export const positive = (random: () => number): number => 0.5 + 1.5 * random();

/** Away from 0 by at least 0.1, of either sign. */
export const nonZero = (random: () => number): number => (random() < 0.5 ? -1 : 1) * (0.1 + random());

/** Strictly inside (−1, 1). */
export const inside = (random: () => number): number => 1.6 * random() - 0.8;

/** All different, at least 0.02 apart, in scattered order: for operators that pick the largest. */
export const distinct = (_: () => number, index: number): number => ((index * 37) % 101) * 0.02 - 1;
