/** How a text longer than a model's context is read: in overlapping windows, each token's results from one of them. */

/** Tokens [from, to) are read together; results count for [keep, to). */
export interface Window {
  readonly from: number;
  readonly keep: number;
  readonly to: number;
}

/**
 * Windows over `count` tokens for a context of `context` positions, `special` of which are taken by special tokens.
 * A text that fits is one window. A longer one is read in windows of half the context, a quarter apart, so that a token
 * has at least a quarter of the context before it (or all of its text). Every token is kept exactly once, in order.
 */
export function planWindows(count: number, context: number, special: number): Window[] {
  if (count === 0) return [];
  if (count + special <= context) return [{ from: 0, keep: 0, to: count }];
  const length = Math.max(2, Math.floor(context / 2) - special);
  const stride = Math.max(1, Math.min(Math.floor(context / 4), length - 1));
  const windows: Window[] = [];
  for (let keep = 0; keep < count; ) {
    const from = keep === 0 ? 0 : keep + stride - length;
    const to = Math.min(count, from + length);
    windows.push({ from, keep, to });
    keep = to;
  }
  return windows;
}
