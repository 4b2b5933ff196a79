/**
 * A host's engine: started on first use, restarted with restraint, never a surprise. It knows the process only by
 * `EngineProcess`, so it serves the extension, and tests with or without a real child.
 */
import type { Ending, EngineProcess } from './childProcess.ts';
import type { EngineState, RunningCall } from './engineState.ts';
import type { MethodName, Params, Results } from './methods.ts';
import { Peer, PeerError } from './peer.ts';
import type { CallOptions } from './peer.ts';
import { Slots } from './slots.ts';

export interface EngineClientOptions {
  /** Forks the process. May throw: that is a failed start. */
  readonly start: () => EngineProcess;
  /** Milliseconds between automatic restarts, 60,000 by default; a second crash within it needs `restart`. */
  readonly restartInterval?: number;
  /** Milliseconds that the process may take to say hello, 30,000 by default. */
  readonly startTimeout?: number;
  /** Milliseconds that it may take to hear a person's cancellation before it counts as hung and is ended, 10,000 by default. */
  readonly hangTimeout?: number;
  /** Milliseconds without an answer, while requests wait, after which the process counts as silent, 20,000 by default. */
  readonly silence?: number;
  /** Told the milliseconds from a cancellation to the process's next answer: how long it was in the step it was in. */
  readonly onCancelled?: (milliseconds: number) => void;
  /** Batch requests under way at once, 4 by default; the others wait here and not in the process. */
  readonly batchLimit?: number;
  /** Milliseconds, for tests. */
  readonly now?: () => number;
}

/** The reason with which a signal is aborted when a person has asked for it. */
export const cancelledByUser = 'cancelled by the user';

export interface EngineCallOptions extends CallOptions {
  /** Open a source although the process ended the last time it was opened. */
  readonly insist?: boolean;
}

interface Running {
  readonly process: EngineProcess;
  readonly peer: Peer;
  greeted: boolean;
  hung: boolean;
  /** Set when the channel closes: the requests that were waiting then. */
  lost: readonly RunningCall[] | undefined;
  /** Since when it has owed an answer about its status. */
  asked: number | undefined;
  silent: boolean;
  /** What its start failed of, as far as this end knows. */
  problem: string | undefined;
}

export class EngineClient {
  private readonly options: EngineClientOptions;
  private readonly listeners = new Set<(state: EngineState) => void>();
  private readonly calls = new Map<symbol, RunningCall>();
  private readonly refused = new Map<string, string>();
  private readonly batch: Slots;
  private running: Running | undefined;
  private watching: ReturnType<typeof setInterval> | undefined;
  private lastRestart = -Infinity;
  private current: EngineState = { kind: 'idle' };

  constructor(options: EngineClientOptions) {
    this.options = options;
    this.batch = new Slots(options.batchLimit ?? 4);
  }

  get state(): EngineState {
    return this.current;
  }

  /** Process id, for logs and for tests. */
  get pid(): number | undefined {
    return this.running?.process.pid;
  }

  /** Calls `listener` on every change. Returns how to stop that. */
  onState(listener: (state: EngineState) => void): () => void {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  }

  /**
   * Sends a request, starting the process if need be. Rejects with `PeerError`: the engine's own reasons, `cancelled`,
   * `disconnected` when the process ends or is not running, `refused` for a source that ended it before.
   */
  async call<M extends MethodName>(method: M, params: Params<M>, options: EngineCallOptions = {}): Promise<Results[M]> {
    const send = (): Promise<Results[M]> => this.send(method, params, options);
    return options.priority === 'batch' ? this.batch.run(send, options.signal) : send();
  }

  /** Ends the process if there is one and starts another, whatever happened before. Resolves when it is ready. */
  async restart(): Promise<void> {
    this.leave('the engine is being restarted')?.kill();
    await this.start().peer.ready;
  }

  /** Orderly end: waiting requests are rejected, the process is asked to leave and, if it does not, ended. Calls are refused until `restart`. */
  async shutdown(): Promise<void> {
    const process = this.leave('the engine is being shut down');
    this.setState({ kind: 'stopped', reason: 'The engine was shut down.', failed: false });
    if (process === undefined) return;
    process.disconnect();
    const impatient = setTimeout(() => process.kill(), patience);
    await process.ended;
    clearTimeout(impatient);
  }

  private async send<M extends MethodName>(method: M, params: Params<M>, options: EngineCallOptions): Promise<Results[M]> {
    const opening = openedBy(method, params);
    this.admit(opening, options.insist === true);
    const running = this.available();
    const id = Symbol(method);
    this.calls.set(id, { method, opening });
    this.showLoad(running);
    this.watch();
    const heard = (): void => this.expectAnswer(running, options.signal?.reason === cancelledByUser);
    options.signal?.addEventListener('abort', heard, { once: true });
    try {
      return await running.peer.call(method, params, options) as Results[M];
    } finally {
      options.signal?.removeEventListener('abort', heard);
      this.calls.delete(id);
      this.showLoad(running);
    }
  }

  /** Refuses what ended the process when it was last opened. */
  private admit(opening: string | undefined, insist: boolean): void {
    if (opening === undefined) return;
    if (insist) this.refused.delete(opening);
    const why = this.refused.get(opening);
    if (why !== undefined) {
      throw new PeerError({ reason: 'refused', message: `The engine ended while this was being opened the last time (${why}).`, file: opening, hint: 'It is not opened again unless you insist.' });
    }
  }

  /** The running process; a new one unless something is in the way. */
  private available(): Running {
    if (this.running !== undefined) return this.running;
    const { current } = this;
    if (current.kind === 'crashed' || current.kind === 'stopped') {
      const why = current.kind === 'stopped' ? current.reason : 'The engine ended twice within a short time.';
      throw new PeerError({ reason: 'disconnected', message: why, hint: 'Restart it to go on.' });
    }
    return this.start();
  }

  private start(): Running {
    this.setState({ kind: 'starting' });
    let process: EngineProcess;
    try {
      process = this.options.start();
    } catch (error) {
      throw this.failedStart(error instanceof Error ? error.message : String(error));
    }
    const peer = new Peer(process.transport, {
      handle: ({ method }) => Promise.reject(new PeerError({ reason: 'protocol', message: `The host has no method "${method}".` })),
      describeError: (error) => (PeerError.is(error) ? error.details : { reason: 'internal', message: String(error) }),
    });
    const running: Running = { process, peer, greeted: false, hung: false, lost: undefined, asked: undefined, silent: false, problem: undefined };
    this.running = running;
    const late = setTimeout(() => {
      running.problem = 'it did not answer in time';
      process.kill();
    }, this.options.startTimeout ?? 30_000);
    peer.ready.then(() => {
      running.greeted = true;
      this.showLoad(running);
    }, (error: PeerError) => {
      if (running.lost === undefined) running.problem ??= error.message;
      process.kill();
    }).finally(() => clearTimeout(late));
    // A closed channel leaves nothing to talk to; but a process that is ending may still tell how.
    process.transport.onClose(() => {
      running.lost = [...this.calls.values()];
      const impatient = setTimeout(() => process.kill(), patience);
      void process.ended.then(() => clearTimeout(impatient));
    });
    void process.ended.then((ending) => this.ended(running, ending));
    return running;
  }

  private ended(running: Running, ending: Ending): void {
    const working = running.lost ?? [...this.calls.values()];
    running.peer.close(ending.error ?? `the engine process ended (${ending.signal ?? `exit code ${ending.code}`})`);
    if (this.running !== running) return;
    this.running = undefined;
    if (!running.greeted) {
      this.failedStart(ending.error ?? running.problem ?? `it ended at once (${howEnded(ending)})`);
      return;
    }
    for (const { opening } of working) if (opening !== undefined) this.refused.set(opening, howEnded(ending));
    const now = (this.options.now ?? Date.now)();
    const restarting = now - this.lastRestart >= (this.options.restartInterval ?? 60_000);
    this.setState({ kind: 'crashed', running: working, signal: ending.signal, code: ending.code, hung: running.hung, restarting });
    // A listener may have acted on the news already.
    if (!restarting || this.running !== undefined || this.current.kind !== 'crashed') return;
    this.lastRestart = now;
    this.start();
  }

  private failedStart(why: string): PeerError {
    const reason = `The engine could not be started: ${why}.`;
    this.setState({ kind: 'stopped', reason, failed: true });
    return new PeerError({ reason: 'disconnected', message: reason });
  }

  /** Turns away from the process on purpose: its requests are rejected and its end is no crash. */
  private leave(why: string): EngineProcess | undefined {
    const { running } = this;
    this.running = undefined;
    running?.peer.close(why);
    return running?.process;
  }

  /**
   * After a cancellation: a process that does not even answer for its status is in a run it cannot leave. It is ended when a
   * person wanted the run to end. What nobody needs any more, because a cursor has moved, ends nothing that others work with.
   */
  private expectAnswer(running: Running, byUser: boolean): void {
    if (!running.greeted) return;
    const hung = !byUser ? undefined : setTimeout(() => {
      if (this.running !== running) return;
      running.hung = true;
      running.process.kill();
    }, this.options.hangTimeout ?? 10_000);
    const asked = performance.now();
    const alive = (): void => clearTimeout(hung);
    running.peer.call('engine.status', {}).then(() => {
      alive();
      this.options.onCancelled?.(performance.now() - asked);
    }, alive);
  }

  /**
   * While requests wait, the process is asked now and then for its status, which it answers between two steps. One that
   * says nothing for long is in a step it cannot leave, or stuck: nobody but the user can tell, so it is only reported.
   */
  private watch(): void {
    const silence = this.options.silence ?? 20_000;
    this.watching ??= setInterval(() => {
      const { running } = this;
      if (running === undefined || this.calls.size === 0) {
        clearInterval(this.watching);
        this.watching = undefined;
      } else if (running.greeted) this.askStatus(running, silence);
    }, silence / 4);
  }

  private askStatus(running: Running, silence: number): void {
    const now = (this.options.now ?? Date.now)();
    if (running.asked !== undefined) {
      running.silent = now - running.asked >= silence;
      this.showLoad(running);
      return;
    }
    running.asked = now;
    const heard = (): void => {
      running.asked = undefined;
      running.silent = false;
      this.showLoad(running);
    };
    running.peer.call('engine.status', {}).then(heard, heard);
  }

  private showLoad(running: Running): void {
    if (this.running !== running || !running.greeted || running.lost !== undefined) return;
    const calls = this.calls.size;
    if (calls > 0) this.setState({ kind: 'busy', calls, silent: running.silent, running: [...this.calls.values()] });
    else this.setState({ kind: 'ready' });
  }

  private setState(state: EngineState): void {
    const { current } = this;
    const same = state.kind === 'busy' ? current.kind === 'busy' && current.calls === state.calls && current.silent === state.silent : state.kind === current.kind && (state.kind === 'ready' || state.kind === 'starting');
    if (same) return;
    this.current = state;
    for (const listener of this.listeners) listener(state);
  }
}

/** Milliseconds between asking a process to end and ending it. */
const patience = 2000;

/** What a request opens, if it opens something that can end the process. */
function openedBy(method: MethodName, params: unknown): string | undefined {
  if (method === 'dictionary.open') return (params as Params<'dictionary.open'>).path;
  if (method !== 'model.open') return undefined;
  const { source } = params as Params<'model.open'>;
  return source.kind === 'zoo' || source.kind === 'hub' ? source.id : source.path;
}

function howEnded({ signal, code }: Ending): string {
  return signal ?? `exit code ${code}`;
}
