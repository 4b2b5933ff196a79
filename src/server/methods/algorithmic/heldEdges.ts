/** Edge scores that later requests refer to, kept with their model. */
import type { EdgeGraph } from '../../../algorithmic/edges/edgeGraph.ts';
import { MechanistError } from '../../../engine/errors.ts';
import type { OpenModel } from '../../session.ts';

export interface HeldEdges {
  readonly edges: EdgeGraph;
  readonly scores: Float32Array;
}

const held = new WeakMap<OpenModel, Map<string, HeldEdges>>();
let made = 0;

/** Score matrices kept per model; the oldest goes first. */
const kept = 16;

/** Returns the key. */
export function holdEdges(open: OpenModel, edges: HeldEdges): string {
  const all = held.get(open) ?? new Map<string, HeldEdges>();
  held.set(open, all);
  const key = `edges-${++made}`;
  all.set(key, edges);
  if (all.size > kept) all.delete(all.keys().next().value!);
  return key;
}

/** Errors: `not-found`. */
export function heldEdges(open: OpenModel, key: string): HeldEdges {
  const found = held.get(open)?.get(key);
  if (found === undefined) throw new MechanistError('not-found', 'These edge scores are no longer kept.', { field: 'edges', hint: 'Compute them again.' });
  return found;
}
