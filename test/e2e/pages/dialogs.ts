/** The workbench's own dialogs for files: a line to type a path into, above a list. */
import type { Page } from 'playwright-core';
import { until } from './until.ts';

/** Types a path and accepts it. The dialog may take back what is typed while it reads the folder, so it is looked at again. */
export async function choosePath(page: Page, path: string): Promise<void> {
  const dialog = page.locator('.quick-input-widget:visible');
  const input = dialog.locator('input').first();
  await input.waitFor();
  await until('proposed path', () => input.inputValue(), (value) => value.startsWith('/'));
  await until(`a dialog that takes ${path}`, async () => {
    if (!(await dialog.isVisible())) return true;
    await input.fill(path, { timeout: 3_000 }).catch(() => undefined);
    await page.waitForTimeout(700);
    if ((await input.inputValue({ timeout: 1_000 }).catch(() => '')).replace(/\/$/, '') === path) await page.keyboard.press('Enter');
    await dialog.waitFor({ state: 'hidden', timeout: 2_500 }).catch(() => undefined);
    return !(await dialog.isVisible());
  }, (closed) => closed, 60_000);
}
