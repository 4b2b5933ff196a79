/** A value that is asked for: its loading, progress, failure. A newer request replaces an older one, whose answer is dropped. */
import type { ReactiveController, ReactiveControllerHost } from 'lit';
import { failureText } from '../../src/protocol/failureText.ts';
import { PeerError } from '../../src/protocol/peer.ts';

export type ResourceState<T> =
  | { readonly kind: 'idle' }
  /** `previous` is the last value, which may be shown dimmed meanwhile. */
  | { readonly kind: 'loading'; readonly previous: T | undefined; readonly progress: unknown }
  | { readonly kind: 'ready'; readonly value: T }
  | { readonly kind: 'failed'; readonly message: string; readonly reason: string | undefined };

export class Resource<T> implements ReactiveController {
  state: ResourceState<T> = { kind: 'idle' };
  private readonly element: ReactiveControllerHost;
  private running: AbortController | undefined;
  private work: ((signal: AbortSignal, onProgress: (value: unknown) => void) => Promise<T>) | undefined;

  constructor(element: ReactiveControllerHost) {
    this.element = element;
    element.addController(this);
  }

  /** The value, or the last one while a new one is loading. */
  get value(): T | undefined {
    const { state } = this;
    return state.kind === 'ready' ? state.value : state.kind === 'loading' ? state.previous : undefined;
  }

  /** `keep` goes on showing the last value until the new one is there. */
  async load(work: (signal: AbortSignal, onProgress: (value: unknown) => void) => Promise<T>, { keep = false } = {}): Promise<void> {
    this.running?.abort();
    const run = new AbortController();
    this.running = run;
    this.work = work;
    const previous = keep ? this.value : undefined;
    this.set({ kind: 'loading', previous, progress: undefined });
    const current = (): boolean => this.running === run && !run.signal.aborted;
    try {
      const value = await work(run.signal, (progress) => {
        if (current()) this.set({ kind: 'loading', previous, progress });
      });
      if (current()) this.set({ kind: 'ready', value });
    } catch (error) {
      if (!current()) return;
      if (PeerError.is(error, 'cancelled')) this.set({ kind: 'idle' });
      else this.set({ kind: 'failed', message: failureText(error), reason: PeerError.is(error) ? error.details.reason : undefined });
    }
  }

  retry(): void {
    if (this.work !== undefined) void this.load(this.work);
  }

  /** Stops what is running; the last value stays. */
  cancel(): void {
    this.running?.abort();
    const { value } = this;
    if (this.state.kind === 'loading') this.set(value === undefined ? { kind: 'idle' } : { kind: 'ready', value });
  }

  reset(): void {
    this.running?.abort();
    this.set({ kind: 'idle' });
  }

  replace(value: T): void {
    this.running?.abort();
    this.set({ kind: 'ready', value });
  }

  hostDisconnected(): void {
    this.running?.abort();
  }

  private set(state: ResourceState<T>): void {
    this.state = state;
    this.element.requestUpdate();
  }
}
