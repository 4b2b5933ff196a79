/** A page's end of the conversation with the host: requests with progress and cancellation, events both ways. */
import { failureText } from '../../src/protocol/failureText.ts';
import type { MethodName, Params, Results } from '../../src/protocol/methods.ts';
import { Peer, PeerError } from '../../src/protocol/peer.ts';
import type { CallOptions } from '../../src/protocol/peer.ts';
import type { PageEvents, PanelEvents, PanelMethod, PanelParams, PanelResults } from '../../src/protocol/views/panel.ts';
import type { Host } from './host.ts';

export class PanelChannel {
  private readonly peer: Peer;
  private readonly listeners = new Map<string, Set<(value: never) => void>>();

  constructor(host: Host) {
    this.peer = new Peer(
      { send: (envelope) => host.send(envelope), onMessage: (listener) => host.onMessage(listener), onClose: () => undefined },
      {
        handle: () => Promise.reject(new Error('A page answers no requests.')),
        describeError: (error) => ({ reason: 'protocol', message: String(error) }),
        onEvent: (name, value) => this.listeners.get(name)?.forEach((listener) => listener(value as never)),
      },
    );
  }

  /** Asks the engine. Rejects with `PeerError`. */
  call<M extends MethodName>(method: M, params: Params<M>, options: CallOptions = {}): Promise<Results[M]> {
    return this.peer.call(method, params, options) as Promise<Results[M]>;
  }

  /** Asks the host. Rejects with `PeerError`. */
  ask<M extends PanelMethod>(method: M, params: PanelParams<M>, options: CallOptions = {}): Promise<PanelResults[M]> {
    return this.peer.call(method, params, options) as Promise<PanelResults[M]>;
  }

  /** Returns what ends the listening. */
  on<E extends keyof PanelEvents>(event: E, listener: (value: PanelEvents[E]) => void): () => void {
    const heard = this.listeners.get(event) ?? new Set();
    this.listeners.set(event, heard);
    heard.add(listener);
    return () => heard.delete(listener);
  }

  tell<E extends keyof PageEvents>(event: E, value: PageEvents[E]): void {
    this.peer.emit(event, value);
  }
}

/**
 * Tells a person of a request that failed and that no part of the page draws: what buttons and keys ask for without waiting.
 * False for what is no failed request. One that was cancelled, or whose engine has gone (which the page shows), is told nobody.
 */
export function tellFailure(channel: Pick<PanelChannel, 'tell'>, error: unknown): boolean {
  if (!PeerError.is(error)) return false;
  if (!PeerError.is(error, 'cancelled') && !PeerError.is(error, 'disconnected')) channel.tell('failure', { message: failureText(error).slice(0, 2000) });
  return true;
}
