/** A browser page on a workbench with one workspace: what the steps of a spec get. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { runCommand } from '../pages/palette.ts';
import { addressOf } from '../../../scripts/workbench/codeServer.ts';
import { inHostServerArgs, listenInHost, prepareInHost } from './inHost.ts';
import type { InHostEnd } from './inHost.ts';
import { engineProcesses } from './processes.ts';
import type { Installation } from './installation.ts';
import type { Spec } from './spec.ts';

export interface Workbench {
  readonly page: Page;
  /** The workspace. */
  readonly folder: string;
  /** Hosts other than this machine that the browser asked for. */
  readonly foreignHosts: ReadonlySet<string>;
  /** Folder of everything that belongs to this run. */
  readonly installation: string;
  /** How the program in the extension host ended, for a spec that has one. */
  readonly inHost: Promise<InHostEnd> | undefined;
  /** Process ids of the engines that run. */
  engines(): number[];
  /** Loads the window again, as "Developer: Reload Window" does. */
  reload(): Promise<void>;
  /** Prints a measurement under the step. */
  report(line: string): void;
  /** For a failure: what the server and the console say. */
  diagnosis(): string;
  dispose(): Promise<void>;
}

/** Opens the workspace of a spec. */
export async function openWorkbench(installation: Installation, browser: Browser, { files, open, settings = {}, restricted = false, inHost, environment }: Omit<Spec, 'name' | 'steps'>): Promise<Workbench> {
  const place = await mkdtemp(join(tmpdir(), 'mechanist-workspace-'));
  // Its name stands in the title bar, and so in pictures.
  const folder = join(place, 'sample');
  await mkdir(folder);
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), content);
  }
  const server = await installation.serve({ settings, restricted, env: { MECHANIST_DIAGNOSTICS: '1', ...(await environment?.()) }, ...(inHost === undefined ? {} : { args: inHostServerArgs }) });
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, reducedMotion: 'reduce' });
  const page = await context.newPage();
  const foreignHosts = new Set<string>();
  const said: string[] = [];
  context.on('request', (request) => {
    const { hostname, protocol } = new URL(request.url());
    if (protocol.startsWith('http') && hostname !== '127.0.0.1') foreignHosts.add(hostname);
  });
  page.on('console', (message) => {
    if (message.type() === 'error') said.push(message.text().slice(0, 300));
  });
  const ready = async (): Promise<void> => {
    await page.locator('.statusbar-item[id*="mechanist"]').waitFor({ timeout: 120_000 });
    await page.locator('.editor-instance .view-line').first().waitFor({ timeout: 30_000 });
  };
  const program = inHost === undefined ? undefined : { paths: await prepareInHost(inHost, installation.folder), ...(await listenInHost(page)) };
  await page.goto(addressOf(server, folder, open, program?.paths), { timeout: 90_000 });
  await ready();
  return {
    page, folder, foreignHosts, inHost: program?.ended, installation: installation.folder,
    engines: () => engineProcesses(installation.folder),
    async reload() {
      // An address that names a file opens that file in place of what was open.
      const address = new URL(page.url());
      address.searchParams.delete('payload');
      await page.evaluate(`history.replaceState(null, '', ${JSON.stringify(address.href)})`);
      // By its own command the workbench saves its state first, as a person's reload does.
      const loaded = page.waitForEvent('load', { timeout: 90_000 });
      await runCommand(page, 'Developer: Reload Window');
      await loaded;
      await page.locator('.statusbar-item[id*="mechanist"]').waitFor({ timeout: 120_000 });
    },
    report: (line) => void process.stdout.write(`  ${line}\n`),
    diagnosis: () => [...said.slice(-5), ...server.log().split('\n').slice(-5)].join('\n    '),
    async dispose() {
      await context.close();
      await server.stop();
      await rm(place, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
    },
  };
}
