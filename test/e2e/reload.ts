/** A window that is loaded again goes on where it was. */
import { strict as assert } from 'node:assert';
import { clickOn, hoverOver } from './pages/editor.ts';
import { choices, pick, runCommand } from './pages/palette.ts';
import { statusText } from './pages/statusBar.ts';
import { until } from './pages/until.ts';
import { webviewFrame } from './pages/webview.ts';
import { sampleFiles } from './support/sample.ts';
import type { Spec } from './support/spec.ts';

export const reload: Spec = {
  name: 'reload',
  files: sampleFiles,
  open: 'sample.txt',
  steps: [
    {
      name: 'a model and a dictionary other than the default are chosen, and both panels opened',
      async run({ page }) {
        await clickOn(page, 'gave');
        await runCommand(page, 'Mechanist: Open Model…');
        await choices(page);
        await pick(page, 'fable-4l-b');
        await page.locator('.quick-input-title', { hasText: 'Dictionary of fable-4l-b' }).waitFor({ timeout: 90_000 });
        await pick(page, 'blocks.1.hook_resid_post');
        await hoverOver(page, 'John', /fable-4l-b · blocks\.1\.hook_resid_post/, 'first', 60_000);
        await runCommand(page, 'Mechanist: Open Semantic View');
        await webviewFrame(page, 'semantic', 60_000);
        await runCommand(page, 'Mechanist: Open Algorithmic View');
        await webviewFrame(page, 'algorithmic', 60_000);
      },
    },
    {
      name: 'after a reload the panels are there again',
      async run({ page, reload: reloadWindow, engines }) {
        const before = engines();
        await reloadWindow();
        const tabs = page.locator('.tabs-container .tab', { hasText: /Semantic|Algorithmic/ });
        await until('tabs', () => tabs.count(), (count) => count === 2, 60_000);
        await webviewFrame(page, 'algorithmic', 90_000);
        await tabs.filter({ hasText: 'Semantic' }).click();
        await webviewFrame(page, 'semantic', 90_000);
        await until('the earlier engine', () => engines(), (running) => !running.some((pid) => before.includes(pid)));
      },
    },
    {
      name: 'a panel that was behind another tab is shown by its command, and is not opened a second time',
      async run({ page, reload: reloadWindow }) {
        const tabs = page.locator('.tabs-container .tab', { hasText: /Semantic|Algorithmic/ });
        await tabs.filter({ hasText: 'Algorithmic' }).click();
        await webviewFrame(page, 'algorithmic', 60_000);
        await reloadWindow();
        await webviewFrame(page, 'algorithmic', 90_000);
        await page.locator('.tab.active', { hasText: 'Algorithmic' }).waitFor();
        await page.locator('.tab:not(.active)', { hasText: 'Semantic' }).waitFor();
        await runCommand(page, 'Mechanist: Open Semantic View');
        await page.locator('.tab.active', { hasText: 'Semantic' }).waitFor();
        await webviewFrame(page, 'semantic', 90_000);
        assert.equal(await tabs.count(), 2);
        // Once it is restored, its command finds it as any other.
        await tabs.filter({ hasText: 'Algorithmic' }).click();
        await webviewFrame(page, 'algorithmic', 60_000);
        await runCommand(page, 'Mechanist: Open Semantic View');
        await page.locator('.tab.active', { hasText: 'Semantic' }).waitFor();
        assert.equal(await tabs.count(), 2);
      },
    },
    {
      name: 'and the first hover reads the same model with the same dictionary',
      async run({ page }) {
        await hoverOver(page, 'John', /fable-4l-b · blocks\.1\.hook_resid_post/, 'first', 120_000);
        assert.match(await statusText(page), /fable-4l-b/);
      },
    },
  ],
};
