/** The command palette and other quick picks. */
import type { Page } from 'playwright-core';

/** Runs a command by its title, with its category: `Mechanist: Show Log`. */
export async function runCommand(page: Page, title: string): Promise<void> {
  await page.keyboard.press('F1');
  const input = page.locator('.quick-input-widget input').first();
  await input.waitFor();
  await input.fill(`>${title}`);
  await rowOf(page, title).waitFor();
  await page.keyboard.press('Enter');
}

/** Takes the row of an open quick pick that holds a text. */
export async function pick(page: Page, text: string | RegExp): Promise<void> {
  const row = rowOf(page, text);
  await row.waitFor();
  await row.click();
}

/** Types into an open input box and accepts. */
export async function enter(page: Page, text: string): Promise<void> {
  const input = page.locator('.quick-input-widget:visible input').first();
  await input.waitFor();
  await input.fill(text);
  await page.keyboard.press('Enter');
}

/** What an open quick pick offers. */
export async function choices(page: Page): Promise<string[]> {
  await page.locator('.quick-input-list .monaco-list-row').first().waitFor();
  return page.locator('.quick-input-list .monaco-list-row').allInnerTexts();
}

function rowOf(page: Page, text: string | RegExp) {
  return page.locator('.quick-input-list .monaco-list-row').filter({ hasText: text }).first();
}
