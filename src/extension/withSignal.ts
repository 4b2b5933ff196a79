/** VS Code's way to cancel as the engine's. */
import type { CancellationToken } from 'vscode';
import { cancelledByUser } from '../protocol/engineClient.ts';

/** Runs with a signal that the token aborts; listens no longer than that. `reason`: another one where it is not a person who cancels. */
export async function withSignal<T>(cancel: CancellationToken, run: (signal: AbortSignal) => PromiseLike<T>, reason = cancelledByUser): Promise<T> {
  const stop = new AbortController();
  const listening = cancel.onCancellationRequested(() => stop.abort(reason));
  try {
    return await run(stop.signal);
  } finally {
    listening.dispose();
  }
}
