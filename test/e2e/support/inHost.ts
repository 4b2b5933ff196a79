/**
 * Programs that run in the extension host, beside the extension, and can use VS Code's API. They are started the way VS
 * Code starts extension tests: by the page's address, from the folder of an extension made for the purpose.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import type { Page } from 'playwright-core';

/** Lets the page's address name tests. The server is a throwaway one on loopback. */
export const inHostServerArgs: readonly string[] = ['--vscode-option', 'enable-smoke-test-driver'];

/** Bundles a program of `test/e2e/inHost`; returns what the page's address has to name. */
export async function prepareInHost(name: string, folder: string): Promise<Record<string, string>> {
  const extension = join(folder, 'in-host');
  const file = join(extension, `${name}.cjs`);
  await mkdir(extension, { recursive: true });
  await build({ entryPoints: [fileURLToPath(new URL(`../inHost/${name}.ts`, import.meta.url))], outfile: file, bundle: true, format: 'cjs', platform: 'node', target: 'node20', external: ['vscode'], logLevel: 'warning' });
  await writeFile(join(extension, 'package.json'), JSON.stringify({ name: 'in-host', publisher: 'mechanist-tests', version: '0.0.1', engines: { vscode: '^1.106.0' }, contributes: { languageModelChatProviders: [{ vendor: 'mechanist-tests', displayName: 'Tests' }] } }));
  return { extensionDevelopmentPath: extension, extensionTestsPath: file };
}

/** Where a program leaves what it has measured, as JSON. */
export const resultFile = (folder: string): string => join(folder, 'in-host', 'result.json');

export interface InHostEnd {
  readonly code: number;
  readonly lines: readonly string[];
}

/** To be called before the page is opened. `ended` resolves with the program's exit code and what it printed. */
export async function listenInHost(page: Page): Promise<{ readonly ended: Promise<InHostEnd> }> {
  const lines: string[] = [];
  let end!: (result: InHostEnd) => void;
  const ended = new Promise<InHostEnd>((resolve) => { end = resolve; });
  await page.exposeFunction('codeAutomationLog', (_type: string, args: unknown[]) => void lines.push(args.map(String).join(' ')));
  await page.exposeFunction('codeAutomationExit', (code: number) => end({ code, lines }));
  return { ended };
}
