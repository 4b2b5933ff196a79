import { expect, it, vi } from 'vitest';
import { ensureBrowser } from '../../../scripts/bootstrap/browser.mjs';
import { BootstrapError } from '../../../scripts/bootstrap/fail.mjs';

it('a browser that is there is used, and nothing is installed', () => {
  const install = vi.fn();
  expect(ensureBrowser({ find: () => '/usr/bin/chromium', install })).toBe('/usr/bin/chromium');
  expect(install).not.toHaveBeenCalled();
});

it('one that can be installed is installed', () => {
  let there: string | undefined;
  expect(ensureBrowser({ find: () => there, install: () => { there = '/usr/bin/chromium'; } })).toBe('/usr/bin/chromium');
});

it.each([
  ['may not be installed', () => { throw new BootstrapError('These system packages are missing: chromium'); }],
  ['was not installed', () => undefined],
])('one that %s is told of', (_, install) => {
  expect(() => ensureBrowser({ find: () => undefined, install })).toThrow(BootstrapError);
});
