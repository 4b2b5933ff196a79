/** The semantic view: from opening it to a labelled feature, by keyboard and palette. */
import { strict as assert } from 'node:assert';
import { mkdir } from 'node:fs/promises';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { clickOn } from './pages/editor.ts';
import { runCommand } from './pages/palette.ts';
import { picture } from './pages/picture.ts';
import { activeRow, cardName, long, openFirstCard, openSemanticView, semanticFrame } from './pages/semantic.ts';
import { cursorText } from './pages/statusBar.ts';
import { themes, useTheme } from './pages/themes.ts';
import { until } from './pages/until.ts';
import { assertAccessible } from './pages/webview.ts';
import { assertPagesWell } from './support/log.ts';
import { sampleFiles } from './support/sample.ts';
import type { Spec } from './support/spec.ts';
import type { Workbench } from './support/workbench.ts';

export const semantic: Spec = {
  name: 'semantic',
  files: sampleFiles,
  open: 'sample.txt',
  settings: { 'mechanist.model.default': 'fable-4l-b' },
  steps: [
    {
      name: 'the list of features opens from the palette, is walked, sorted and searched by keyboard',
      async run({ page }) {
        const frame = await openSemanticView(page);
        const first = await frame.locator('.grid-row .chip').first().innerText();
        await frame.locator('.head-button', { hasText: 'max' }).click();
        await until('first row after sorting', () => frame.locator('.grid-row .chip').first().innerText(), (text) => text !== first);
        await frame.locator('mechanist-table .grid').focus();
        await page.keyboard.press('PageDown');
        assert.match((await activeRow(frame)) ?? '', /row-[1-9]/);
        await page.keyboard.press('/');
        await page.keyboard.type('#12');
        await until('rows found', () => frame.locator('.list-head').innerText(), (text) => /\b1 of /.test(text));
        await page.keyboard.press('Escape');
        await until('all rows', () => frame.locator('.list-head').innerText(), (text) => /[2-9],\d{3} of /.test(text));
      },
    },
    {
      name: 'a card shows examples, distribution, logits, neighbours, each beside its control',
      async run(workbench) {
        const { page } = workbench;
        const frame = await semanticFrame(page);
        const started = performance.now();
        await openFirstCard(page, frame);
        workbench.report(`first card: ${Math.round(performance.now() - started)} ms`);
        const name = await cardName(frame);
        const at = await activeRow(frame);
        await page.keyboard.press('ArrowDown');
        await until('the next row', () => activeRow(frame), (row) => row !== at);
        const next = performance.now();
        await page.keyboard.press('Enter');
        await until('the next card', () => cardName(frame), (text) => text !== name);
        workbench.report(`next card: ${Math.round(performance.now() - next)} ms (with the driver's round trips)`);
        await frame.locator('figure.chart .main-svg').first().waitFor(long);
        assert.ok((await frame.locator('article.card .tone-control').count()) > 0);
        await frame.getByRole('tab', { name: /quantiles/ }).click();
        await frame.locator('.examples h4', { hasText: '%' }).first().waitFor();
      },
    },
    {
      name: 'a chart has its table and is walked point by point',
      async run({ page }) {
        const frame = await semanticFrame(page);
        const chart = frame.locator('figure.chart').first();
        await chart.locator('.plot-frame').focus();
        await page.keyboard.press('ArrowRight');
        await until('what the chart says', () => chart.locator('.said').innerText(), (text) => /tokens/.test(text));
        await chart.hover();
        await chart.getByRole('button', { name: 'Show as table' }).click();
        assert.ok((await chart.locator('table tbody tr').count()) > 3);
        await chart.getByRole('button', { name: 'Show as table' }).click();
      },
    },
    {
      name: 'a feature is ablated beside the unchanged model and a random direction',
      async run({ page }) {
        const frame = await semanticFrame(page);
        await frame.locator('mechanist-effect vscode-button').first().click();
        await frame.locator('mechanist-effect .run').nth(2).waitFor(long);
        assert.match(await frame.locator('mechanist-effect .run').nth(2).innerText(), /random direction/i);
        assert.match(await frame.locator('mechanist-effect .verdict').innerText(), /random direction|Nothing is changed/);
      },
    },
    {
      name: 'a label is suggested from statistics beside its control; one that is written lies in the workspace and is found by search',
      async run({ page, folder }) {
        const frame = await semanticFrame(page);
        await frame.locator('mechanist-table .grid').focus();
        await page.keyboard.press('l');
        const suggestion = frame.locator('mechanist-suggestion');
        await suggestion.locator('vscode-button', { hasText: 'From statistics' }).click();
        await until('a suggestion with its control, or that there is none', () => suggestion.innerText(), (text) => /\S from statistics[\s\S]*\(.*\)|too few examples/.test(text), 60_000);
        await suggestion.locator('button[aria-label=Close]').click();
        await frame.locator('mechanist-table .grid').focus();
        await page.keyboard.press('e');
        await frame.locator('.label-form input').waitFor();
        await page.keyboard.type('a name of mine');
        await page.keyboard.press('Enter');
        await until('label', () => frame.locator('h2.label').innerText(), (text) => /a name of mine/.test(text));
        assert.ok(readdirSync(join(folder, '.mechanist', 'labels')).length > 0);
        await page.keyboard.press('/');
        await page.keyboard.type('name of mine');
        await until('rows found', () => frame.locator('.list-head').innerText(), (text) => /\b1 of /.test(text));
        await page.keyboard.press('Escape');
      },
    },
    {
      name: 'the map stands beside that of a random dictionary',
      async run({ page }) {
        await runCommand(page, 'Mechanist: Show Map of Features');
        const frame = await semanticFrame(page);
        await frame.locator('canvas.random').waitFor(long);
        await frame.locator('canvas.features').focus();
        await page.keyboard.press('ArrowRight');
        await until('the point said', () => frame.locator('.maps .said').innerText(), (text) => /^#\d+/.test(text));
        const name = await cardName(frame);
        await page.keyboard.press('Enter');
        await until('the card of the point', () => cardName(frame), (text) => text !== name);
        await frame.locator('canvas.features').focus();
        await page.keyboard.press('m');
      },
    },
    {
      name: 'the editor’s selection finds features, and a feature paints the editor',
      async run({ page }) {
        await clickOn(page, 'Mary');
        await page.keyboard.press('Home');
        await page.keyboard.press('Shift+End');
        await until('selection', () => cursorText(page), (text) => /selected/.test(text));
        await runCommand(page, 'Mechanist: Which Features Fire on This Selection?');
        const frame = await semanticFrame(page);
        await frame.locator('.query').waitFor(long);
        await frame.locator('.grid-row .chip').first().waitFor(long);
        await openFirstCard(page, frame);
        await frame.locator('mechanist-own-text .heat').first().waitFor(long);
        await page.keyboard.press('p');
        await until('legend', () => page.locator('.statusbar-item[id*="mechanist"]').first().innerText(), (text) => /#\d+/.test(text));
      },
    },
    {
      name: 'the dictionary page measures with intervals, and has its charts',
      async run({ page }) {
        await runCommand(page, 'Mechanist: Show Dictionary Measures');
        const frame = await semanticFrame(page);
        await frame.locator('mechanist-dictionary table tbody tr').first().waitFor({ timeout: 120_000 });
        assert.match(await frame.locator('mechanist-dictionary').innerText(), /FVU[\s\S]*…/);
        await page.keyboard.press('d');
      },
    },
    {
      name: 'the page has not violated its policy, and nothing was asked of another machine',
      async run({ installation, foreignHosts }) {
        await assertPagesWell(installation, 'semantic');
        assert.deepEqual([...foreignHosts].filter((host) => !/vscode-cdn\.net$|open-vsx\.org$/.test(host)), []);
      },
    },
    {
      name: 'a reload of the window brings back the card that was open',
      async run(workbench) {
        const { page } = workbench;
        const name = await cardName(await semanticFrame(page));
        await workbench.reload();
        await until('the card after the reload', async () => cardName(await semanticFrame(page)), (text) => text === name, 90_000);
      },
    },
    {
      name: 'axe finds nothing in the semantic view in any theme',
      async run(workbench) {
        const { page } = workbench;
        for (const theme of themes) {
          await useTheme(workbench, theme, ['semantic']);
          await (await semanticFrame(page)).locator('.grid-row .chip').first().waitFor(long);
          await assertAccessible(await semanticFrame(page), `semantic, ${theme.name}`, '--vscode-editor-background');
        }
      },
    },
    {
      name: 'a harvest runs in place, is stopped, and goes on',
      async run({ page, folder }) {
        await runCommand(page, 'Mechanist: Harvest a Corpus');
        const frame = await semanticFrame(page);
        await frame.locator('#harvest-limit').fill('30000');
        await frame.locator('mechanist-harvest form vscode-button').last().click();
        await frame.locator('mechanist-harvest .progress-line vscode-button', { hasText: 'Cancel' }).click();
        await frame.locator('mechanist-harvest .progress-line', { hasText: 'Stopped' }).waitFor(long);
        await frame.locator('mechanist-harvest .progress-line vscode-button', { hasText: 'Continue' }).click();
        await until('the stores', () => frame.locator('.stores li').count(), (count) => count >= 2, 180_000);
        assert.ok(existsSync(join(folder, '.mechanist', 'stores')));
      },
    },
  ],
};

/** Pictures of the view in all four kinds of theme, into `images`. */
export async function semanticPictures(workbench: Workbench, images: string): Promise<void> {
  const { page } = workbench;
  await mkdir(images, { recursive: true });
  await page.setViewportSize({ width: 1600, height: 1000 });
  const frame = await openSemanticView(page);
  await runCommand(page, 'View: Maximize Editor Group');
  const score = frame.locator('.head-button', { hasText: 'score' });
  await until('best scores first', async () => {
    if ((await score.locator('.codicon-arrow-small-down').count()) === 0) await score.click();
    return score.locator('.codicon-arrow-small-down').count();
  }, (count) => count > 0);
  // A label that holds on held-out examples and can be read at a glance.
  await frame.locator('.grid-row', { hasText: /on “.return”(?!,)/ }).first().click(long);
  await frame.locator('article.card .belief .codicon-check').first().waitFor(long);
  await frame.locator('figure.chart .main-svg').first().waitFor(long);
  for (const theme of themes) {
    await useTheme(workbench, theme, ['semantic']);
    await picture(page, join(images, `semantic-${theme.name}.png`));
  }
}
