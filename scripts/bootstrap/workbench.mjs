/**
 * A VS Code workbench that is served to a browser (code-server), for end-to-end tests and for `npm start` where there is
 * no desktop VS Code. Installed from npm with integrity hashes: its own from the lock file here, those of the parts that
 * it installs for itself from the shrinkwrap files that it brings. No install script runs and nothing is compiled.
 */
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { exclusively } from './exclusive.mjs';
import { npm } from './npm.mjs';
import { root, toolchainFolder } from './paths.mjs';

const manifests = join(root, 'scripts', 'toolchain-workbench');
const folder = join(toolchainFolder, 'workbench');
const stamp = join(folder, '.installed');
const logWriter = join(root, 'scripts', 'bootstrap', 'spdlog.cjs');

/**
 * Path of code-server's entry, installed if need be; it runs under Node 24. `CODE_SERVER` names another installation.
 * Errors: `BootstrapError` when npm fails.
 * @returns {Promise<string>}
 */
export async function ensureWorkbench() {
  const given = process.env['CODE_SERVER'];
  if (given !== undefined && given !== '') return given;
  const server = join(folder, 'node_modules', 'code-server');
  const entry = join(server, 'out', 'node', 'entry.js');
  const wanted = readFileSync(join(manifests, 'package-lock.json'), 'utf8') + readFileSync(logWriter, 'utf8');
  const isCurrent = () => existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted;
  if (isCurrent()) return entry;
  await exclusively(join(toolchainFolder, 'workbench.lock'), () => {
    if (isCurrent()) return;
    process.stderr.write('Installing the workbench for this project (once)…\n');
    mkdirSync(folder, { recursive: true });
    for (const file of ['package.json', 'package-lock.json']) copyFileSync(join(manifests, file), join(folder, file));
    install('ci', folder);
    // Not `ci`: the shrinkwrap of version 4.139.1 lacks one package (tslib) that its manifest asks for, which `ci` refuses.
    for (const part of [join(server, 'lib', 'vscode'), join(server, 'lib', 'vscode', 'extensions')]) install('install', part);
    copyFileSync(logWriter, join(server, 'lib', 'vscode', 'node_modules', '@vscode', 'spdlog', 'index.js'));
    writeFileSync(stamp, wanted);
  });
  return entry;
}

/**
 * @param {'ci' | 'install'} command
 * @param {string} cwd
 */
function install(command, cwd) {
  npm([command, '--ignore-scripts', '--omit=dev', '--no-audit', '--no-fund', '--loglevel=error'], { cwd, what: 'Installing the workbench' });
}
