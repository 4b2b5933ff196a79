import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const toolchain = fileURLToPath(new URL('../../../scripts/toolchain.mjs', import.meta.url));

function run(...args: string[]) {
  return spawnSync(process.execPath, [toolchain, ...args], { encoding: 'utf8' });
}

describe('a TypeScript entry under the toolchain', () => {
  it('gets its arguments, keeps stdout to itself, and gives its exit code', () => {
    const { stdout, status } = run('test/unit/scripts/echoEntry.ts', '3', '--flag', 'two words', '--', '*');
    expect(JSON.parse(stdout)).toEqual({ rest: ['--flag', 'two words', '--', '*'] });
    expect(status).toBe(3);
  });

  it('must be named', () => {
    const { stdout, stderr, status } = run();
    expect({ stdout, status }).toEqual({ stdout: '', status: 1 });
    expect(stderr).toMatch(/^usage: /);
  });
});
