import { describe, expect, it } from 'vitest';
import { countTests } from '../../../scripts/checks/vitestRun.ts';

const file = (status: string, ...tests: string[]) => ({ name: `${process.cwd()}/a.test.ts`, status, assertionResults: tests.map((test, at) => ({ status: test, fullName: `test ${at}` })) });

describe('the count of a test run', () => {
  it.each([
    ['all pass', [file('passed', 'passed', 'passed')], 2, 0, { passed: 2, failed: 0, failures: [] }],
    ['tests fail', [file('failed', 'passed', 'failed', 'failed'), file('passed', 'passed')], 2, 1, { passed: 2, failed: 2, failures: ['a.test.ts: test 1', 'a.test.ts: test 2'] }],
    ['a skipped test is neither', [file('passed', 'passed', 'skipped')], 1, 0, { passed: 1, failed: 0, failures: [] }],
    ['a file that does not load is one failure', [file('failed'), file('passed', 'passed')], 1, 1, { passed: 1, failed: 1, failures: ['a.test.ts'] }],
    ['a hook that fails after passing tests is one failure', [file('failed', 'passed')], 1, 1, { passed: 1, failed: 1, failures: ['a.test.ts'] }],
    ['an exit code without a failed test is one failure', [file('passed', 'passed')], 1, 1, { passed: 1, failed: 1, failures: ['the test runner ended with 1'] }],
  ])('%s', (_, testResults, numPassedTests, exitCode, counted) => {
    expect(countTests({ testResults, numPassedTests }, exitCode)).toEqual(counted);
  });
});
