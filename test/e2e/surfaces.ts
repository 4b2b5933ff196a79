/** Numbers against the command line's; lenses, hints, walkthrough; what the keyboard reaches. */
import { strict as assert } from 'node:assert';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { clickOn, hoverOver } from './pages/editor.ts';
import { openFile } from './pages/files.ts';
import { runCommand } from './pages/palette.ts';
import { expand, openInspector, row as treeRow } from './pages/sidebar.ts';
import { writeSettings } from './pages/themes.ts';
import { until } from './pages/until.ts';
import { webviewFrame } from './pages/webview.ts';
import { extensionLog } from './support/log.ts';
import { inspection } from './support/sample.ts';
import type { Spec } from './support/spec.ts';

const repository = fileURLToPath(new URL('../..', import.meta.url));
const prompt = 'When Mary and John went to the market, John gave a book to';
const pairs = [
  { clean: prompt, corrupted: prompt.replace('John gave', 'Mary gave'), answers: [' Mary'], distractors: [' John'] },
  { clean: 'The cat near the dogs', corrupted: 'The cats near the dogs', answers: [' is'], distractors: [' are'] },
];

export const surfaces: Spec = {
  name: 'surfaces',
  files: { 'prompt.txt': prompt, 'pairs.jsonl': pairs.map((pair) => JSON.stringify(pair)).join('\n') },
  open: 'prompt.txt',
  steps: [
    {
      name: 'hovers say the numbers that the command line prints for the same text and model',
      async run({ page }) {
        const printed = execFileSync(process.execPath, [join(repository, 'src/cli/main.ts'), 'trace', 'fable-4l', '--text', prompt], { encoding: 'utf8' });
        const last = await hoverOver(page, 'to', inspection, 'last', 120_000);
        const predicted = Array.from(printed.split('Next token')[1]!.matchAll(/^ {2}(\S+) +([\d.]+) %/gm), ([, token, percent]) => ({ token: token!, percent: Number(percent) }));
        const shown = Array.from(last.split('next:')[1]!.matchAll(/“(.+?)” (< )?([\d.]+) %/g), ([, token, less, percent]) => ({ token: token!.replaceAll('␣', '·'), less, percent: percent! }));
        assert.equal(shown.length, 3, last);
        for (const [place, { token, less, percent }] of shown.entries()) {
          assert.equal(token, predicted[place]!.token);
          const digits = percent.includes('.') ? 1 : 0;
          if (less === undefined) assert.equal(percent, predicted[place]!.percent.toFixed(digits));
        }
        for (const word of ['Mary', 'market', 'book']) {
          const said = /surprise of this token ([\d.]+) bits/.exec(await hoverOver(page, word, inspection))![1]!;
          const bits = Number(new RegExp(`^ {2}·${word} +([\\d.]+)`, 'm').exec(printed)![1]);
          assert.ok(Math.abs(Number(said) - bits) <= 0.0501, `${word}: ${said} and ${bits}`);
        }
      },
    },
    {
      name: 'hovers are reached with the keyboard, and so are the models and their dictionaries',
      async run({ page }) {
        await clickOn(page, 'John');
        await runCommand(page, 'Show or Focus Hover');
        await until('hover', async () => (await page.locator('.monaco-hover:visible').allInnerTexts()).join('\n').replace(/\u00a0/g, ' '), (text) => inspection.test(text));
        await page.keyboard.press('Escape');
        const frame = await openInspector(page);
        await frame.locator('.lens tbody tr').first().waitFor();
        await expand(page, 'Models');
        await treeRow(page, /SAE/).waitFor();
        // The view takes the focus when it has its rows; the command may come earlier.
        await until('focused list', async () => {
          await runCommand(page, 'Mechanist: Focus on Models View');
          return page.locator('.sidebar .monaco-list:focus-within').count();
        }, (count) => count > 0);
        const row = page.locator('.sidebar .monaco-list:focus-within .monaco-list-row.focused');
        const place = async (): Promise<string | null> => ((await row.count()) === 0 ? null : row.first().getAttribute('data-index'));
        const down = async (): Promise<string> => {
          const before = await place();
          await page.keyboard.press('ArrowDown');
          await until('the row after', place, (now) => now !== before, 10_000);
          return (await row.allInnerTexts()).join('');
        };
        const focused = await until('focused row', down, (text) => /hook.*(?:SAE|TRANSCODER)/s.test(text));
        await page.keyboard.press('Enter');
        const hook = /blocks\.\d+\.[a-z_.]+/.exec(focused)![0];
        await hoverOver(page, 'Mary', new RegExp(hook.replaceAll('.', '\\.')));
      },
    },
    {
      name: 'surprise stands behind unexpected tokens when the setting is on',
      async run({ page, folder }) {
        assert.equal(await page.locator('.view-line', { hasText: 'bits' }).count(), 0);
        await writeSettings(folder, { 'mechanist.inlayHints.surprise': true });
        await page.locator('.view-line', { hasText: 'bits' }).first().waitFor();
        await writeSettings(folder, { 'mechanist.inlayHints.surprise': false });
        await until('hints', () => page.locator('.view-line', { hasText: 'bits' }).count(), (count) => count === 0);
      },
    },
    {
      name: 'a prompt pair has a lens that opens the algorithmic view with it',
      async run({ page }) {
        await openFile(page, 'pairs.jsonl');
        const lenses = page.locator('.codelens-decoration a', { hasText: 'Trace this pair' });
        await until('lenses', () => lenses.count(), (count) => count === pairs.length);
        await lenses.first().click();
        const frame = await webviewFrame(page, 'algorithmic', 60_000);
        await until('the view', () => frame.locator('body').innerText(), (text) => text.includes('Mary'), 60_000);
      },
    },
    {
      name: 'the walkthrough opens from the palette',
      async run({ page }) {
        await runCommand(page, 'Mechanist: Get Started');
        await page.getByText('Get Started with Mechanist').first().waitFor();
        await page.getByText('Hover over a word').first().waitFor();
      },
    },
    {
      name: 'no error of the extension is in the log',
      async run({ installation }) {
        assert.doesNotMatch(await extensionLog(installation), /\[error\]/);
      },
    },
  ],
};
