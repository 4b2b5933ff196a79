import { describe, expect, it } from 'vitest';
import { countTests } from '../../../scripts/checks/vitestRun.ts';

const file = (status: string, ...tests: string[]) => ({ status, assertionResults: tests.map((test) => ({ status: test })) });

describe('the count of a test run', () => {
  it.each([
    ['all pass', [file('passed', 'passed', 'passed')], 2, 0, { passed: 2, failed: 0 }],
    ['tests fail', [file('failed', 'passed', 'failed', 'failed'), file('passed', 'passed')], 2, 1, { passed: 2, failed: 2 }],
    ['a skipped test is neither', [file('passed', 'passed', 'skipped')], 1, 0, { passed: 1, failed: 0 }],
    ['a file that does not load is one failure', [file('failed'), file('passed', 'passed')], 1, 1, { passed: 1, failed: 1 }],
    ['a hook that fails after passing tests is one failure', [file('failed', 'passed')], 1, 1, { passed: 1, failed: 1 }],
    ['an exit code without a failed test is one failure', [file('passed', 'passed')], 1, 1, { passed: 1, failed: 1 }],
  ])('%s', (_, testResults, numPassedTests, exitCode, counted) => {
    expect(countTests({ testResults, numPassedTests }, exitCode)).toEqual(counted);
  });
});
