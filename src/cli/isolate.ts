/**
 * Runs a command in a process of its own, so that a crash inside native code is an error message and not a vanished
 * terminal. The child has the parent's stdio; the parent passes on signals and the exit code.
 */
import { fork } from 'node:child_process';
import { MechanistError } from '../engine/errors.ts';

/** Set in the child's environment, so that the same entry point knows to do the work itself. */
const childMark = 'MECHANIST_ISOLATED';

/** Whether this process is such a child. */
export function isIsolated(environment: NodeJS.ProcessEnv = process.env): boolean {
  return environment[childMark] === '1';
}

/**
 * Runs `entry` with `argv` in a child and resolves to its exit code.
 * `what` completes "The inference runtime crashed while …". Errors: `runtime` when the child dies by a signal that
 * nobody sent on purpose; `cancelled` when it was told to stop.
 */
export async function runIsolated(entry: string, argv: readonly string[], what: string, signal: AbortSignal): Promise<number> {
  const child = fork(entry, argv, { stdio: 'inherit', env: { ...process.env, [childMark]: '1' } });
  let killing: NodeJS.Timeout | undefined;
  const stop = (): void => {
    child.kill('SIGINT');
    killing = setTimeout(() => child.kill('SIGKILL'), patience);
  };
  signal.addEventListener('abort', stop, { once: true });
  try {
    const { code, killedBy } = await ending(child);
    if (killedBy === null && code !== null && code < firstWindowsStatus) return code;
    if (signal.aborted) throw new MechanistError('cancelled', 'Stopped on request.');
    const how = killedBy ?? `status 0x${code!.toString(16)}`;
    throw new MechanistError('runtime', `The inference runtime crashed while ${what} (${how}).`, {
      hint: killedBy === 'SIGKILL'
        ? 'The system ended the process, most likely because memory ran out.'
        : 'The model file may be damaged or may trigger a fault in onnxruntime.',
    });
  } finally {
    clearTimeout(killing);
    signal.removeEventListener('abort', stop);
  }
}

/** Milliseconds. A native run cannot be interrupted, so a child deep inside one does not hear that it should stop. */
const patience = 3000;

/** Windows has no signals: a fault shows as an NTSTATUS exit code. */
const firstWindowsStatus = 0xc0000000;

function ending(child: ReturnType<typeof fork>): Promise<{ code: number | null; killedBy: NodeJS.Signals | null }> {
  return new Promise((resolve, reject) => {
    child.once('error', (error) => reject(new MechanistError('runtime', 'The worker process could not be started.', { cause: error })));
    child.once('exit', (code, killedBy) => resolve({ code, killedBy }));
  });
}
