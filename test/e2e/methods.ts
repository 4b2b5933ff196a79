/** Running methods from the list: what is asked, and where the answer appears. */
import { strict as assert } from 'node:assert';
import type { Page } from 'playwright-core';
import { clickOn } from './pages/editor.ts';
import { pick, runCommand } from './pages/palette.ts';
import { expand, openInspector, row } from './pages/sidebar.ts';
import { until } from './pages/until.ts';
import { webviewFrame } from './pages/webview.ts';
import type { Spec } from './support/spec.ts';

const prompt = 'When Mary and John went to the market, John gave a book to';
const long = { timeout: 90_000 };

export const methods: Spec = {
  name: 'methods',
  files: { 'prompt.txt': prompt },
  open: 'prompt.txt',
  steps: [
    {
      name: 'each method says in the list whether it is ready, what it asks for, or that it is described only',
      async run({ page }) {
        await openInspector(page);
        await page.setViewportSize({ width: 1280, height: 1300 });
        await expand(page, 'Methods');
        for (const other of ['Inspector', 'Models', 'Findings']) await expand(page, other, false);
        for (const closed = page.locator('.sidebar .monaco-list-row[aria-expanded=false]'); (await closed.count()) > 0; ) await closed.first().click();
        await row(page, /Activation patching.*asks for a prompt pair/s).waitFor();
        await row(page, /Direct logit attribution.*ready/s).waitFor();
        await row(page, /ACDC.*described, not built in/s).waitFor();
      },
    },
    {
      name: 'a method asks step by step, with a way back, and opens its tab with the question',
      async run({ page }) {
        await clickOn(page, 'Mary');
        await runCommand(page, 'Mechanist: Run Method…');
        await pick(page, 'Activation patching');
        await takeFirst(page, 'For which prompt?', /When Mary and John/);
        await asked(page, 'Why does the model predict which token?');
        await page.locator('.quick-input-widget:visible').getByRole('button', { name: 'Back' }).click();
        await takeFirst(page, 'For which prompt?', /When Mary and John/);
        await takeFirst(page, 'Why does the model predict which token?', /Mary/);
        await takeFirst(page, 'Rather than which?', /%/);
        await takeFirst(page, 'Compared with which prompt?', /→/);
        const frame = await webviewFrame(page, 'algorithmic', 60_000);
        await frame.locator('#tab-patching[aria-selected=true]').waitFor(long);
        await until('prompt', () => frame.locator('#prompt').inputValue(long), (text) => text === prompt, 60_000);
        await frame.getByText(/aligned, \d+ tokens, \d differ/).waitFor(long);
      },
    },
    {
      name: 'steering asks for a feature and opens its card where it is clamped',
      async run({ page }) {
        await clickOn(page, 'Mary');
        await runCommand(page, 'Mechanist: Run Method…');
        await pick(page, 'Steering');
        await takeFirst(page, 'A feature that is active at the cursor', /#\d+/);
        const frame = await webviewFrame(page, 'semantic', 60_000);
        await frame.getByText(/random direction/).first().waitFor(long);
      },
    },
    {
      name: 'a card says question, assumptions, weaknesses and the check that is asked for',
      async run({ page }) {
        await runCommand(page, 'Mechanist: Show Card of a Method');
        await pick(page, 'Attribution graph');
        const seen = await until('card', async () => (await Promise.all(page.frames().map((frame) => frame.locator('body').innerText({ timeout: 2_000 }).catch(() => '')))).find((text) => text.includes('The check it demands')) ?? '', (text) => text !== '', 60_000);
        for (const part of ['Question', 'Assumptions', 'Strengths', 'Weaknesses', 'Papers']) assert.ok(seen.includes(part), part);
      },
    },
  ],
};

async function asked(page: Page, placeholder: string): Promise<void> {
  await page.locator(`.quick-input-widget:visible input[placeholder^="${placeholder}"]`).waitFor(long);
}

/** Accepts the first row of the step with this placeholder, which must match. */
async function takeFirst(page: Page, placeholder: string, expected: RegExp): Promise<void> {
  await asked(page, placeholder);
  const first = page.locator('.quick-input-list .monaco-list-row').first();
  await until('first choice', () => first.innerText(long), (text) => expected.test(text.replace(/\s+/g, ' ')), 60_000);
  await page.keyboard.press('Enter');
}
