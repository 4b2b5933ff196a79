/** `model.close`: frees a model's weights, programs and dictionaries. Jobs that use it are stopped at their next step. */
import type { ParsedParams } from '../../protocol/methods.ts';
import type { Job } from '../scheduler.ts';
import type { Session } from '../session.ts';
import { whileWaiting } from '../waiting.ts';

/** Errors: `not-found`. */
export async function* modelClose(session: Session, { model }: ParsedParams<'model.close'>): Job<null> {
  yield* whileWaiting(session.close(model), { stage: 'closing' });
  return null;
}
