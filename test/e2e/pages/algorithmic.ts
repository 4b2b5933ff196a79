/** The algorithmic panel as a person uses it. */
import type { Frame, Locator, Page } from 'playwright-core';
import { clickOn } from './editor.ts';
import { runCommand } from './palette.ts';
import { until } from './until.ts';
import { webviewFrame } from './webview.ts';

export const long = { timeout: 90_000 };
export const tabs = ['overview', 'lens', 'attention', 'patching', 'circuit', 'graph', 'compare'] as const;
export type Tab = (typeof tabs)[number];

export const prompt = 'When Mary and John went to the market, John gave a book to';

export const frameOf = (page: Page): Promise<Frame> => webviewFrame(page, 'algorithmic', 60_000);

export async function showTab(frame: Frame, tab: Tab): Promise<void> {
  await frame.locator(`#tab-${tab}`).click();
  await frame.locator(`#tab-${tab}[aria-selected=true]`).waitFor();
}

export const button = (frame: Frame | Locator, label: string): Locator => frame.locator('vscode-button', { hasText: label }).first();

/** One of the choices of a tab, by what stands before it. */
export const choiceOf = (frame: Frame | Locator, label: string): Locator => frame.locator('label.choice', { hasText: label }).locator('select').first();

/** The line with this word becomes the question, the first suggestion what it is compared with. */
export async function askLine(page: Page, word: string, expected: string): Promise<Frame> {
  await clickOn(page, word);
  await runCommand(page, 'Mechanist: Why This Prediction?');
  const frame = await frameOf(page);
  await until('prompt', () => frame.locator('#prompt').inputValue(long), (text) => text === expected, 90_000);
  await until('target', () => frame.locator('.answer').first().inputValue(), (text) => text.length > 1, 60_000);
  await frame.locator('select[aria-label^="Suggested"]').selectOption({ index: 1 });
  await frame.getByText('aligned,').waitFor(long);
  return frame;
}

/** Moves the focus by the Tab key until what has it is called that. */
export async function tabTo(page: Page, frame: Frame, name: string): Promise<void> {
  for (let presses = 0; presses < 150; presses++) {
    const focused = await frame.evaluate<string>('(() => { const one = document.activeElement; return (one?.getAttribute("aria-label") ?? one?.textContent ?? "").trim(); })()');
    if (focused === name) return;
    await page.keyboard.press('Tab');
  }
  throw new Error(`The Tab key leads to nothing called “${name}”.`);
}

/** Runs what each tab can run, so that there is something to look at. */
export async function fill(frame: Frame, tab: Tab): Promise<void> {
  await showTab(frame, tab);
  switch (tab) {
    case 'overview': await frame.locator('.sum').first().waitFor(long); break;
    case 'lens': await frame.locator('mechanist-heat-grid [role=gridcell]').first().waitFor(long); break;
    case 'attention':
      await frame.locator('mechanist-head-grid button.head').first().waitFor(long);
      if ((await button(frame, 'Score all heads').count()) > 0) await button(frame, 'Score all heads').click();
      if ((await button(frame, 'Compare all heads').count()) > 0) await button(frame, 'Compare all heads').click();
      await frame.getByText('on random tokens; muted: on this prompt').waitFor(long);
      break;
    case 'patching':
      if ((await frame.locator('mechanist-patching .plot-frame').count()) === 0) await button(frame, 'Run').click();
      await frame.locator('mechanist-patching .plot-frame .main-svg').first().waitFor(long);
      break;
    case 'circuit':
      if ((await button(frame, 'Test this circuit').count()) === 0) await button(frame, 'Score edges').click();
      await button(frame, 'Test this circuit').waitFor(long);
      if ((await frame.locator('.verdict').count()) === 0) await button(frame, 'Test this circuit').click();
      await frame.locator('.verdict').waitFor(long);
      break;
    case 'graph':
      if ((await frame.locator('mechanist-graph').count()) === 0) await button(frame, 'Build the graph').click();
      await frame.locator('mechanist-graph canvas').waitFor(long);
      break;
    case 'compare': await frame.locator('mechanist-compare h2').first().waitFor(); break;
  }
}
