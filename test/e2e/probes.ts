/** Probes: trained step by step, painted, listed, refused by another model, pinned; numbers against the command line's. */
import { strict as assert } from 'node:assert';
import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import { clickOn, hoverOver } from './pages/editor.ts';
import { choices, pick, runCommand } from './pages/palette.ts';
import { expand, openInspector, row } from './pages/sidebar.ts';
import { cursorText, statusText } from './pages/statusBar.ts';
import { themes, useTheme } from './pages/themes.ts';
import { until } from './pages/until.ts';
import { extensionLog } from './support/log.ts';
import type { Spec } from './support/spec.ts';
import type { Workbench } from './support/workbench.ts';

const cli = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));
const text = 'Lisa was at home. Victor said "the garden is there" and went to the market with a friend.';
const name = 'insideQuote 1.resid_post';
const hook = 'blocks.1.hook_resid_post';
const names = ['Lisa', 'Victor', 'Rachel', 'Jack'];
const labels = Array.from({ length: 24 }, (_, i) => {
  const person = names[Math.floor(i / 2) % 4]!;
  const line = `${i % 3 === 0 ? 'Then' : 'After that'} ${person} went to the market with a friend.`;
  return JSON.stringify({ text: line, spans: [[line.indexOf(person), line.indexOf(person) + person.length]] });
}).join('\n');

const people = Array.from({ length: 12 }, (_, i) => `${i % 2 === 0 ? 'Rachel' : 'Victor'} gave a book to ${i % 2 === 0 ? 'Jack' : 'Rachel'}, and ${i % 3 === 0 ? 'Lisa' : 'Jack'} was glad.`).join('\n');

export const probes: Spec = {
  name: 'probes',
  files: { 'text.txt': text, 'people.txt': people, 'names.jsonl': labels, 'broken.jsonl': '{"text": "a", "label": "x"}\n{"text": "b", "label": {}}\n' },
  open: 'text.txt',
  steps: [
    {
      name: 'a probe is trained on the corpus of the model, step by step and back, and told with its controls',
      async run({ page }) {
        await clickOn(page, 'Lisa');
        await runCommand(page, 'Mechanist: Train a Probe…');
        await page.locator('.quick-input-title', { hasText: 'Train a probe of fable-4l' }).waitFor({ timeout: 120_000 });
        await pick(page, 'Corpus of the model');
        await page.locator('.quick-input-title', { hasText: 'Property to probe for' }).waitFor();
        await page.locator('.quick-input-titlebar .codicon-quick-input-back').click();
        await page.locator('.quick-input-title', { hasText: 'Train a probe of fable-4l' }).waitFor();
        await pick(page, 'Corpus of the model');
        await choices(page);
        await pick(page, 'insideQuote');
        await page.locator('.quick-input-title', { hasText: 'Where to probe for' }).waitFor();
        await pick(page, hook);
        await pick(page, name);
        const told = await until('scores', () => notification(page, name).innerText(), (said) => /AUROC/.test(said), 90_000);
        assert.match(told, /AUROC 0\.9\d\d · selectivity \+0\.\d\d.*Shuffled labels give 0\.\d\d, the best single coordinate 0\.\d\d/s);
      },
    },
    {
      name: 'the text is painted by it, with a legend, hits and the numbers of the command line',
      async run({ page, folder }) {
        await notification(page, name).locator('.monaco-button', { hasText: 'Paint' }).click();
        const legend = await until('legend', () => statusText(page), (said) => said.includes('insideQuote 0'));
        const trained = JSON.parse(mechanist('train-probe', 'fable-4l', '--hook', hook, '--variable', 'insideQuote', '--out', join(folder, 'cli.safetensors'))) as { scores: { auroc: number; selectivity: number } };
        assert.ok(legend.includes(`AUROC ${trained.scores.auroc.toFixed(3)} · selectivity +${trained.scores.selectivity.toFixed(2)}`), legend);
        const { tokens } = JSON.parse(mechanist('probe', 'fable-4l', fileOf(folder), text)) as { tokens: { text: string; probability: number }[] };
        const { probability } = tokens.find((token) => token.text === '·garden')!;
        assert.ok(probability > 0.5, `garden: ${probability}`);
        await hoverOver(page, 'garden', new RegExp(`“insideQuote”: ${(100 * probability).toFixed(0)} % by the probe`));
        await clickOn(page, 'Lisa');
        await runCommand(page, 'Mechanist: Go to Next Hit');
        await until('a hit inside the quotation', () => cursorText(page), (said) => /selected/.test(said) && column(said) > text.indexOf('"') && column(said) <= text.lastIndexOf('"') + 2);
        await page.locator('.decorationsOverviewRuler').first().waitFor({ state: 'attached' });
      },
    },
    {
      name: 'the probe stands under its model with its score, and paints from there',
      async run({ page }) {
        await runCommand(page, 'Mechanist: Clear Paint');
        await until('legend', () => statusText(page), (said) => !said.includes('insideQuote'));
        await openInspector(page);
        await expand(page, 'Inspector', false);
        await expand(page, 'Models');
        const found = row(page, /insideQuote/);
        await found.waitFor();
        assert.match(await found.innerText(), /AUROC 0\.9\d\d · selectivity \+0\.\d\d · probe/);
        await clickOn(page, 'Lisa');
        await found.click();
        await until('legend', () => statusText(page), (said) => said.includes('insideQuote 0'));
      },
    },
    {
      name: 'the colours are seen in every theme',
      async run(workbench) {
        for (const theme of themes) {
          await useTheme(workbench, theme);
          await until('painted words', () => painted(workbench), (words) => words.includes('garden'));
        }
      },
    },
    {
      name: 'labelled texts of the workspace train a probe; a broken file is told of by file, line and field',
      async run({ page }) {
        await runCommand(page, 'Mechanist: Train a Probe…');
        await pick(page, 'broken.jsonl');
        const told = page.locator('.notification-list-item', { hasText: 'broken.jsonl' }).first();
        await told.waitFor();
        assert.match(await told.innerText(), /line 2 › label/);
        await runCommand(page, 'Notifications: Clear All Notifications');
        await runCommand(page, 'Mechanist: Train a Probe…');
        await pick(page, 'names.jsonl');
        await pick(page, 'yes');
        await pick(page, hook);
        await pick(page, 'yes 1.resid_post');
        await until('scores', () => notification(page, 'yes 1.resid_post').innerText(), (said) => /AUROC/.test(said), 90_000);
        await runCommand(page, 'Notifications: Clear All Notifications');
        await row(page, /^yes 1/).waitFor();
      },
    },
    {
      name: 'what is selected in a text trains a probe, under a name that is typed',
      async run({ page, folder }) {
        await page.keyboard.press('Control+p');
        await pick(page, 'people.txt');
        await page.locator('.tab.active', { hasText: 'people.txt' }).waitFor();
        await page.locator('.editor-instance .view-line', { hasText: 'Rachel' }).first().waitFor();
        await clickOn(page, 'Rachel');
        await page.keyboard.press('Control+Shift+L');
        await until('selections', () => cursorText(page), (said) => /selections/.test(said));
        await runCommand(page, 'Mechanist: Train a Probe…');
        await pick(page, 'Selections in the editor');
        await pick(page, 'yes');
        await pick(page, hook);
        await page.locator('.quick-input-title', { hasText: 'Name of the probe' }).waitFor();
        await pick(page, 'Rachel anywhere');
        await until('scores', () => notification(page, 'Rachel anywhere').innerText(), (said) => /AUROC/.test(said), 90_000);
        assert.ok(readdirSync(join(folder, '.mechanist', 'probes')).includes('Rachel anywhere.safetensors'));
        await runCommand(page, 'Notifications: Clear All Notifications');
        await page.locator('.tab', { hasText: 'text.txt' }).first().click();
        await clickOn(page, 'Lisa');
      },
    },
    {
      name: 'the probe is pinned as evidence that can be run again',
      async run({ page, folder }) {
        await runCommand(page, 'Mechanist: Pin a Probe to a Finding…');
        await pick(page, name);
        await page.locator('.quick-input-title', { hasText: 'Pin to a Finding' }).waitFor({ timeout: 60_000 });
        await pick(page, 'New finding');
        await page.locator('.tab', { hasText: '.md' }).first().waitFor();
        assert.deepEqual(readdirSync(join(folder, 'findings', 'data')).filter((file) => file.endsWith('.safetensors')), [`${name}.answers.safetensors`]);
        const verified = mechanist('verify', join(folder, 'findings'));
        assert.match(verified, /confirmed/);
      },
    },
    {
      name: 'another model refuses it, and says which it is of',
      async run({ page }) {
        await runCommand(page, 'Mechanist: Open Model…');
        await choices(page);
        await pick(page, 'fable-4l-b');
        await page.locator('.quick-input-title', { hasText: 'Dictionary of fable-4l-b' }).waitFor({ timeout: 90_000 });
        await page.keyboard.press('Escape');
        await page.locator('.tab', { hasText: 'text.txt' }).first().click();
        await clickOn(page, 'Lisa');
        await runCommand(page, 'Mechanist: Paint Text by a Probe…');
        await pick(page, name);
        const told = page.locator('.notification-list-item', { hasText: 'was trained on' }).first();
        await told.waitFor();
        assert.match(await told.innerText(), /was trained on fable-4l \([0-9a-f]+\), not on the model that is open, fable-4l-b/);
        await runCommand(page, 'Notifications: Clear All Notifications');
      },
    },
    {
      name: 'a probe is deleted after a question, with the answers beside it',
      async run({ page, folder }) {
        await runCommand(page, 'Mechanist: Delete a Probe…');
        await pick(page, 'yes 1.resid_post');
        await page.locator('.monaco-dialog-box .monaco-button', { hasText: 'Delete' }).first().click();
        await until('files', () => readdirSync(join(folder, '.mechanist', 'probes')).filter((file) => file.startsWith('yes')), (files) => files.length === 0);
      },
    },
    {
      name: 'nothing else failed',
      async run({ installation }) {
        const errors = (await extensionLog(installation)).split('\n').filter((line) => line.includes('[error]'));
        assert.deepEqual(errors.filter((line) => !/broken\.jsonl|was trained on/.test(line)), []);
      },
    },
  ],
};

const fileOf = (folder: string): string => join(folder, '.mechanist', 'probes', `${name}.safetensors`);

function mechanist(...argv: string[]): string {
  return execFileSync(process.execPath, [cli, ...argv], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
}

const notification = (page: Page, said: string) => page.locator('.notification-list-item', { hasText: said }).first();

/** "Ln 1, Col 5 (4 selected)": where the selection ends. */
const column = (said: string): number => Number(/Col (\d+)/.exec(said)?.[1]);

/** What is underlined, where something has a background of ours. */
async function painted({ page }: Workbench): Promise<string> {
  return page.evaluate<string>(`(() => {
    const backgrounds = Array.from(document.querySelectorAll('.editor-instance .view-overlays [class*="ced-"]'), (mark) => getComputedStyle(mark).backgroundColor);
    if (!backgrounds.some((colour) => colour !== 'transparent' && !/, 0\\)$/.test(colour))) return '';
    return Array.from(document.querySelectorAll('.editor-instance .view-line span')).filter((span) => getComputedStyle(span).textDecorationLine === 'underline').map((span) => span.textContent).join(' ');
  })()`);
}
