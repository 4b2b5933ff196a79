/** What a set of checks has come to. */
export interface Count {
  readonly passed: number;
  readonly failed: number;
  /** Names of what failed, to be said again at the end of a long output. */
  readonly failures: readonly string[];
}

export const nothing: Count = { passed: 0, failed: 0, failures: [] };

export function sum(...counts: readonly Count[]): Count {
  return counts.reduce((all, { passed, failed, failures }) => ({ passed: all.passed + passed, failed: all.failed + failed, failures: [...all.failures, ...failures] }), nothing);
}
