/** The status bar. */
import type { Page } from 'playwright-core';

/** What our item says. */
export async function statusText(page: Page): Promise<string> {
  return (await page.locator('.statusbar-item[id*="mechanist"]').first().innerText()).replace(/\u00a0/g, ' ');
}

/** "Ln 1, Col 5 (4 selected)". */
export async function cursorText(page: Page): Promise<string> {
  return page.locator('.statusbar-item[id="status.editor.selection"]').innerText();
}
