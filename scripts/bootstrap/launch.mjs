/** Makes the project ready, then runs one of its TypeScript entries with this process's stdio, signals and exit code. */
import { spawn } from 'node:child_process';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ensureSystemPackages, systemPackages } from './debian.mjs';
import { ensureDependencies } from './dependencies.mjs';
import { ensureNode } from './node.mjs';
import { root } from './paths.mjs';

/**
 * @param {string} entry relative to the repository
 * @param {string[]} args
 */
export async function launch(entry, args) {
  ensureSystemPackages(systemPackages);
  const node = await ensureNode();
  await ensureDependencies();
  const file = resolve(root, entry);
  if (node === process.execPath) await runHere(file, args);
  else await runWith(node, file, args);
}

/**
 * @param {string} file
 * @param {string[]} args
 */
async function runHere(file, args) {
  process.argv.splice(1, process.argv.length, file, ...args);
  await import(pathToFileURL(file).href);
}

/**
 * @param {string} node
 * @param {string} file
 * @param {string[]} args
 */
async function runWith(node, file, args) {
  const child = spawn(node, [file, ...args], { stdio: 'inherit' });
  const signals = /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP']);
  for (const signal of signals) process.on(signal, () => child.kill(signal));
  const [code, signal] = await new Promise((settle, fail) => {
    child.on('error', fail);
    child.on('exit', (...ended) => settle(ended));
  });
  if (signal === null) process.exitCode = code;
  else {
    // End the way the child ended, so that a shell sees the same signal.
    for (const name of signals) process.removeAllListeners(name);
    process.kill(process.pid, signal);
  }
}
