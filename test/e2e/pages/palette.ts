/** The command palette and other quick picks. */
import { strict as assert } from 'node:assert';
import type { Locator, Page } from 'playwright-core';
import { until } from './until.ts';

/** Runs a command by its title, with its category: `Mechanist: Show Log`. */
export async function runCommand(page: Page, title: string): Promise<void> {
  const input = page.locator('.quick-input-widget:visible input').first();
  // An editor that takes the focus meanwhile closes the palette again.
  for (let turn = 1; ; turn++) {
    await page.keyboard.press('F1');
    try {
      await input.fill(`>${title}`, { timeout: 4_000 });
      await rowOf(page, title).waitFor({ timeout: 10_000 });
      break;
    } catch (error) {
      if (turn === 5) throw error;
    }
  }
  await page.keyboard.press('Enter');
}

/** Takes the first row of an open quick pick that holds a text, or what it offers for that text: with the filter and Enter, as a row's own hover may lie over others. */
export async function pick(page: Page, text: string): Promise<void> {
  await page.locator('.quick-input-widget:visible input').first().fill(text);
  await rowOf(page, text).waitFor();
  await page.keyboard.press('Enter');
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

/** Accepts what the workbench's own file dialog proposes; a path that is typed while it reads the folder may be taken back. */
export async function acceptPath(page: Page): Promise<void> {
  const dialog = page.locator('.quick-input-widget:visible');
  const accept = dialog.locator('.quick-input-action .monaco-button, .quick-input-action a').first();
  await accept.waitFor();
  await until('proposed path', () => dialog.locator('input').first().inputValue(), (value) => value.startsWith('/'));
  for (let turn = 0; turn < 4 && (await dialog.isVisible()); turn++) {
    await accept.click({ timeout: 5_000 }).catch(() => undefined);
    await dialog.waitFor({ state: 'hidden', timeout: 4_000 }).catch(() => undefined);
  }
  assert.equal(await dialog.isVisible(), false, 'the dialog has closed');
}

/** Types a path into the workbench's own file dialog and accepts it. */
export async function choosePath(page: Page, path: string): Promise<void> {
  const dialog = page.locator('.quick-input-widget:visible');
  const input = dialog.locator('input').first();
  await input.waitFor();
  await until('proposed path', () => input.inputValue(), (value) => value.startsWith('/'));
  for (let turn = 0; turn < 6 && (await dialog.isVisible()); turn++) {
    await input.fill(path);
    // What is typed while a folder is read may be taken back.
    await page.waitForTimeout(400);
    if ((await input.inputValue().catch(() => path)) !== path) continue;
    await dialog.locator('.quick-input-action .monaco-button, .quick-input-action a').first().click({ timeout: 5_000 }).catch(() => undefined);
    await dialog.waitFor({ state: 'hidden', timeout: 4_000 }).catch(() => undefined);
  }
  assert.equal(await dialog.isVisible(), false, `the dialog has taken ${path}`);
}

function rowOf(page: Page, text: string): Locator {
  return page.locator('.quick-input-list .monaco-list-row').filter({ hasText: text }).first();
}
