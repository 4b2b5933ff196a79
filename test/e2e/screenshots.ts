/** Pictures of hover, inspector and paint in all four kinds of theme, for the documentation. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { clickOn, hoverOver, openMechanistSidebar, until, statusText } from './editor.ts';
import { runCommand, webviewFrame } from './launch.ts';

const themes = [
  { name: 'dark', theme: 'Dark Modern', shown: 'vs-dark' },
  { name: 'light', theme: 'Light Modern', shown: 'vs' },
  { name: 'high-contrast', theme: 'Default High Contrast', shown: 'hc-black' },
  { name: 'high-contrast-light', theme: 'Default High Contrast Light', shown: 'hc-light' },
];

export async function takeScreenshots(page: Page, folder: string, images: string): Promise<void> {
  await mkdir(images, { recursive: true });
  await page.setViewportSize({ width: 1280, height: 960 });
  await openMechanistSidebar(page);
  for (const view of ['Methods', 'Models']) {
    const header = page.locator('.sidebar .pane-header', { hasText: view });
    if ((await header.getAttribute('aria-expanded')) === 'true') await header.click();
  }
  await clickOn(page, 'gave');
  await runCommand(page, 'Notifications: Clear All Notifications');
  await runCommand(page, 'Mechanist: Paint Text by Surprise');
  await until(page, 'legend', () => statusText(page), (text) => /surprise/.test(text));
  await clickOn(page, 'gave');
  for (const { name, theme, shown } of themes) {
    await writeFile(join(folder, '.vscode', 'settings.json'), JSON.stringify({ 'workbench.colorTheme': theme }));
    await page.locator(`.monaco-workbench.${shown}`).waitFor();
    const frame = await webviewFrame(page, 'inspector');
    await frame.locator('.lens tbody tr').first().waitFor();
    await hoverOver(page, 'John', /next: /, 'last');
    await page.waitForTimeout(500);
    await page.screenshot({ path: join(images, `workbench-${name}.png`) });
  }
}
