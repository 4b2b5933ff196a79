/**
 * One end of a conversation: requests with progress and cancellation in both directions, and events.
 * It knows nothing of processes or webviews; a `Transport` carries its envelopes.
 */
import * as v from 'valibot';
import { envelopeSchema, protocolVersion } from './wire.ts';
import type { Envelope, Priority, WireError } from './wire.ts';

export interface Transport {
  send(envelope: Envelope): void;
  /** Called with whatever arrives, unchecked. */
  onMessage(listener: (message: unknown) => void): void;
  /** Called once when nothing more can arrive, with the reason as text. */
  onClose(listener: (reason: string) => void): void;
}

export interface CallOptions {
  /** `interactive` (default) overtakes `batch` on the other side. */
  readonly priority?: Priority;
  readonly signal?: AbortSignal;
  readonly onProgress?: (value: unknown) => void;
}

export interface IncomingCall {
  readonly method: string;
  readonly params: unknown;
  readonly priority: Priority;
  /** Aborted when the other side cancels or goes away. */
  readonly signal: AbortSignal;
  progress(value: unknown): void;
}

/** A failed request, as the caller sees it. */
export class PeerError extends Error {
  override readonly name = 'PeerError';
  readonly details: WireError;

  constructor(details: WireError) {
    super(details.message);
    this.details = details;
  }

  static is(error: unknown, reason?: string): error is PeerError {
    return error instanceof PeerError && (reason === undefined || error.details.reason === reason);
  }
}

export interface PeerOptions {
  /** Answers requests; what it returns is the result, what it throws becomes the error. */
  readonly handle: (call: IncomingCall) => Promise<unknown>;
  /** Turns a thrown value into an error that may cross the boundary. */
  readonly describeError: (error: unknown) => WireError;
  readonly onEvent?: (name: string, value: unknown) => void;
  /** Told about envelopes that do not follow the protocol; they are otherwise dropped. */
  readonly onViolation?: (problem: string) => void;
}

interface Pending {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: PeerError) => void;
  readonly onProgress: ((value: unknown) => void) | undefined;
  readonly detach: () => void;
}

export class Peer {
  private readonly transport: Transport;
  private readonly options: PeerOptions;
  private readonly pending = new Map<number, Pending>();
  private readonly incoming = new Map<number, AbortController>();
  private nextId = 1;
  private closed: string | undefined;
  /** Resolves when the other side has said hello in our version; rejects when it speaks another. */
  readonly ready: Promise<void>;
  private settleReady!: { resolve: () => void; reject: (error: PeerError) => void };

  constructor(transport: Transport, options: PeerOptions) {
    this.transport = transport;
    this.options = options;
    this.ready = new Promise((resolve, reject) => {
      this.settleReady = { resolve, reject };
    });
    // Whoever needs readiness awaits it; nobody has to.
    this.ready.catch(() => undefined);
    transport.onMessage((message) => this.receive(message));
    transport.onClose((reason) => this.close(reason));
    transport.send({ kind: 'hello', version: protocolVersion });
  }

  /** Sends a request. Rejects with `PeerError`: the other side's error, `cancelled`, or `disconnected`. */
  call(method: string, params: unknown, options: CallOptions = {}): Promise<unknown> {
    if (this.closed !== undefined) return Promise.reject(disconnected(this.closed));
    if (options.signal?.aborted) return Promise.reject(cancelled());
    const id = this.nextId++;
    return new Promise((resolve, reject) => {
      const abort = (): void => {
        // The caller is released at once; the other side stops at its next step.
        this.transport.send({ kind: 'cancel', id });
        this.take(id)?.reject(cancelled());
      };
      options.signal?.addEventListener('abort', abort, { once: true });
      this.pending.set(id, {
        resolve, reject, onProgress: options.onProgress, detach: () => options.signal?.removeEventListener('abort', abort),
      });
      this.transport.send({ kind: 'request', id, method, params, priority: options.priority ?? 'interactive' });
    });
  }

  emit(name: string, value: unknown): void {
    if (this.closed === undefined) this.transport.send({ kind: 'event', name, value });
  }

  /** Number of requests that wait for an answer. */
  get waiting(): number {
    return this.pending.size;
  }

  /** Ends the conversation: waiting callers are rejected, running handlers aborted. */
  close(reason: string): void {
    if (this.closed !== undefined) return;
    this.closed = reason;
    this.settleReady.reject(disconnected(reason));
    for (const id of this.pending.keys()) this.take(id)!.reject(disconnected(reason));
    for (const controller of this.incoming.values()) controller.abort();
    this.incoming.clear();
  }

  private receive(message: unknown): void {
    if (this.closed !== undefined) return;
    const parsed = v.safeParse(envelopeSchema, message);
    if (!parsed.success) {
      this.options.onViolation?.(v.summarize(parsed.issues));
      return;
    }
    const envelope = parsed.output;
    switch (envelope.kind) {
      case 'hello': this.greet(envelope.version); break;
      case 'request': void this.answer(envelope); break;
      case 'progress': this.pending.get(envelope.id)?.onProgress?.(envelope.value); break;
      case 'result': this.take(envelope.id)?.resolve(envelope.value); break;
      case 'error': this.take(envelope.id)?.reject(new PeerError(envelope.error)); break;
      case 'cancel': this.incoming.get(envelope.id)?.abort(); break;
      case 'event': this.options.onEvent?.(envelope.name, envelope.value); break;
    }
  }

  private greet(version: number): void {
    if (version === protocolVersion) this.settleReady.resolve();
    else this.close(`the other side speaks protocol version ${version}, this one ${protocolVersion}`);
  }

  private async answer(request: Extract<Envelope, { kind: 'request' }>): Promise<void> {
    const { id, method, params, priority } = request;
    if (this.incoming.has(id)) {
      this.options.onViolation?.(`request ${id} was sent twice`);
      return;
    }
    const controller = new AbortController();
    this.incoming.set(id, controller);
    const reply = (envelope: Envelope): void => {
      if (this.closed === undefined) this.transport.send(envelope);
    };
    try {
      const value = await this.options.handle({
        method, params, priority, signal: controller.signal, progress: (step) => reply({ kind: 'progress', id, value: step }),
      });
      reply({ kind: 'result', id, value });
    } catch (error) {
      reply({ kind: 'error', id, error: this.options.describeError(error) });
    } finally {
      this.incoming.delete(id);
    }
  }

  private take(id: number): Pending | undefined {
    const pending = this.pending.get(id);
    this.pending.delete(id);
    pending?.detach();
    return pending;
  }
}

const cancelled = (): PeerError => new PeerError({ reason: 'cancelled', message: 'Stopped on request.' });
const disconnected = (why: string): PeerError => new PeerError({ reason: 'disconnected', message: `The connection is closed: ${why}.` });
