/** First launch and hovers. */
import { strict as assert } from 'node:assert';
import { hoverOver } from './pages/editor.ts';
import { runCommand } from './pages/palette.ts';
import { statusText } from './pages/statusBar.ts';
import { until } from './pages/until.ts';
import { inspection, sampleFiles } from './support/sample.ts';
import type { Spec } from './support/spec.ts';

export const hover: Spec = {
  name: 'hover',
  files: sampleFiles,
  open: 'sample.txt',
  steps: [
    {
      name: 'the extension is there and has started no engine',
      async run({ page, engines }) {
        await page.locator('.statusbar-item', { hasText: 'Mechanist' }).first().waitFor({ timeout: 120_000 });
        assert.deepEqual(engines(), []);
        assert.equal(await page.locator('.notification-list-item').count(), 0, 'nothing is notified on activation');
      },
    },
    {
      name: 'a hover over the first word starts the engine, opens the bundled model and fills in',
      async run({ page, engines, report }) {
        const started = performance.now();
        const text = await hoverOver(page, 'When', inspection);
        report(`first useful hover after ${((performance.now() - started) / 1000).toFixed(1)} s`);
        assert.match(text, /token 1 of/);
        assert.match(text, /the model expected nothing yet|surprise of this token/);
        assert.ok(text.split('\n').filter((line) => line.trim() !== '').length <= 12, text);
        assert.equal(engines().length, 1);
      },
    },
    {
      name: 'hovers answer on words inside, of several tokens, with accents, on an emoji, and at the end',
      async run({ page }) {
        assert.match(await hoverOver(page, 'John', inspection), /surprise of this token [\d.]+ bits/);
        assert.match(await hoverOver(page, 'Unbelievableness', inspection), /word of \d+ tokens/);
        for (const word of ['naïve', '🚀']) await hoverOver(page, word, inspection);
        await hoverOver(page, 'end', inspection, 'last');
      },
    },
    {
      name: 'hovers are turned off and on again',
      async run({ page }) {
        await runCommand(page, 'Mechanist: Turn Hovers On or Off');
        await until('status bar', () => statusText(page), (text) => text.includes('hovers off'));
        await assert.rejects(hoverOver(page, 'John', inspection, 'first', 3_000), /No hover over “John” .* \(none\)$/);
        await runCommand(page, 'Mechanist: Turn Hovers On or Off');
        await until('status bar', () => statusText(page), (text) => !text.includes('hovers off'));
        await hoverOver(page, 'John', inspection);
      },
    },
    {
      name: 'the log tells of a quick activation',
      async run({ page, report }) {
        await runCommand(page, 'Mechanist: Show Log');
        const log = await until('log', () => page.locator('.part.panel .view-lines').innerText(), (text) => /activated\s+in/.test(text));
        report(`activation: ${/activated\s+in\s+([\d.]+)/.exec(log)![1]!} ms`);
        await runCommand(page, 'View: Hide Panel');
      },
    },
  ],
};
