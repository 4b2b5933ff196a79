/**
 * A real VS Code workbench (code-server) with the packaged extension installed, in a folder that is thrown away. The
 * extension is installed once; each server then gets user data of its own.
 */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Installation {
  /** Everything that belongs to this run lies below it, and the paths of its processes name it. */
  readonly folder: string;
  /** Starts a server. `restricted`: workspaces are not trusted. */
  serve(options: ServeOptions): Promise<Server>;
  dispose(): Promise<void>;
}

export interface ServeOptions {
  readonly settings: Readonly<Record<string, unknown>>;
  readonly restricted: boolean;
}

export interface Server {
  readonly port: number;
  /** What it has written so far. */
  log(): string;
  stop(): Promise<void>;
}

const quietSettings = {
  'workbench.startupEditor': 'none', 'chat.disableAIFeatures': true, 'editor.minimap.enabled': false,
  'workbench.secondarySideBar.defaultVisibility': 'hidden', 'editor.wordWrap': 'on',
};

/** `entry` is code-server's `out/node/entry.js`, installed under this Node; `vsix` the package. */
export async function install(entry: string, vsix: string): Promise<Installation> {
  const folder = await mkdtemp(join(tmpdir(), 'mechanist-e2e-'));
  const inherited = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(?:VSCODE|ELECTRON)_/.test(name)));
  const start = (userData: string, ...args: string[]): ChildProcess => spawn(
    process.execPath, [entry, '--user-data-dir', userData, '--extensions-dir', join(folder, 'extensions'), ...args],
    { env: { ...inherited, HOME: join(folder, 'home') }, stdio: ['ignore', 'pipe', 'pipe'], detached: true },
  );
  const installer = start(join(folder, 'user-0'), '--install-extension', vsix);
  const installLog = collect(installer);
  const [code] = (await once(installer, 'exit')) as [number | null];
  if (code !== 0) throw new Error(`Installing ${vsix} failed (${code}):\n${installLog()}`);

  let servers = 0;
  return {
    folder,
    async serve({ settings, restricted }) {
      const userData = join(folder, `user-${++servers}`);
      await mkdir(join(userData, 'User'), { recursive: true });
      const trust = restricted ? { 'security.workspace.trust.enabled': true, 'security.workspace.trust.startupPrompt': 'never' } : { 'security.workspace.trust.enabled': false };
      await writeFile(join(userData, 'User', 'settings.json'), JSON.stringify({ ...quietSettings, ...trust, ...settings }));
      const port = await freePort();
      const server = start(
        userData, '--bind-addr', `127.0.0.1:${port}`, '--auth', 'none', '--disable-telemetry', '--disable-update-check', '--disable-getting-started-override',
        '--disable-proxy', ...(restricted ? [] : ['--disable-workspace-trust']),
      );
      const log = collect(server);
      await listening(server, log);
      return { port, log, stop: () => stop(server) };
    },
    dispose: () => rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 }),
  };
}

/** Ends a server with all that it has started. */
async function stop(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return;
  const gone = once(server, 'exit');
  process.kill(-server.pid!, 'SIGTERM');
  const force = setTimeout(() => process.kill(-server.pid!, 'SIGKILL'), 4_000);
  await gone;
  clearTimeout(force);
}

function collect(child: ChildProcess): () => string {
  let log = '';
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (data: Buffer) => { log += data.toString(); });
  return () => log;
}

async function listening(server: ChildProcess, log: () => string): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.stdout!.on('data', () => {
      if (log().includes('HTTP server listening')) resolve();
    });
    server.once('exit', (code) => reject(new Error(`The server ended with ${code}:\n${log()}`)));
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
