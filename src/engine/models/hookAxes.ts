/** What the axes of a hook point mean, told from its TransformerLens name. */
import type { Shape } from '../graph/ir.ts';

/** `query` and `pos` both run over positions; `key` is the attended position. */
export type AxisRole = 'batch' | 'pos' | 'head' | 'query' | 'key' | 'feature';

/**
 * The role of each axis. Names outside the TransformerLens scheme (tensors of foreign files) are read by their
 * symbols: "batch" and "pos" where they occur, the last remaining axis as `feature`; anything else is undefined.
 */
export function hookAxes(name: string, shape: Shape): readonly (AxisRole | undefined)[] {
  if (/\.attn\.hook_(attn_scores|pattern)$/.test(name) && shape.length === 4) return ['batch', 'head', 'query', 'key'];
  if (shape.length === 4 && headwise.test(name)) return ['batch', 'pos', 'head', 'feature'];
  // Image models have a fixed number of positions, which no symbol names.
  if (shape.length === 3 && streamwise.test(name)) return ['batch', 'pos', 'feature'];
  const roles: (AxisRole | undefined)[] = shape.map((dim) => (dim === 'batch' ? 'batch' : dim === 'pos' ? 'pos' : undefined));
  const last = roles.length - 1;
  if (last >= 0 && roles[last] === undefined) roles[last] = 'feature';
  return roles;
}

const headwise = /(\.attn\.hook_(q|k|v|z|rot_q|rot_k|result)|\.attn\.[qk]_norm\.hook_(scale|normalized)|\.hook_(q|k|v)_input|\.ln1(_k|_v)?\.hook_(scale|normalized))$/;
const streamwise = /(^|\.)((embed\.|embed\.ln\.|ln_pre\.|ln_final\.)?hook_\w+|blocks\.\d+\.(\w+\.)?hook_\w+)$/;
