/** The semantic panel: its frame, its list, its card. */
import type { Frame, Locator, Page } from 'playwright-core';
import { until } from './until.ts';
import { runCommand } from './palette.ts';
import { webviewFrame } from './webview.ts';

export const long = { timeout: 60_000 };

/** The panel's frame; after a reload or when it was hidden it is another one. */
export const semanticFrame = (page: Page): Promise<Frame> => webviewFrame(page, 'semantic', 60_000);

export async function openSemanticView(page: Page): Promise<Frame> {
  await runCommand(page, 'Mechanist: Open Semantic View');
  const frame = await semanticFrame(page);
  await frame.locator('.grid-row .chip').first().waitFor(long);
  return frame;
}

export const cardName = (frame: Frame): Promise<string> => frame.locator('article.card').getAttribute('aria-label', long).then((name) => name ?? '');

/** Id of the row of the list that the keys are on. */
export const activeRow = (frame: Frame): Promise<string | null> => frame.locator('mechanist-table .grid').getAttribute('aria-activedescendant', long);

/** Opens the card of the first feature in the list. */
export async function openFirstCard(page: Page, frame: Frame): Promise<void> {
  await frame.locator('mechanist-table .grid').focus();
  await page.keyboard.press('Home');
  await page.keyboard.press('Enter');
  await frame.locator('article.card .examples li').first().waitFor(long);
}

/** Types into the search field until the list has what is looked for. */
export async function search(frame: Frame, words: string, found: RegExp): Promise<void> {
  await frame.locator('input[type=search]').fill(words);
  await until(`rows for “${words}”`, () => frame.locator('.list-head').innerText(), (text) => found.test(text), 60_000);
}

/** One of the page's buttons by what it says. */
export const button = (within: Frame | Locator, label: string | RegExp): Locator => within.locator('vscode-button', { hasText: label }).first();
