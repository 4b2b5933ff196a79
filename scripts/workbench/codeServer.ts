/** The served workbench (code-server) as a process: installing an extension into a profile, serving on loopback, stopping. */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

/** Folders of one installation. Two servers must not share user data. */
export interface Profile {
  /** code-server's `out/node/entry.js`; it runs under this Node. */
  readonly entry: string;
  /** Stands in for the user's home, whose configuration is left alone. */
  readonly home: string;
  readonly userData: string;
  readonly extensions: string;
}

export interface ServeOptions {
  /** One that is free, unless given. */
  readonly port?: number;
  /** Workspaces are not trusted. */
  readonly restricted?: boolean;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

export interface Server {
  readonly port: number;
  /** What it has written so far. */
  log(): string;
  stop(): Promise<void>;
  /** Resolves when it ends. */
  readonly ended: Promise<void>;
}

export async function writeUserSettings({ userData }: Profile, settings: Readonly<Record<string, unknown>>): Promise<void> {
  await mkdir(join(userData, 'User'), { recursive: true });
  await writeFile(join(userData, 'User', 'settings.json'), JSON.stringify(settings));
}

/** Throws with what the installer says when it fails. */
export async function installExtension(profile: Profile, vsix: string): Promise<void> {
  const installer = start(profile, ['--install-extension', vsix, '--force']);
  const log = collect(installer);
  const [code] = (await once(installer, 'exit')) as [number | null];
  if (code !== 0) throw new Error(`Installing ${vsix} failed (${code}):\n${log()}`);
}

/** Serves on 127.0.0.1. */
export async function serve(profile: Profile, { port, restricted = false, args = [], env = {} }: ServeOptions = {}): Promise<Server> {
  const chosen = port ?? (await freePort());
  const server = start(profile, [
    '--bind-addr', `127.0.0.1:${chosen}`, '--auth', 'none', '--disable-telemetry', '--disable-update-check', '--disable-getting-started-override',
    '--disable-proxy', ...(restricted ? [] : ['--disable-workspace-trust']), ...args,
  ], env);
  const log = collect(server);
  const ended = once(server, 'exit').then(() => undefined);
  await listening(server, log);
  return { port: chosen, log, ended, stop: () => stop(server, ended) };
}

/** The page that shows a folder with one of its files open. `more`: other paths that the page is given by name. */
export function addressOf({ port }: Server, folder: string, file: string, more: Readonly<Record<string, string>> = {}): string {
  const items = Object.entries({ openFile: join(folder, file), ...more });
  const payload = JSON.stringify(items.map(([name, path]) => [name, `vscode-remote://127.0.0.1:${port}${path}`]));
  return `http://127.0.0.1:${port}/?folder=${encodeURIComponent(folder)}&payload=${encodeURIComponent(payload)}`;
}

/** In a group of its own, so that all it starts can be ended with it. */
function start({ entry, home, userData, extensions }: Profile, args: readonly string[], env: Readonly<Record<string, string>> = {}): ChildProcess {
  const inherited = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(?:VSCODE|ELECTRON)_/.test(name)));
  const child = spawn(process.execPath, [entry, '--user-data-dir', userData, '--extensions-dir', extensions, ...args], {
    env: { ...inherited, HOME: home, ...env }, stdio: ['ignore', 'pipe', 'pipe'], detached: true,
  });
  child.once('spawn', () => running.add(child));
  child.once('exit', () => running.delete(child));
  return child;
}

/** Servers that run: in groups of their own, which outlive this process unless they are ended with it. */
const running = new Set<ChildProcess>();
process.once('exit', () => running.forEach((server) => process.kill(-server.pid!, 'SIGKILL')));

async function stop(server: ChildProcess, ended: Promise<void>): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return;
  process.kill(-server.pid!, 'SIGTERM');
  const force = setTimeout(() => process.kill(-server.pid!, 'SIGKILL'), 4_000);
  await ended;
  clearTimeout(force);
}

function collect(child: ChildProcess): () => string {
  let log = '';
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (data: Buffer) => { log = (log + data.toString()).slice(-100_000); });
  return () => log;
}

async function listening(server: ChildProcess, log: () => string): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.stdout!.on('data', () => {
      if (log().includes('HTTP server listening')) resolve();
    });
    server.once('exit', (code) => reject(new Error(`The workbench ended with ${code}:\n${log()}`)));
  });
}

async function freePort(): Promise<number> {
  const socket = createServer().listen(0, '127.0.0.1');
  await once(socket, 'listening');
  const { port } = socket.address() as AddressInfo;
  socket.close();
  await once(socket, 'close');
  return port;
}
