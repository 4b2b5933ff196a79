/** The sidebar: inspector, models, methods; painting. */
import { clickOn } from './pages/editor.ts';
import { runCommand } from './pages/palette.ts';
import { expand, openInspector, row, selectedToken } from './pages/sidebar.ts';
import { cursorText, statusText } from './pages/statusBar.ts';
import { themes, useTheme } from './pages/themes.ts';
import { until } from './pages/until.ts';
import { assertAccessible, webviewFrame } from './pages/webview.ts';
import { assertPagesWell } from './support/log.ts';
import { sampleFiles } from './support/sample.ts';
import type { Spec } from './support/spec.ts';

export const inspector: Spec = {
  name: 'inspector',
  files: sampleFiles,
  open: 'sample.txt',
  steps: [
    {
      name: 'the inspector shows the token at the cursor, its features, and the lens',
      async run({ page }) {
        await clickOn(page, 'gave');
        const frame = await openInspector(page);
        await until('selected token', () => selectedToken(frame), (text) => /gave/.test(text));
        // Another token may be read in between, while the cursor settles.
        await until('layers', () => frame.locator('.lens tbody tr').count(), (count) => count >= 4);
      },
    },
    {
      name: 'the inspector follows the cursor and is walked with the keyboard',
      async run({ page }) {
        await clickOn(page, 'market');
        const frame = await webviewFrame(page, 'inspector');
        await until('selected token', () => selectedToken(frame), (text) => !/gave/.test(text));
        const before = await selectedToken(frame);
        await frame.locator('[role=option][aria-selected=true]').focus();
        await page.keyboard.press('ArrowRight');
        await until('selected token after the key', () => selectedToken(frame), (text) => text !== before);
        await frame.locator('.lens tbody tr').first().waitFor();
      },
    },
    {
      name: 'the page has not violated its policy',
      run: ({ installation }) => assertPagesWell(installation, 'inspector'),
    },
    {
      name: 'axe finds nothing in the inspector in any theme',
      async run(workbench) {
        for (const theme of themes) {
          await useTheme(workbench, theme, ['inspector']);
          await assertAccessible(await webviewFrame(workbench.page, 'inspector'), theme.name, '--vscode-sideBar-background');
        }
      },
    },
    {
      name: 'models and methods are listed',
      async run({ page }) {
        await row(page, /fable-4l/).waitFor();
        await expand(page, 'Methods');
        await row(page, /Behavioral/).waitFor();
      },
    },
    {
      name: 'a text is painted by surprise, hits are stepped through, and paint is cleared by an edit',
      async run({ page }) {
        await clickOn(page, 'When');
        await runCommand(page, 'Mechanist: Paint Text by Surprise');
        await until('legend', () => statusText(page), (text) => /surprise 0.*bits/.test(text));
        const before = await cursorText(page);
        await runCommand(page, 'Mechanist: Go to Next Hit of the Paint');
        await until('cursor', () => cursorText(page), (text) => text !== before && /selected/.test(text));
        await page.keyboard.press('End');
        await page.keyboard.type('!');
        await until('legend', () => statusText(page), (text) => !/surprise/.test(text));
      },
    },
  ],
};
