/**
 * The parent's end of a conversation with a forked child (`child_process.fork` with advanced serialisation).
 * It is told of a child by its shape, so that this folder needs no Node module; whoever forks passes the child in.
 */
import type { Transport } from './peer.ts';

/** What is needed of Node's `ChildProcess`. */
export interface ForkedChild {
  readonly pid?: number | undefined;
  readonly connected: boolean;
  send(message: unknown, callback: (error: Error | null) => void): boolean;
  disconnect(): void;
  kill(signal?: 'SIGTERM' | 'SIGKILL'): boolean;
  on(event: 'message', listener: (message: unknown) => void): unknown;
  on(event: 'disconnect', listener: () => void): unknown;
  on(event: 'exit', listener: (code: number | null, signal: string | null) => void): unknown;
  on(event: 'error', listener: (error: Error) => void): unknown;
}

/** How a process ended. `error` is set when it could not be started. */
export interface Ending {
  readonly code: number | null;
  readonly signal: string | null;
  readonly error?: string;
}

/** A running engine process, as `EngineClient` needs it. */
export interface EngineProcess {
  readonly pid: number | undefined;
  readonly transport: Transport;
  readonly ended: Promise<Ending>;
  /** Asks it to end by closing the channel. */
  disconnect(): void;
  /** Ends it at once, whatever it is doing. */
  kill(): void;
}

/** Wraps a child that has just been forked. */
export function engineProcess(child: ForkedChild): EngineProcess {
  const closers: ((reason: string) => void)[] = [];
  let closed: string | undefined;
  const close = (reason: string): void => {
    if (closed !== undefined) return;
    closed = reason;
    for (const closer of closers) closer(reason);
  };
  const ended = new Promise<Ending>((resolve) => {
    child.on('exit', (code, signal) => {
      close(`the engine process ended (${signal ?? `exit code ${code}`})`);
      resolve({ code, signal });
    });
    child.on('error', (error) => {
      // Without a process id this is a failed start; otherwise a failed send or kill, which the exit explains.
      if (child.pid !== undefined) return;
      close(`the engine process could not be started: ${error.message}`);
      resolve({ code: null, signal: null, error: error.message });
    });
  });
  child.on('disconnect', () => close('the engine process closed the channel'));
  return {
    pid: child.pid,
    ended,
    transport: {
      send(envelope) {
        // A message that cannot be sent has no reader any more, and the end of the channel is reported to `onClose`.
        if (closed === undefined && child.connected) child.send(envelope, ignore);
      },
      onMessage: (listener) => void child.on('message', listener),
      onClose(listener) {
        if (closed === undefined) closers.push(listener);
        else listener(closed);
      },
    },
    disconnect() {
      if (child.connected) child.disconnect();
    },
    kill: () => void child.kill('SIGKILL'),
  };
}

const ignore = (): void => undefined;
