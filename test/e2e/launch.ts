/**
 * A real VS Code workbench (code-server) with the packaged extension in a profile that is thrown away, and a browser on it.
 * `CODE_SERVER` is code-server's `out/node/entry.js`, installed under this Node; `CHROMIUM` a browser.
 */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import type { Frame, Page } from 'playwright-core';

export interface LaunchOptions {
  /** Folder that is opened, and a file in it. */
  readonly folder: string;
  readonly file: string;
  readonly vsix: string;
  readonly settings?: Readonly<Record<string, unknown>>;
}

export interface Workbench {
  readonly page: Page;
  /** Hosts other than this machine that the browser asked for. */
  readonly foreignHosts: ReadonlySet<string>;
  dispose(): Promise<void>;
}

const browserFlags = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'];
const quietSettings = {
  'workbench.startupEditor': 'none', 'chat.disableAIFeatures': true, 'security.workspace.trust.enabled': false, 'editor.minimap.enabled': false,
  'workbench.secondarySideBar.defaultVisibility': 'hidden', 'editor.wordWrap': 'on',
};

export async function launch({ folder, file, vsix, settings = {} }: LaunchOptions): Promise<Workbench> {
  const entry = process.env.CODE_SERVER;
  if (entry === undefined) throw new Error('CODE_SERVER is not set: the path of code-server’s out/node/entry.js.');
  const profile = await mkdtemp(join(tmpdir(), 'mechanist-e2e-'));
  await mkdir(join(profile, 'user', 'User'), { recursive: true });
  await writeFile(join(profile, 'user', 'User', 'settings.json'), JSON.stringify({ ...quietSettings, ...settings }));
  const inherited = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(?:VSCODE|ELECTRON)_/.test(name)));
  const run = (...args: string[]): ChildProcess => spawn(
    process.execPath, [entry, '--user-data-dir', join(profile, 'user'), '--extensions-dir', join(profile, 'extensions'), ...args],
    { env: { ...inherited, HOME: join(profile, 'home') }, stdio: ['ignore', 'pipe', 'pipe'], detached: true },
  );

  const installer = run('--install-extension', vsix);
  const installLog = collect(installer);
  const [code] = (await once(installer, 'exit')) as [number | null];
  if (code !== 0) throw new Error(`Installing ${vsix} failed (${code}):\n${installLog()}`);

  const port = await freePort();
  const server = run(
    '--bind-addr', `127.0.0.1:${port}`, '--auth', 'none', '--disable-telemetry', '--disable-update-check', '--disable-workspace-trust',
    '--disable-getting-started-override', '--disable-proxy',
  );
  await listening(server);

  const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: browserFlags });
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 }, reducedMotion: 'reduce' });
  const foreignHosts = new Set<string>();
  page.on('request', (request) => {
    const { hostname, protocol } = new URL(request.url());
    if (protocol.startsWith('http') && hostname !== '127.0.0.1') foreignHosts.add(hostname);
  });
  const payload = JSON.stringify([['openFile', `vscode-remote://127.0.0.1:${port}${file}`]]);
  await page.goto(`http://127.0.0.1:${port}/?folder=${encodeURIComponent(folder)}&payload=${encodeURIComponent(payload)}`);
  await page.locator('.monaco-workbench .part.statusbar').waitFor({ timeout: 60_000 });

  const dispose = async (): Promise<void> => {
    await browser.close();
    if (server.exitCode === null) {
      const gone = once(server, 'exit');
      process.kill(-server.pid!, 'SIGTERM');
      const force = setTimeout(() => process.kill(-server.pid!, 'SIGKILL'), 4_000);
      await gone;
      clearTimeout(force);
    }
    await rm(profile, { recursive: true, force: true, maxRetries: 5 });
  };
  return { page, foreignHosts, dispose };
}

/** The frame of one of our views: it lies two frames deep and is known by `<body data-view>`, set when it has drawn. */
export async function webviewFrame(page: Page, view: string, timeout = 30_000): Promise<Frame> {
  for (const end = Date.now() + timeout; Date.now() < end; await page.waitForTimeout(100)) {
    for (const frame of page.frames()) {
      const found: unknown = await frame.evaluate('document.body?.dataset.ready === "1" ? document.body.dataset.view : undefined').catch(() => undefined);
      if (found === view) return frame;
    }
  }
  throw new Error(`There is no view "${view}" among: ${page.frames().map((frame) => frame.url()).join(' | ')}`);
}

export async function runCommand(page: Page, title: string): Promise<void> {
  await page.keyboard.press('F1');
  const input = page.locator('.quick-input-widget input').first();
  await input.waitFor();
  await input.fill(`>${title}`);
  await page.locator('.quick-input-list .monaco-list-row').filter({ hasText: title }).first().waitFor();
  await page.keyboard.press('Enter');
}

function collect(child: ChildProcess): () => string {
  let log = '';
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (data: Buffer) => { log += data.toString(); });
  return () => log;
}

async function listening(server: ChildProcess): Promise<void> {
  const log = collect(server);
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
