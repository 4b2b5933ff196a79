/**
 * Everything that must hold: types, lint, dead code, all tests, and the packaged extension in a real workbench. With
 * arguments only vitest runs, and gets them: `npm test -- test/unit/engine`. The last line is `N passed, N failed`; each
 * static check and each step of an end-to-end test counts as one. What failed is named again above it.
 */
import { nothing, sum } from './checks/count.ts';
import type { Count } from './checks/count.ts';
import { runEndToEnd } from './checks/endToEnd.ts';
import { runStaticChecks } from './checks/staticChecks.ts';
import { runVitest } from './checks/vitestRun.ts';

const args = process.argv.slice(2);
const all = args.length === 0;
const checks = all ? runStaticChecks() : nothing;
const tests = runVitest(args);
const endToEnd: Awaited<ReturnType<typeof runEndToEnd>> = all ? await runEndToEnd().catch(failure) : nothing;

if (endToEnd.notRun !== undefined) process.stdout.write(`\nNOT RUN: the end-to-end tests. ${endToEnd.notRun}\n`);
const { passed, failed, failures } = sum(checks, tests, endToEnd);
if (failures.length > 0) process.stdout.write(`\nFailed:\n${failures.map((name) => `✗ ${name}\n`).join('')}`);
process.stdout.write(`\n${passed} passed, ${failed} failed\n`);
process.exitCode = failed === 0 ? 0 : 1;

function failure(error: unknown): Count {
  process.stdout.write(`✗ the end-to-end tests\n  ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  return { passed: 0, failed: 1, failures: ['the end-to-end tests'] };
}
