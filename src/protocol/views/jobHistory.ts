/** Reports of a running job that are kept for its curves, on both sides. */

/** Every second one is dropped when there are more. */
const kept = 400;

/** The reports with some more, thinned: the latest always stays. */
export function withReports(history: readonly unknown[], fresh: readonly unknown[]): readonly unknown[] {
  const all = [...history, ...fresh];
  return all.length > kept ? all.filter((_, index) => index % 2 === 0 || index === all.length - 1) : all;
}
