/** A stack of blocks with an optional final norm: the part that all families share. */
import type { GraphOptions } from '../model.ts';
import { block } from './block.ts';
import { normalize } from './norm.ts';
import type { RotaryTables } from './rotary.ts';
import type { Scope } from './scope.ts';
import type { TowerSpec } from './spec.ts';

export interface TowerContext {
  readonly options: GraphOptions;
  /** The additive mask for a window; undefined result: everything is visible. */
  readonly mask: (window: number | undefined) => string | undefined;
  readonly rotary: RotaryTables | undefined;
}

/** All blocks; takes and gives the stream [b, p, d]. */
export function blocks(scope: Scope, spec: TowerSpec, { options, mask, rotary }: TowerContext, stream: string): string {
  let x = stream;
  for (let layer = 0; layer < spec.sizes.nLayers; layer++) {
    const context = { sizes: spec.sizes, spec: spec.attention, layer, options, mask: mask(spec.attention.window?.(layer)), rotary };
    x = block(scope.within(`blocks.${layer}`), spec, context, x);
  }
  return x;
}

/** `ln_final`, where the model has one; an RMS norm's result is `ln_final.hook_out`. */
export function finalNorm(scope: Scope, { sizes }: TowerSpec, x: string): string {
  return scope.has('ln_final.w') ? normalize(scope, sizes.normalization, 'ln_final', x, sizes.normEps, { out: 'ln_final.hook_out' }) : x;
}
