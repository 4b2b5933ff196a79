/** Opening files of the workspace by name. */
import type { Page } from 'playwright-core';
import { until } from './until.ts';

/** Opens a file with "Go to File" and waits for its tab. */
export async function openFile(page: Page, path: string): Promise<void> {
  const name = path.split('/').at(-1)!;
  const input = page.locator('.quick-input-widget:visible input').first();
  // A view that takes the focus meanwhile closes the list again.
  await until('files', async () => {
    if (!(await input.isVisible())) await page.keyboard.press('Control+P');
    await input.fill(path, { timeout: 4_000 }).catch(() => undefined);
    // What was open before is listed until the filter is taken in.
    return (await page.locator('.quick-input-list .monaco-list-row').allInnerTexts())[0] ?? '';
  }, (first) => first.includes(name));
  await page.keyboard.press('Enter');
  await until('editor', () => activeTab(page), (tab) => tab.includes(name));
}

/** What the tab in front is called. */
export async function activeTab(page: Page): Promise<string> {
  return (await page.locator('.tabs-container .tab.active').allInnerTexts()).join(' ').replaceAll('\n', '');
}
