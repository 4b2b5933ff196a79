/** The checks that read the sources without running them. Each is one program; it reports on its own. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Count } from './count.ts';

interface StaticCheck {
  name: string;
  /** The npm package and the name of its program. */
  program: readonly [packageName: string, binary: string];
  args: readonly string[];
}

const checks: readonly StaticCheck[] = [
  { name: 'types', program: ['typescript', 'tsc'], args: ['--noEmit', '-p', '.'] },
  { name: 'types of the webviews', program: ['typescript', 'tsc'], args: ['--noEmit', '-p', 'webview-ui'] },
  { name: 'lint', program: ['oxlint', 'oxlint'], args: ['--type-aware', '--deny-warnings', '--report-unused-disable-directives', '--threads=2'] },
  { name: 'dead code', program: ['knip', 'knip'], args: ['--no-progress'] },
];

const repository: string = fileURLToPath(new URL('../..', import.meta.url));

/** Runs every check, also after one has failed, and prints a line for each. */
export function runStaticChecks(): Count {
  const failures: string[] = [];
  for (const { name, program, args } of checks) {
    const started = performance.now();
    const passed = runProgram(program, args) === 0;
    if (!passed) failures.push(name);
    process.stdout.write(`${passed ? '✓' : '✗'} ${name} (${((performance.now() - started) / 1000).toFixed(1)} s)\n`);
  }
  return { passed: checks.length - failures.length, failed: failures.length, failures };
}

/**
 * Runs the program of an installed npm package under this Node, in the repository.
 * Returns its exit code; 1 if a signal ended it.
 */
export function runProgram([packageName, binary]: readonly [string, string], args: readonly string[]): number {
  const folder = join(repository, 'node_modules', packageName);
  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { bin: string | Record<string, string> };
  const file = typeof manifest.bin === 'string' ? manifest.bin : manifest.bin[binary]!;
  const result = spawnSync(process.execPath, [join(folder, file), ...args], { cwd: repository, stdio: 'inherit' });
  if (result.error) throw result.error;
  return result.status ?? 1;
}
