/** Pictures for the documentation, in all four kinds of theme. */
import { readFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { clickOn, hoverOver } from './pages/editor.ts';
import { runCommand } from './pages/palette.ts';
import { picture } from './pages/picture.ts';
import { expand, openInspector } from './pages/sidebar.ts';
import { statusText } from './pages/statusBar.ts';
import { themes, useTheme } from './pages/themes.ts';
import { until } from './pages/until.ts';
import { webviewFrame } from './pages/webview.ts';
import { algorithmicPictures } from './algorithmic.ts';
import { semanticPictures } from './semantic.ts';
import type { Spec } from './support/spec.ts';

const images = fileURLToPath(new URL('../../docs/images', import.meta.url));

export const screenshots: Spec = {
  name: 'screenshots',
  files: { 'prompts.txt': readFileSync(fileURLToPath(new URL('../../sample/prompts.txt', import.meta.url))) },
  open: 'prompts.txt',
  steps: [
    {
      name: 'hover, inspector and paint',
      async run(workbench) {
        const { page } = workbench;
        await mkdir(images, { recursive: true });
        await page.setViewportSize({ width: 1280, height: 960 });
        await hoverOver(page, 'When', /next: /, 'first', 120_000);
        await openInspector(page);
        for (const view of ['Methods', 'Models']) await expand(page, view, false);
        await clickOn(page, 'gave');
        await runCommand(page, 'Mechanist: Paint Text by Surprise');
        await until('legend', () => statusText(page), (text) => /surprise/.test(text));
        await clickOn(page, 'gave');
        for (const theme of themes) {
          await useTheme(workbench, theme, ['inspector']);
          const frame = await webviewFrame(page, 'inspector');
          await frame.locator('.lens tbody tr').first().waitFor();
          await hoverOver(page, 'John', /next: /, 'last');
          await picture(page, join(images, `workbench-${theme.name}.png`));
        }
      },
    },
  ],
};

export const algorithmicScreenshots: Spec = {
  name: 'screenshots-algorithmic',
  files: { 'prompt.txt': 'When Mary and John went to the market, John gave a book to\n' },
  open: 'prompt.txt',
  steps: [{ name: 'tabs of the algorithmic view', run: (workbench) => algorithmicPictures(workbench, images) }],
};

export const semanticScreenshots: Spec = {
  name: 'screenshots-semantic',
  files: { 'prompt.txt': 'When Mary and John went to the market, John gave a book to\n' },
  open: 'prompt.txt',
  steps: [{ name: 'the semantic view with a card', run: (workbench) => semanticPictures(workbench, images) }],
};
