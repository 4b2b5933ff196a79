/** Restricted Mode: the bundled models are there, everything that would read the workspace as more than text is not. */
import { strict as assert } from 'node:assert';
import { hoverOver } from './pages/editor.ts';
import { choices, pick, runCommand } from './pages/palette.ts';
import { expand, openInspector, row } from './pages/sidebar.ts';
import { inspection, sampleFiles } from './support/sample.ts';
import type { Spec } from './support/spec.ts';

export const restricted: Spec = {
  name: 'restricted',
  files: { ...sampleFiles, '.vscode/settings.json': JSON.stringify({ 'mechanist.model.default': '../../elsewhere' }) },
  open: 'sample.txt',
  restricted: true,
  steps: [
    {
      name: 'the workbench is in Restricted Mode, and hovers answer from the bundled model whatever the workspace sets',
      async run({ page }) {
        await page.locator('.statusbar-item', { hasText: 'Restricted Mode' }).first().waitFor();
        await hoverOver(page, 'John', inspection, 'first', 120_000);
      },
    },
    {
      name: 'a model from disk is refused, also when the command is run',
      async run({ page, folder, engines }) {
        await runCommand(page, 'Mechanist: Open Model…');
        await choices(page);
        await pick(page, `${folder}/mine`);
        await page.locator('.notification-list-item', { hasText: 'in trusted workspaces only' }).first().waitFor();
        assert.equal(engines().length, 1);
        await runCommand(page, 'Notifications: Clear All Notifications');
        await runCommand(page, 'Mechanist: Open Dictionary…');
        await page.locator('.notification-list-item', { hasText: 'in trusted workspaces only' }).first().waitFor();
      },
    },
    {
      name: 'the views are there',
      async run({ page }) {
        await openInspector(page);
        await expand(page, 'Models');
        await row(page, /fable-4l/).waitFor();
      },
    },
  ],
};
