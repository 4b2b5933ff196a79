/** An event without vscode, for parts that are tested outside the editor. Its `event` has the shape that vscode expects. */
import type { Disposable } from './disposables.ts';

/** Listeners of all events together. */
export const listening = { count: 0 };

export class Listeners<T> implements Disposable {
  private readonly listeners = new Set<(value: T) => void>();

  readonly event = (listener: (value: T) => void): Disposable => {
    this.listeners.add(listener);
    listening.count++;
    return { dispose: () => this.remove(listener) };
  };

  fire(value: T): void {
    for (const listener of this.listeners) listener(value);
  }

  dispose(): void {
    for (const listener of this.listeners) this.remove(listener);
  }

  private remove(listener: (value: T) => void): void {
    if (this.listeners.delete(listener)) listening.count--;
  }
}
