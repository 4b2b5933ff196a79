/** Runs the engine's server in this process or in a child of it, for tests. */
import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { engineProcess } from '../../src/protocol/childProcess.ts';
import type { EngineProcess } from '../../src/protocol/childProcess.ts';
import type { Job } from '../../src/server/scheduler.ts';

const entry = fileURLToPath(new URL('../../src/server/main.ts', import.meta.url));

/** Forks the engine process on one thread; what it writes to stderr goes to `log`. */
export function forkEngine(zoo: string, log: (text: string) => void = () => undefined): { readonly child: ChildProcess; readonly process: EngineProcess } {
  const child = fork(entry, ['--zoo', zoo, '--threads', '1'], { serialization: 'advanced', stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
  child.stderr!.on('data', (chunk: Buffer) => log(chunk.toString()));
  return { child, process: engineProcess(child) };
}

/** Runs a job to its end, as the scheduler would. */
export async function drain<T>(job: Job<T>): Promise<T> {
  for (;;) {
    const step = await job.next();
    if (step.done === true) return step.value;
  }
}
