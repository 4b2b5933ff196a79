/**
 * Libraries and programs that come from the system, not from npm. On Debian and its relatives they are installed
 * through apt when the user is root; other users are told what to install. Where there is no apt nothing is checked:
 * the paths below are Debian's.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { BootstrapError } from './fail.mjs';

/**
 * @typedef {object} SystemPackage
 * @property {string} name The Debian package.
 * @property {string[]} files The need is met when one of these exists.
 * @property {string} why What needs it.
 */

const aptProgram = '/usr/bin/apt-get';

/** @type {SystemPackage[]} */
export const systemPackages = [
  {
    name: 'libstdc++6',
    files: ['/usr/lib/x86_64-linux-gnu/libstdc++.so.6', '/usr/lib/aarch64-linux-gnu/libstdc++.so.6'],
    why: 'onnxruntime is written in C++',
  },
];

/**
 * Installs what is missing, or throws an error that names it.
 * @param {SystemPackage[]} packages
 * @param {{ isRoot?: boolean, exists?: (file: string) => boolean, apt?: (args: string[]) => boolean }} [host]
 */
export function ensureSystemPackages(packages, host = {}) {
  const { isRoot = process.getuid?.() === 0, exists = existsSync, apt = aptGet } = host;
  if (!exists(aptProgram)) return;
  const missing = packages.filter(({ files }) => !files.some(exists));
  if (missing.length === 0) return;
  const names = missing.map(({ name }) => name);
  if (isRoot) {
    process.stderr.write(`Installing ${names.join(', ')} with apt (once)…\n`);
    if (apt(['update']) && apt(['install', '--yes', '--no-install-recommends', ...names])) return;
  }
  const reasons = missing.map(({ name, why }) => `  ${name} (${why})`).join('\n');
  throw new BootstrapError(`These system packages are missing:\n${reasons}\nInstall them, for example with: sudo apt-get install ${names.join(' ')}`);
}

/** @param {string[]} args */
function aptGet(args) {
  const result = spawnSync(aptProgram, args, {
    stdio: ['ignore', process.stderr.fd, process.stderr.fd],
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  });
  return result.status === 0;
}
