/** One run of vitest, counted: its own summary is for people, the counts are for the line at the end. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import type { Count } from './count.ts';
import { runProgram } from './staticChecks.ts';

/** The part of vitest's JSON report that is read here. */
export interface VitestReport {
  numPassedTests: number;
  testResults: { name: string; status: string; assertionResults: { status: string; fullName: string }[] }[];
}

/** Runs vitest with `args` after its own `run`. */
export function runVitest(args: readonly string[]): Count {
  const folder = mkdtempSync(join(tmpdir(), 'mechanist-test-'));
  const file = join(folder, 'report.json');
  try {
    const code = runProgram(['vitest', 'vitest'], ['run', '--reporter=default', '--reporter=json', `--outputFile.json=${file}`, ...args]);
    return countTests(JSON.parse(readFileSync(file, 'utf8')) as VitestReport, code);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * Counts a report. A file that fails outside its tests (it does not load, or a hook of the file throws) is one failure,
 * and so is a run that ends with an exit code although every test passed: an unhandled error, or no tests at all.
 */
export function countTests(report: VitestReport, exitCode: number): Count {
  const failures: string[] = [];
  for (const { name, status, assertionResults } of report.testResults) {
    const file = relative(process.cwd(), name);
    const failed = assertionResults.filter((test) => test.status === 'failed').map(({ fullName }) => `${file}: ${fullName}`);
    failures.push(...(failed.length === 0 && status === 'failed' ? [file] : failed));
  }
  if (failures.length === 0 && exitCode !== 0) failures.push(`the test runner ended with ${exitCode}`);
  return { passed: report.numPassedTests, failed: failures.length, failures };
}
