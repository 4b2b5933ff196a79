/** Runs npm. Its output goes to stderr: stdout belongs to the command that the user asked for. */
import { spawnSync } from 'node:child_process';
import { BootstrapError } from './fail.mjs';

/**
 * @param {string[]} args
 * @param {{ cwd: string, what: string }} options `what` names the purpose in the error message.
 */
export function npm(args, { cwd, what }) {
  const cli = process.env['npm_execpath'];
  const viaNode = cli !== undefined && /npm-cli\.[cm]?js$/.test(cli);
  const result = spawnSync(viaNode ? process.execPath : 'npm', viaNode ? [cli, ...args] : args, {
    cwd,
    // npm on Windows is a .cmd file, which only a shell can start.
    shell: !viaNode && process.platform === 'win32',
    stdio: ['ignore', process.stderr.fd, process.stderr.fd],
    env: environment(cwd),
  });
  if (result.error) throw new BootstrapError(`${what}: npm could not be started (${result.error.message}). Install npm and try again.`);
  if (result.status !== 0) throw new BootstrapError(`${what}: \`npm ${args.join(' ')}\` ended with ${result.status ?? result.signal}.`);
}

/**
 * onnxruntime-node carries its CPU libraries; its install script would only fetch CUDA ones, and fails without a network.
 * @param {string} cwd
 */
function environment(cwd) {
  return { ...process.env, npm_config_local_prefix: cwd, ONNXRUNTIME_NODE_INSTALL: 'skip' };
}
