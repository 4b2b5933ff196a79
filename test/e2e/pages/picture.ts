/** Pictures of the window. */
import { writeFile } from 'node:fs/promises';
import type { Page } from 'playwright-core';
import { until } from './until.ts';

/** Writes a picture once two in a row are the same: charts are drawn again after a change of theme, each in its own time. */
export async function picture(page: Page, file: string): Promise<void> {
  let last = await page.screenshot();
  await until('pictures that differ', async () => {
    const next = await page.screenshot();
    const same = next.equals(last);
    last = next;
    return same;
  }, (same) => same, 60_000);
  await writeFile(file, last);
}
