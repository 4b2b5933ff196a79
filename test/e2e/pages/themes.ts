/** The four kinds of theme. They are changed by the workspace's settings, which open windows follow. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Frame, Page } from 'playwright-core';
import { until } from './until.ts';
import { webviewFrame } from './webview.ts';
import type { Workbench } from '../support/workbench.ts';

/** `shown`: class of the workbench; `page`: class of a webview's body. */
export const themes = [
  { name: 'dark', theme: 'Dark Modern', shown: 'vs-dark', page: 'vscode-dark' },
  { name: 'light', theme: 'Light Modern', shown: 'vs', page: 'vscode-light' },
  { name: 'high-contrast', theme: 'Default High Contrast', shown: 'hc-black', page: 'vscode-high-contrast' },
  { name: 'high-contrast-light', theme: 'Default High Contrast Light', shown: 'hc-light', page: 'vscode-high-contrast-light' },
] as const;

export type Theme = (typeof themes)[number];

/** Changes the theme and waits until the workbench and the given views have it. */
export async function useTheme({ page, folder }: Workbench, { theme, shown, page: body }: Theme, views: readonly string[] = []): Promise<void> {
  await writeSettings(folder, { 'workbench.colorTheme': theme });
  await page.locator(`.monaco-workbench.${shown}`).waitFor();
  await unmoving(page);
  for (const view of views) {
    const frame = await webviewFrame(page, view);
    await frame.locator(`body.${body}`).waitFor();
    await unmoving(frame);
  }
}

/** Waits for the end of what fades or slides: a colour halfway between two is neither's. What turns for ever is left out. */
export async function unmoving(where: Page | Frame): Promise<void> {
  await until('things that move', () => where.evaluate<number>(`new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(() =>
    resolve(document.getAnimations().filter((one) => one.playState === 'running' && one.effect?.getComputedTiming().endTime !== Infinity).length))))`), (count) => count === 0);
}

/** Adds settings to the workspace's. */
export async function writeSettings(folder: string, settings: Readonly<Record<string, unknown>>): Promise<void> {
  const file = join(folder, '.vscode', 'settings.json');
  await mkdir(join(folder, '.vscode'), { recursive: true });
  const known = existsSync(file) ? (JSON.parse(await readFile(file, 'utf8')) as Record<string, unknown>) : {};
  await writeFile(file, JSON.stringify({ ...known, ...settings }));
}
