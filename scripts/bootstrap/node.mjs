/**
 * The Node that runs this project's TypeScript. Sources run as they are (type stripping), which needs Node 24;
 * when an older one is running, the pinned version is installed from npm, with its integrity hash checked by the lock file.
 */
import { copyFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { exclusively } from './exclusive.mjs';
import { BootstrapError } from './fail.mjs';
import { npm } from './npm.mjs';
import { toolchainFolder, toolchainManifests } from './paths.mjs';

const oldestMajor = 24;

/**
 * Whether a Node of this version runs the sources itself.
 * @param {string} version such as `20.11.1`
 */
export function runsTypeScript(version) {
  return Number(version.split('.')[0]) >= oldestMajor;
}

/**
 * The npm package that carries Node's binary for a platform, or `undefined` where none is published.
 * @param {string} platform
 * @param {string} arch
 */
export function nodePackage(platform, arch) {
  const packages = readPinned();
  const name = `node-${platform === 'win32' ? 'win' : platform}-${arch}`;
  const version = packages[name];
  return version === undefined ? undefined : { name, version, binary: platform === 'win32' ? 'bin/node.exe' : 'bin/node' };
}

/**
 * Path of a Node that runs the sources: the running one if it can, else the pinned one, installed if need be.
 * @returns {Promise<string>}
 */
export async function ensureNode() {
  if (runsTypeScript(process.versions.node)) return process.execPath;
  const wanted = nodePackage(process.platform, process.arch);
  if (!wanted) {
    throw new BootstrapError(
      `Node ${process.versions.node} is too old to run TypeScript, and npm carries no newer one for ${process.platform}-${process.arch}. ` +
        `Install Node ${oldestMajor} or newer and try again.`,
    );
  }
  const folder = join(toolchainFolder, 'node_modules', wanted.name);
  const binary = join(folder, wanted.binary);
  if (isInstalled(folder, binary, wanted.version)) return binary;
  await exclusively(join(toolchainFolder, 'install.lock'), () => {
    if (isInstalled(folder, binary, wanted.version)) return;
    process.stderr.write(`Installing Node ${wanted.version} for this project (once)…\n`);
    mkdirSync(toolchainFolder, { recursive: true });
    for (const file of ['package.json', 'package-lock.json']) copyFileSync(join(toolchainManifests, file), join(toolchainFolder, file));
    npm(['ci', '--no-audit', '--no-fund', '--loglevel=error'], { cwd: toolchainFolder, what: 'Installing Node' });
    if (!isInstalled(folder, binary, wanted.version)) throw new BootstrapError(`npm installed no ${wanted.name}@${wanted.version}. Install Node ${oldestMajor} or newer and try again.`);
  });
  return binary;
}

/**
 * @param {string} folder
 * @param {string} binary
 * @param {string} version
 */
function isInstalled(folder, binary, version) {
  const manifest = join(folder, 'package.json');
  return existsSync(binary) && existsSync(manifest) && JSON.parse(readFileSync(manifest, 'utf8')).version === version;
}

/** @returns {Record<string, string>} */
function readPinned() {
  return JSON.parse(readFileSync(join(toolchainManifests, 'package.json'), 'utf8')).optionalDependencies;
}
