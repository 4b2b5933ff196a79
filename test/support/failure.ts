/** Catching the engine's typed error in a test. */
import { MechanistError } from '../../src/engine/errors.ts';

/** The error that `action` throws. Anything but a `MechanistError` is rethrown; no error at all is one too. */
export function failureOf(action: () => unknown): MechanistError {
  try {
    action();
  } catch (error) {
    if (MechanistError.is(error)) return error;
    throw error;
  }
  throw new Error('The action succeeded.');
}
