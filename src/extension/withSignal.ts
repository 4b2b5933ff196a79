/** VS Code's way to cancel as the engine's. */
import type { CancellationToken } from 'vscode';

/** Runs with a signal that the token aborts; listens no longer than that. */
export async function withSignal<T>(cancel: CancellationToken, run: (signal: AbortSignal) => PromiseLike<T>): Promise<T> {
  const stop = new AbortController();
  const listening = cancel.onCancellationRequested(() => stop.abort());
  try {
    return await run(stop.signal);
  } finally {
    listening.dispose();
  }
}
