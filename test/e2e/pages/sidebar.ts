/** Our view container. */
import type { Frame, Locator, Page } from 'playwright-core';
import { runCommand } from './palette.ts';
import { webviewFrame } from './webview.ts';

/** Shows the container and gives the inspector's frame. */
export async function openInspector(page: Page): Promise<Frame> {
  await runCommand(page, 'Mechanist: Show Inspector');
  await page.locator('.sidebar .pane-header', { hasText: 'Inspector' }).waitFor();
  return webviewFrame(page, 'inspector');
}

/** The text of the token that is selected in the inspector. */
export async function selectedToken(inspector: Frame): Promise<string> {
  return (await inspector.locator('[role=option][aria-selected=true]').first().innerText({ timeout: 20_000 })).trim();
}

/** Opens or closes one of the views. */
export async function expand(page: Page, view: string, open = true): Promise<void> {
  const header = page.locator('.sidebar .pane-header', { hasText: view });
  await header.waitFor();
  if ((await header.getAttribute('aria-expanded')) !== String(open)) await header.click();
}

/** A row of one of the trees. */
export function row(page: Page, name: string | RegExp): Locator {
  return page.locator('.sidebar').getByRole('treeitem', { name }).first();
}
