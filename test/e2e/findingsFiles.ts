/** Findings as files: sharing, citation, comments, the missing check, a folder run again, an artefact that is gone. */
import { strict as assert } from 'node:assert';
import { readFile, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { clickOn, hoverOver } from './pages/editor.ts';
import { openFile } from './pages/files.ts';
import { acceptPath, pick, runCommand } from './pages/palette.ts';
import { until } from './pages/until.ts';
import type { Spec } from './support/spec.ts';

const sentence = 'When Mary and John went to the market, John gave a book to Mary.';
const feature = 'mechanist:feature/fable-4l/blocks.2.hook_resid_post/5';
const drawing = '<svg xmlns="http://www.w3.org/2000/svg" width="300" height="40"><title>A figure</title><rect x="0" y="0" width="300" height="40" fill="#1f6fb4"/></svg>';

const note = (id: string, claim: string, evidence: string): string => `---
mechanist: finding/1
id: ${id}
title: ${id} # a person's remark
claim: ${claim}
kind: semantic
subjects: [${feature}]
evidence:
${evidence}---

# ${id}

Words of a person.

![A figure](${id}/figure-1.svg)
`;

const surprise = (record: string, text = sentence): string => `  - id: ${record}
    method: prediction.surprise@1
    date: 2026-01-01
    metric: surprise
    value: 0.5
    models: [{id: fable-4l, hash: "${'0'.repeat(64)}"}]
    inputs: {text: "${text}"}
    artefact: alpha/figure-1.svg
`;

export const findingsFiles: Spec = {
  name: 'notes',
  files: {
    'sample.txt': `${sentence}\n`,
    'findings/alpha.md': note('alpha', 'The model uses the feature.', surprise('e1')),
    'findings/alpha/figure-1.svg': drawing,
    'findings/beta.md': note('beta', 'Something is seen.', Array.from({ length: 40 }, (_, i) => surprise(`e${i + 1}`, `${sentence} ${sentence} ${i}`)).join('')),
    'notes.md': '# Notes\n\nSee mechanist:finding/alpha and here: \n',
  },
  open: 'sample.txt',
  settings: { 'mechanist.findings.showAsComments': true },
  steps: [
    {
      name: 'a finding is shared as one file with its figure and without scripts',
      async run({ page, folder }) {
        await openNote(page, 'alpha.md');
        await runCommand(page, 'Mechanist: Share Finding');
        await pick(page, 'One HTML file');
        await acceptPath(page);
        const html = await until('file', () => readFile(join(folder, 'findings', 'alpha.html'), 'utf8').catch(() => ''), (text) => text.length > 0);
        assert.match(html, /<h1>alpha<\/h1>/);
        assert.match(html, /<img src="data:image\/svg\+xml;base64,/);
        assert.doesNotMatch(html, /<script/);
      },
    },
    {
      name: 'as a folder it takes its figures along',
      async run({ page, folder }) {
        await openNote(page, 'alpha.md');
        await runCommand(page, 'Mechanist: Share Finding');
        await pick(page, 'A folder');
        await acceptPath(page);
        await until('folder', () => readdir(join(folder, 'findings', 'alpha-shared')).catch((): string[] => []), (names) => ['alpha.md', 'alpha', 'finding.html'].every((name) => names.includes(name)));
        assert.equal(await readFile(join(folder, 'findings', 'alpha-shared', 'alpha', 'figure-1.svg'), 'utf8'), drawing);
        // A copy of the note below the workspace would be the same finding twice.
        await rm(join(folder, 'findings', 'alpha-shared'), { recursive: true });
      },
    },
    {
      name: 'its citation is copied',
      async run({ page }) {
        await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
        await openNote(page, 'alpha.md');
        await runCommand(page, 'Mechanist: Copy Citation of Finding');
        await page.locator('.statusbar-item', { hasText: 'The citation is in the clipboard.' }).waitFor();
        assert.match(await page.evaluate<string>('navigator.clipboard.readText()'), /^@misc\{alpha,[\s\S]*Models: fable-4l/);
      },
    },
    {
      name: 'findings stand as comments beside the text that they were measured on',
      async run({ page }) {
        await openFile(page, 'sample.txt');
        await page.locator('.comment-thread').first().waitFor();
        await page.locator('.comment-thread').first().click();
        await until('comment', () => page.locator('.review-widget').allInnerTexts(), (texts) => texts.some((text) => text.replaceAll('\u00a0', ' ').includes('The model uses the feature.')));
      },
    },
    {
      name: 'the fix of a claim that says too much runs the check that is missing',
      async run({ page, folder }) {
        await openFile(page, 'alpha.md');
        await until('underline', () => page.locator('.squiggly-warning').count(), (count) => count > 0);
        await clickOn(page, 'uses');
        await page.keyboard.press('Control+.');
        await page.locator('.action-widget', { hasText: 'Run the missing check: feature.effect' }).waitFor();
        await page.keyboard.press('Enter');
        const text = await until('record', () => readFile(join(folder, 'findings', 'alpha.md'), 'utf8'), (found) => found.includes('method: feature.effect@1'), 120_000);
        assert.match(text, /title: alpha # a person's remark/);
        assert.match(text, /name: random directions of the same norm/);
      },
    },
    {
      name: 'a folder is run again with progress, and is stopped: what was not measured has no history',
      async run({ page, folder }) {
        await runCommand(page, 'Mechanist: Run All Evidence Again');
        const running = page.locator('.notification-list-item', { hasText: 'Running evidence again' });
        await until('progress', () => running.innerText().catch(() => ''), (text) => /e\d+ prediction\.surprise@1/.test(text), 60_000);
        await running.getByRole('button', { name: 'Cancel' }).click();
        await running.waitFor({ state: 'hidden', timeout: 60_000 });
        const records = (await readFile(join(folder, 'findings', 'beta.md'), 'utf8')).match(/history:/g) ?? [];
        assert.ok(records.length < 40, `${records.length} of 40 were run`);
      },
    },
    {
      name: 'an artefact that was deleted is told where it is named',
      async run({ page, folder }) {
        await rm(join(folder, 'findings', 'alpha', 'figure-1.svg'));
        await runCommand(page, 'View: Close All Editors');
        await openFile(page, 'alpha.md');
        await hoverOver(page, 'alpha/figure-1.svg', /The file alpha\/figure-1\.svg of e1 is gone/);
      },
    },
  ],
};

/** Opened, and known to the extension to be what the user looks at. */
async function openNote(page: Page, name: string): Promise<void> {
  await openFile(page, name);
  await page.locator('.codelens-decoration a', { hasText: 'Re-run e1' }).first().waitFor();
}
