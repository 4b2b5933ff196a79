/** Activations for labels, gathered once per store: to learn from, and held out to score on. */
import { gatherEvidence } from '../../../semantic/labels/evidence.ts';
import type { Evidence } from '../../../semantic/labels/evidence.ts';
import { contextsOf } from '../../../semantic/store/corpus.ts';
import { MechanistError } from '../../../engine/errors.ts';
import type { FeatureStore } from '../../../semantic/store/store.ts';
import type { Job } from '../../scheduler.ts';
import { programOf } from './context.ts';
import type { FeatureContext } from './context.ts';

const known = new WeakMap<FeatureStore, { fit?: Evidence; heldOut?: Evidence }>();

/** Errors: `argument` for a corpus that holds nothing out; `cancelled`. */
export async function* evidenceOf(context: FeatureContext, store: FeatureStore, kind: 'fit' | 'heldOut', signal: AbortSignal): Job<Evidence> {
  const kept = known.get(store) ?? {};
  known.set(store, kept);
  if (kept[kind] !== undefined) return kept[kind];
  const held = kind === 'heldOut';
  const of = contextsOf(store.corpus, held).length;
  if (of === 0) throw new MechanistError('argument', 'The corpus is too short to hold examples out, so labels cannot be scored.', { hint: 'Harvest more text.' });
  const steps = gatherEvidence(programOf(context), store.corpus, store.latents, held, signal);
  for (;;) {
    context.open.requireOpen();
    const step = await steps.next();
    if (step.done === true) return (kept[kind] = step.value);
    yield { stage: kind, done: step.value, of };
  }
}
