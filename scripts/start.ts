/**
 * `npm start`: VS Code with the extension, the bundled models and the sample workspace. A desktop VS Code where there is
 * one, otherwise (or with `--served`) a workbench on loopback, whose address is printed. Meanwhile the terminal shows the
 * annotated trace of a prompt, so that there is something to see over SSH too. Ctrl+C ends everything.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { toolchainFolder, root } from './bootstrap/paths.mjs';
import { ensureWorkbench } from './bootstrap/workbench.mjs';
import { ownTarget, vsixOf } from './build/vsix.ts';
import { addressOf, installExtension, serve, writeUserSettings } from './workbench/codeServer.ts';
import type { Server } from './workbench/codeServer.ts';
import { findDesktop, openDesktop } from './workbench/desktop.ts';

const quietSettings = {
  'workbench.startupEditor': 'none', 'chat.disableAIFeatures': true, 'workbench.secondarySideBar.defaultVisibility': 'hidden', 'git.openRepositoryInParentFolders': 'never',
  'editor.wordWrap': 'on', 'editor.minimap.enabled': false,
};
const folder = join(root, 'sample');
const file = 'prompts.txt';
const prompt = 'When Mary and John went to the market, John gave a book to';

const { values } = parseArgs({ options: { served: { type: 'boolean', default: false }, port: { type: 'string' } } });
const stop = new AbortController();
const ended = new Promise<void>((resolve) => {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      stop.abort();
      resolve();
    });
  }
});

const both = await Promise.allSettled([run('scripts/package.ts', [], false), run('src/cli/main.ts', ['trace', 'fable-4l', '--text', prompt], true)]);
const failed = both.find((one) => one.status === 'rejected');
if (failed !== undefined) throw failed.reason;
if (!stop.signal.aborted) await open();

async function open(): Promise<void> {
  const code = values.served ? undefined : findDesktop();
  if (code !== undefined) {
    openDesktop(code, join(toolchainFolder, 'desktop'), vsixOf(ownTarget), folder, file);
    process.stdout.write('\nVS Code is open, in a profile of its own.\n');
    return;
  }
  const server = await served();
  process.stdout.write(`
The workbench with the extension:

  ${addressOf(server, folder, file)}

Rest the pointer on a word. Only this machine can reach the address, but everyone who has an account on it can: they would
work as you. From elsewhere: ssh -L ${server.port}:127.0.0.1:${server.port} THIS-MACHINE. Ctrl+C ends it.
`);
  await Promise.race([ended, server.ended]);
  await server.stop();
}

async function served(): Promise<Server> {
  const own = join(toolchainFolder, 'profile');
  const profile = { entry: await ensureWorkbench(), home: join(own, 'home'), userData: join(own, 'user'), extensions: join(own, 'extensions') };
  await writeUserSettings(profile, quietSettings);
  await installExtension(profile, vsixOf(ownTarget));
  return serve(profile, values.port === undefined ? {} : { port: Number(values.port) });
}

/** Runs a program of this project to its end, or to Ctrl+C. What it says is shown, or kept for the case that it fails. */
async function run(entry: string, args: readonly string[], shown: boolean): Promise<void> {
  const child = spawn(process.execPath, [join(root, entry), ...args], { cwd: root, stdio: ['ignore', shown ? 'inherit' : 'pipe', shown ? 'inherit' : 'pipe'] });
  let log = '';
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (data: Buffer) => { log += data.toString(); });
  stop.signal.addEventListener('abort', () => child.kill(), { once: true });
  const [status] = (await once(child, 'exit')) as [number | null];
  if (status !== 0 && !stop.signal.aborted) throw new Error(`${entry} ended with ${status ?? 'a signal'}.\n${log}`);
}
