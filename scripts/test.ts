/**
 * Everything that must hold: types, lint, dead code, and all tests. With arguments only vitest runs, and gets them:
 * `npm test -- test/unit/engine`. The last line is `N passed, N failed`; each static check counts as one.
 */
import { runStaticChecks } from './checks/staticChecks.ts';
import { runVitest } from './checks/vitestRun.ts';

const args = process.argv.slice(2);
const checks = args.length === 0 ? runStaticChecks() : { passed: 0, failed: 0 };
const tests = runVitest(args);
const failed = checks.failed + tests.failed;
process.stdout.write(`\n${checks.passed + tests.passed} passed, ${failed} failed\n`);
process.exitCode = failed === 0 ? 0 : 1;
