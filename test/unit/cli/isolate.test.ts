import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const entry = fileURLToPath(new URL('crashEntry.ts', import.meta.url));

interface Ending {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the entry in a process of its own. `interruptOn`: sends SIGINT to it once this text was printed. */
function run(argv: readonly string[], interruptOn?: string): Promise<Ending> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [entry, ...argv]);
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (chunk: Buffer) => {
      stdout += chunk.toString();
      if (interruptOn !== undefined && stdout.includes(interruptOn)) child.kill('SIGINT');
    });
    child.stderr.on('data', (chunk: Buffer) => { stderr += chunk.toString(); });
    child.on('close', (code) => resolve({ code, stdout, stderr }));
  });
}

describe('a command in a process of its own', () => {
  it('reports an abort inside native code as a crash of the runtime', async () => {
    const { code, stderr } = await run(['abort', 'some/model.onnx']);
    expect(code).toBe(1);
    expect(stderr).toContain('error: The inference runtime crashed while running "abort" on some/model.onnx (SIGABRT).');
  });

  it('says that memory ran out when the system killed the process', async () => {
    const { code, stderr } = await run(['kill', 'm']);
    expect(code).toBe(1);
    expect(stderr).toMatch(/crashed while running "kill" on m \(SIGKILL\)\..*memory ran out/);
  });

  it('passes on output and success', async () => {
    expect(await run(['succeed', 'm'])).toEqual({ code: 0, stdout: 'ran m\n', stderr: '' });
  });

  it('passes on a typed error once, with exit code 1', async () => {
    expect(await run(['fail', 'm'])).toEqual({ code: 1, stdout: '', stderr: 'error: m.safetensors › header: Bad header.\n' });
  });

  it('passes on a usage error with exit code 1', async () => {
    const { code, stderr } = await run(['succeed']);
    expect(code).toBe(1);
    expect(stderr).toBe('error: MODEL is missing. See mechanist succeed --help.\n');
  });

  it('stops on SIGINT with exit code 130', async () => {
    const { code, stderr } = await run(['wait', 'm'], 'waiting');
    expect(code).toBe(130);
    expect(stderr).toBe('error: Stopped on request.\n');
  });
});
