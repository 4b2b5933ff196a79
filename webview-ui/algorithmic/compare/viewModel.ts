/** Two circuits side by side, with what chance alone would share. Pure. */
import type { CircuitMembers } from '../../../src/protocol/methods/algorithmicResults.ts';

export interface Overlap {
  readonly common: readonly string[];
  readonly onlyFirst: readonly string[];
  readonly onlySecond: readonly string[];
  /** Common edges that two random circuits of these sizes have on average. */
  readonly expected: number;
  /** Common of all. */
  readonly jaccard: number;
}

export function overlapOf(first: CircuitMembers, second: CircuitMembers): Overlap {
  const [a, b] = [first.edges.map(({ name }) => name), second.edges.map(({ name }) => name)];
  const [inA, inB] = [new Set(a), new Set(b)];
  const common = a.filter((name) => inB.has(name));
  const all = a.length + b.length - common.length;
  return {
    common, onlyFirst: a.filter((name) => !inB.has(name)), onlySecond: b.filter((name) => !inA.has(name)),
    expected: first.of > 0 ? (a.length * b.length) / first.of : 0, jaccard: all > 0 ? common.length / all : 0,
  };
}
