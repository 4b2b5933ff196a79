/** Findings as they are read: list, links, diagnostics, comparison, rename, preview, map. `findingsPin.ts` and `findingsFiles.ts` have the rest. */
import { strict as assert } from 'node:assert';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { clickOn, hoverOver } from './pages/editor.ts';
import { activeTab, openFile } from './pages/files.ts';
import { previewFrame, previewText } from './pages/notes.ts';
import { enter, pick, runCommand } from './pages/palette.ts';
import { cardName, semanticFrame } from './pages/semantic.ts';
import { expand, row } from './pages/sidebar.ts';
import { themes, useTheme } from './pages/themes.ts';
import { until } from './pages/until.ts';
import { assertAccessible, webviewFrame } from './pages/webview.ts';
import type { Spec } from './support/spec.ts';

const feature = 'mechanist:feature/fable-4l/blocks.2.hook_resid_post/5';
const head = 'mechanist:component/fable-4l/blocks.1.attn.hook_z/2';
const finding = (id: string, title: string, claim: string, kind: string, more: string, subjects = [feature]): string => `---
mechanist: finding/1
id: ${id}
title: ${title} # a person's remark
claim: ${claim}
kind: ${kind}
subjects: [${subjects.join(', ')}]
${more}---

# ${title}

Words of a person.
`;
/** Measured on weights that no model has: stale as soon as the model is open. */
const evidence = `evidence:
  - id: e1
    method: prediction.surprise@1
    date: 2026-01-01
    metric: surprise
    value: 0.5
    models: [{id: fable-4l, hash: "${'0'.repeat(64)}"}]
    inputs: {text: "When Mary and John went to the market, John gave a book to Mary."}
`;

export const findings: Spec = {
  name: 'findings',
  files: {
    'sample.txt': 'When Mary and John went to the market, John gave a book to Mary.\n',
    'findings/alpha.md': finding('alpha', 'Alpha', 'The model uses the feature.', 'semantic', evidence),
    'findings/beta.md': finding('beta', 'Beta', 'Something is seen.', 'algorithmic', 'related: [alpha]\n', [feature, head]),
    'notes.md': `# Notes\n\nSee [the first](mechanist:finding/alpha) and <${feature}>.\n\nGone: mechanist:finding/nobody\n\n<script>window.attacked = true; document.body.textContent = 'attacked'</script>\n\n<img src=x onerror="window.attacked = true">\n`,
    'elsewhere.md': '# Elsewhere\n\nAnother dictionary than the default one: <mechanist:feature/fable-4l/blocks.1.hook_resid_post/3>\n',
  },
  open: 'sample.txt',
  steps: [
    {
      name: 'findings are listed by kind with their grade, searched, and grouped in another way',
      async run({ page }) {
        await showFindings(page);
        await row(page, /Alpha, observed/).waitFor();
        await row(page, /Beta, no evidence/).waitFor();
        await runCommand(page, 'Mechanist: Search Findings');
        await enter(page, 'beta');
        await closed(page);
        await until('rows', () => rows(page), (names) => names.every((name) => !name.includes('Alpha')) && names.some((name) => name.includes('Beta')));
        await runCommand(page, 'Mechanist: Search Findings');
        await enter(page, '');
        await closed(page);
        await until('rows', () => rows(page), (names) => names.some((name) => name.includes('Alpha')));
        // The view takes the focus when it has been narrowed, and would close a palette.
        await listFocused(page);
        await runCommand(page, 'Mechanist: Group Findings');
        await pick(page, 'Evidence');
        await until('rows', () => rows(page), (names) => names.some((name) => name.startsWith('observed')));
      },
    },
    {
      name: 'a finding opens with lenses, and the word that claims too much is underlined with a fix',
      async run({ page }) {
        await row(page, /Alpha/).click();
        const lenses = await until('lenses', () => page.locator('.codelens-decoration').allInnerTexts(), (texts) => texts.some((text) => text.includes('Re-run')));
        assert.ok(lenses.some((text) => text.includes('observed')), lenses.join(' | '));
        await until('underline', () => page.locator('.squiggly-warning').count(), (count) => count > 0);
        await hoverOver(page, 'uses', /"uses" says more than the evidence shows/);
      },
    },
    {
      name: 'a link answers hovers with title, claim and grade, and its diagnostics tell of dangling ones',
      async run({ page }) {
        await openFile(page, 'notes.md');
        const text = await hoverOver(page, 'finding/alpha', /Alpha/);
        assert.match(text, /The model uses the feature\.\s/);
        assert.match(text, /observed/);
        await hoverOver(page, 'nobody', /No note of this workspace is the finding "nobody"/);
      },
    },
    {
      name: 'a link leads to its definition, and references are found from it',
      async run({ page }) {
        await clickOn(page, 'finding/alpha');
        await runCommand(page, 'Go to Definition');
        await until('editor', () => activeTab(page), (name) => name.includes('alpha.md'));
        await openFile(page, 'notes.md');
        await clickOn(page, 'mechanist:feature');
        await runCommand(page, 'Find All References');
        await until('references', () => page.locator('.sidebar, .reference-zone-widget, .part.panel').allInnerTexts(), (texts) => /alpha\.md/.test(texts.join('\n')) && /beta\.md/.test(texts.join('\n')));
        // The list takes the focus once it is filled, and would close a palette.
        await listFocused(page);
      },
    },
    {
      name: 'a link to a feature of another dictionary than the one in use opens the card of that one',
      async run({ page }) {
        await openFile(page, 'elsewhere.md');
        await clickOn(page, 'mechanist:feature');
        await runCommand(page, 'Open Link');
        const frame = await semanticFrame(page);
        assert.equal(await cardName(frame), 'Feature 3');
        assert.match(await frame.locator('.bar-top select option:checked').textContent() ?? '', /^\s*blocks\.1\.hook_resid_post /);
        await page.keyboard.press('Control+W');
        // A panel that was closed leaves the focus nowhere.
        await clickOn(page, 'mechanist:feature');
      },
    },
    {
      name: 'targets are completed after mechanist:',
      async run({ page }) {
        await openFile(page, 'notes.md');
        await page.keyboard.press('Control+End');
        await page.keyboard.type('mechanist:');
        const offered = await until('suggestions', () => page.locator('.suggest-widget .monaco-list-row').allInnerTexts(), (texts) => texts.some((text) => text.includes('finding/alpha')));
        assert.ok(offered.some((text) => text.includes('feature/fable-4l')), offered.join(' | '));
        await page.keyboard.press('Escape');
        await page.keyboard.press('Control+Z');
        await runCommand(page, 'File: Revert File');
      },
    },
    {
      name: 'evidence of other weights is told stale, and the fix runs it: drifted or contradicted, side by side with now',
      async run({ page, folder }) {
        await runCommand(page, 'Notifications: Clear All Notifications');
        await openFile(page, 'alpha.md');
        await hoverOver(page, 'e1', /Stale: the model fable-4l/);
        await runCommand(page, 'Mechanist: Compare Evidence with Now');
        await until('comparison', () => activeTab(page), (name) => name.includes('recorded'), 90_000);
        const text = await readFile(join(folder, 'findings', 'alpha.md'), 'utf8');
        assert.match(text, /state: drifted/);
        assert.match(text, /title: Alpha # a person's remark/);
        await page.keyboard.press('Control+W');
      },
    },
    {
      name: 'renaming a finding renames it wherever it is named',
      async run({ page, folder }) {
        await openFile(page, 'notes.md');
        await clickOn(page, 'finding/alpha');
        await page.keyboard.press('F2');
        const box = page.locator('.rename-box input');
        await box.waitFor();
        await box.fill('alpha-renamed');
        await page.keyboard.press('Enter');
        await runCommand(page, 'File: Save All Files');
        await until('files', async () => (await Promise.all(['findings/alpha.md', 'findings/beta.md', 'notes.md'].map((name) => readFile(join(folder, name), 'utf8')))).join('\n'), (text) => (text.match(/alpha-renamed/g) ?? []).length === 3);
      },
    },
    {
      name: 'the built-in preview shows links with their status, and runs nothing',
      async run({ page }) {
        await openFile(page, 'notes.md');
        await runCommand(page, 'Markdown: Open Preview');
        const text = await until('preview', () => previewText(page), (shown) => shown.includes('the first'), 60_000);
        assert.match(text, /the first \((?:observed|no evidence)/);
        assert.deepEqual(await (await previewFrame(page))!.evaluate('[document.querySelectorAll(".markdown-body img").length, "attacked" in window]'), [1, false]);
        await page.keyboard.press('Control+W');
      },
    },
    {
      name: 'the map joins both sides and has no accessibility violations in any theme',
      async run(workbench) {
        const { page } = workbench;
        await clickOn(page, 'market');
        await runCommand(page, 'Mechanist: Show Map of Findings');
        const frame = await webviewFrame(page, 'findings-map', 60_000);
        // Beta names both, without evidence.
        await until('the line', () => frame.locator('main').innerHTML(), (drawn) => /not unified/.test(drawn));
        const text = await frame.locator('body').innerText();
        for (const name of [/feature 5 of blocks\.2\.hook_resid_post/, /blocks\.1\.attn\.hook_z\[2\]/]) assert.match(text, name);
        for (const theme of themes) {
          await useTheme(workbench, theme, ['findings-map']);
          await assertAccessible(frame, `the map, ${theme.name}`, '--vscode-editor-background');
        }
        await frame.locator('tbody .link', { hasText: 'Beta' }).first().click();
        await until('editor', () => activeTab(page), (name) => name.includes('beta.md'));
      },
    },
  ],
};

async function showFindings(page: Page): Promise<void> {
  await runCommand(page, 'Mechanist: Show Inspector');
  await expand(page, 'Inspector', false);
  await expand(page, 'Findings');
}

/** The quick input has gone, so that the next one can be told from it. */
async function closed(page: Page): Promise<void> {
  await page.locator('.quick-input-widget').first().waitFor({ state: 'hidden' });
}

async function listFocused(page: Page): Promise<void> {
  await page.locator('.monaco-list:focus-within, .monaco-list:focus').first().waitFor();
}

function rows(page: Page): Promise<string[]> {
  return page.locator('.sidebar [role=treeitem]').allInnerTexts();
}
