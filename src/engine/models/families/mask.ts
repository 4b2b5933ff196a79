/** Additive attention masks, one per kind of attention and shared by all layers. */
import type { GraphBuilder } from '../../graph/builder.ts';

/**
 * Added to the scores of what may not be attended. Large enough that its exponential is exactly 0 in float32 and
 * float64, small enough that a row which is masked throughout stays finite (its pattern becomes uniform, or nearly so).
 */
const masked = -1e9;

export interface MaskInputs {
  readonly causal: boolean;
  /** int64 [pos]: 0, 1, 2… */
  readonly positions: string;
  /** int64 [batch, pos], 1 = a token, 0 = padding. */
  readonly attentionMask: string;
}

/** The mask for a window (undefined: unlimited), float32 [batch, 1, query or 1, key]. Built at the first request. */
export function maskCache(b: GraphBuilder, inputs: MaskInputs): (window: number | undefined) => string {
  const known = new Map<number | undefined, string>();
  const present = b.unsqueeze(b.cast(inputs.attentionMask, 'bool'), [1, 2]);
  return (window) => {
    let mask = known.get(window);
    if (mask === undefined) known.set(window, (mask = additive(b, visible(b, inputs, present, window))));
    return mask;
  };
}

function visible(b: GraphBuilder, { causal, positions }: MaskInputs, present: string, window: number | undefined): string {
  if (!causal) return present;
  const key = b.unsqueeze(positions, [0]);
  const query = b.unsqueeze(positions, [1]);
  let allowed = b.node('LessOrEqual', [key, query]);
  if (window !== undefined) {
    const recent = b.node('Less', [b.sub(query, key), b.scalar(window, 'int64')]);
    allowed = b.node('And', [allowed, recent]);
  }
  return b.node('And', [allowed, present]);
}

function additive(b: GraphBuilder, allowed: string): string {
  return b.where(allowed, b.scalar(0), b.scalar(masked));
}
