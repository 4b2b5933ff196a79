/** A browser for the end-to-end tests: one that is there, or Debian's Chromium installed through apt. */
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { ensureSystemPackages } from './debian.mjs';
import { BootstrapError } from './fail.mjs';

const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'chrome'];

/** @type {import('./debian.mjs').SystemPackage[]} */
const packages = [
  { name: 'chromium', files: ['/usr/bin/chromium'], why: 'the end-to-end tests drive a browser' },
  { name: 'fonts-dejavu-core', files: ['/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf'], why: 'a browser without fonts draws no text' },
];

/**
 * Path of a Chromium. `CHROMIUM` names one.
 * Errors: `BootstrapError` with what to do when there is none and none can be installed.
 * @param {{ find?: () => string | undefined, install?: () => void }} [host]
 */
export function ensureBrowser({ find = findBrowser, install = () => ensureSystemPackages(packages) } = {}) {
  const there = find();
  if (there !== undefined) return there;
  install();
  const installed = find();
  if (installed === undefined) throw new BootstrapError('There is no Chromium. Install one, or name one in CHROMIUM.');
  return installed;
}

function findBrowser() {
  const given = process.env['CHROMIUM'];
  if (given !== undefined && given !== '') return given;
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  return folders.flatMap((folder) => names.map((name) => join(folder, name))).find((file) => existsSync(file));
}
