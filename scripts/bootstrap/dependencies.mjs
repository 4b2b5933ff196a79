/** The project's npm packages: installed when they are missing or differ from the lock file. */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { exclusively } from './exclusive.mjs';
import { npm } from './npm.mjs';
import { root, toolchainFolder } from './paths.mjs';

const lockFile = join(root, 'package-lock.json');
const stampFile = join(root, 'node_modules', '.mechanist-installed');

/** @typedef {{ integrity?: string, optional?: boolean }} LockedPackage an entry of a lock file, as far as it is read here */

/** Installs with `npm ci` unless what is installed matches the lock file. */
export async function ensureDependencies() {
  if (isCurrent()) return;
  await exclusively(join(toolchainFolder, 'install.lock'), () => {
    if (isCurrent()) return;
    process.stderr.write('Installing the packages of package-lock.json (once)…\n');
    npm(['ci', '--no-audit', '--no-fund', '--loglevel=error'], { cwd: root, what: 'Installing the packages' });
    writeFileSync(stampFile, expectedStamp());
  });
}

/** The stamp answers at once; without one that fits (the developer ran npm), npm's own record of the installed tree does. */
function isCurrent() {
  if (existsSync(stampFile) && readFileSync(stampFile, 'utf8') === expectedStamp()) return true;
  const installedFile = join(root, 'node_modules', '.package-lock.json');
  if (!existsSync(installedFile) || !installedMatches(readJson(lockFile).packages, readJson(installedFile).packages)) return false;
  writeFileSync(stampFile, expectedStamp());
  return true;
}

/**
 * Whether an installed tree is what a lock file asks for. Optional packages may be absent: they are other platforms'.
 * @param {Record<string, LockedPackage>} locked
 * @param {Record<string, LockedPackage>} installed
 */
export function installedMatches(locked, installed) {
  const wanted = Object.entries(locked).filter(([path]) => path !== '');
  return (
    wanted.every(([path, { integrity, optional }]) => (path in installed ? installed[path]?.integrity === integrity : optional === true)) &&
    Object.keys(installed).every((path) => path in locked)
  );
}

/**
 * @param {string} file
 * @returns {{ packages: Record<string, LockedPackage> }}
 */
function readJson(file) {
  return JSON.parse(readFileSync(file, 'utf8'));
}

function expectedStamp() {
  const lock = readFileSync(lockFile);
  return `${process.platform}-${process.arch} ${createHash('sha256').update(lock).digest('hex')}\n`;
}
