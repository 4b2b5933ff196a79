/** Pinning from every place in the product: each makes a note whose figure and numbers lie beside it. */
import { strict as assert } from 'node:assert';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Frame, Page } from 'playwright-core';
import { clickOn, hoverOver } from './pages/editor.ts';
import { openFile } from './pages/files.ts';
import { acceptNewFinding, figureOf, noteNames } from './pages/notes.ts';
import { choices, runCommand } from './pages/palette.ts';
import { openInspector, selectedToken } from './pages/sidebar.ts';
import { until } from './pages/until.ts';
import { webviewFrame } from './pages/webview.ts';
import { inspection } from './support/sample.ts';
import type { Spec } from './support/spec.ts';

const long = { timeout: 90_000 };
const prompt = 'When Mary and John went to the market, John gave a book to';

const algorithmicFrame = (page: Page): Promise<Frame> => webviewFrame(page, 'algorithmic', 60_000);

async function question(page: Page): Promise<Frame> {
  await openFile(page, 'prompt.txt');
  await clickOn(page, 'When');
  await runCommand(page, 'Mechanist: Why This Prediction?');
  const frame = await algorithmicFrame(page);
  await until('target', () => frame.locator('.answer').first().inputValue(long), (text) => text.length > 1, 90_000);
  return frame;
}

/** The notes beside the panels are closed, so that the next one can be told. */
async function panel(page: Page, name: 'Algorithmic' | 'Semantic'): Promise<Frame> {
  await runCommand(page, `Mechanist: Open ${name} View`);
  return webviewFrame(page, name.toLowerCase(), 60_000);
}

export const findingsPin: Spec = {
  name: 'pin',
  files: { 'prompt.txt': `${prompt}\n` },
  open: 'prompt.txt',
  settings: { 'mechanist.model.default': 'fable-4l-b' },
  steps: [
    {
      name: 'one key and Enter pin what is under the cursor, with its activation at each token',
      async run({ page, folder }) {
        await clickOn(page, 'market');
        await page.keyboard.press('Control+Alt+P');
        assert.match((await choices(page))[0]!, /New finding/);
        const note = await acceptNewFinding(page, folder);
        assert.match(note.text, /method: feature\.statistics@1/);
        assert.match(note.text, /hash: [0-9a-f"]{64}/);
        assert.match(note.text, new RegExp(`artefact: ${note.name.replace('.md', '')}/figure-1\\.svg`));
        assert.match((await figureOf(folder, note)).csv, /market/);
      },
    },
    {
      name: 'the same evidence goes into a finding that is there, with a second figure',
      async run({ page, folder }) {
        const [name] = await noteNames(folder);
        await openFile(page, 'prompt.txt');
        await clickOn(page, 'John');
        await page.keyboard.press('Control+Alt+P');
        await page.locator('.quick-input-widget', { hasText: 'Pin to a Finding' }).waitFor(long);
        await page.keyboard.press('ArrowDown');
        await page.keyboard.press('Enter');
        const text = await until('second record', () => readFile(join(folder, 'findings', name!), 'utf8'), (note) => note.includes('figure-2.csv'), 60_000);
        assert.match(text, /id: e2/);
        assert.equal((await noteNames(folder)).length, 1);
      },
    },
    {
      name: 'from a hover',
      async run({ page, folder }) {
        await openFile(page, 'prompt.txt');
        await hoverOver(page, 'book', inspection, 'first', 60_000);
        await page.locator('.monaco-hover:visible a', { hasText: 'pin' }).first().click();
        const note = await acceptNewFinding(page, folder);
        assert.match(note.text, /text: "?When Mary and John went to the market, John gave a book/);
        await figureOf(folder, note);
      },
    },
    {
      name: 'from a feature in the inspector',
      async run({ page, folder }) {
        await openFile(page, 'prompt.txt');
        await clickOn(page, 'gave');
        const frame = await openInspector(page);
        await until('selected token', () => selectedToken(frame), (text) => /gave/.test(text));
        await frame.locator('vscode-icon[name=pin]').first().click();
        await figureOf(folder, await acceptNewFinding(page, folder));
      },
    },
    {
      name: 'from a feature’s card, and from what steering it does',
      async run({ page, folder }) {
        const frame = await panel(page, 'Semantic');
        await frame.locator('.grid-row .chip').first().waitFor(long);
        await frame.locator('mechanist-table .grid').focus();
        await page.keyboard.press('Home');
        await page.keyboard.press('Enter');
        await frame.locator('article.card .examples li').first().waitFor(long);
        await frame.getByRole('button', { name: 'Pin to a finding (Space)' }).click();
        const card = await acceptNewFinding(page, folder);
        assert.match((await figureOf(folder, card)).csv, /^activation,tokens/);
        const again = await panel(page, 'Semantic');
        await again.locator('mechanist-effect input[type=radio]').nth(2).check(long);
        await again.locator('mechanist-effect .run').nth(2).waitFor(long);
        await again.getByRole('button', { name: 'Pin this measurement to a finding' }).click();
        const steered = await acceptNewFinding(page, folder);
        assert.match(steered.text, /method: steering\.feature@1/);
        assert.match(steered.text, /add: [\d.]+/);
        assert.match((await figureOf(folder, steered)).csv, /random direction/);
      },
    },
    {
      name: 'what steering did can be run again',
      async run({ page, folder }) {
        const names = await noteNames(folder);
        const texts = await Promise.all(names.map((name) => readFile(join(folder, 'findings', name), 'utf8')));
        const name = names[texts.findIndex((text) => text.includes('steering.feature@1'))]!;
        await openFile(page, name);
        await runCommand(page, 'Mechanist: Run Evidence Again');
        await until('history', () => readFile(join(folder, 'findings', name), 'utf8'), (text) => /history:\r?\n\s+- date: .*\r?\n\s+state: confirmed/.test(text), 90_000);
        await runCommand(page, 'Notifications: Clear All Notifications');
      },
    },
    {
      name: 'from a cell of the lens, and from the direct attribution',
      async run({ page, folder }) {
        const frame = await question(page);
        await frame.locator('select[aria-label^="Suggested"]').selectOption({ index: 1 });
        await frame.getByText('aligned,').waitFor(long);
        await frame.locator('#tab-lens').click();
        await frame.locator('mechanist-heat-grid [role=gridcell]').first().waitFor(long);
        await frame.locator('mechanist-heat-grid [role=gridcell][tabindex="0"]').focus();
        await page.keyboard.press('Space');
        const cell = await acceptNewFinding(page, folder);
        assert.match((await figureOf(folder, cell)).svg, /stroke-width="2"/);
        // The note lies over the panel; shown again it has another frame.
        const again = await panel(page, 'Algorithmic');
        await again.getByRole('button', { name: 'Pin this attribution' }).click(long);
        const attribution = await acceptNewFinding(page, folder);
        assert.match(attribution.text, /method: attribution\.direct@2/);
        await figureOf(folder, attribution);
      },
    },
    {
      name: 'from a cell of a sweep',
      async run({ page, folder }) {
        const frame = await panel(page, 'Algorithmic');
        await frame.locator('#tab-patching').click();
        await frame.locator('vscode-button', { hasText: 'Run' }).first().click();
        await frame.locator('mechanist-patching .plot-frame .main-svg').first().waitFor(long);
        await frame.locator('mechanist-patching .plot-frame').first().focus();
        for (const key of ['ArrowUp', 'ArrowRight', 'Enter']) await page.keyboard.press(key);
        await frame.getByRole('button', { name: 'Pin this place' }).click();
        const note = await acceptNewFinding(page, folder);
        assert.match(note.text, /method: patching\.activation@1/);
        assert.match((await figureOf(folder, note)).csv, /hook point,position,share restored/);
      },
    },
    {
      name: 'from a circuit, a node of a graph, and the subgraph that was kept, whose file lies beside the note',
      async run({ page, folder }) {
        const frame = await panel(page, 'Algorithmic');
        await frame.locator('#tab-circuit').click();
        await frame.locator('vscode-button', { hasText: 'Score edges' }).first().click();
        await frame.locator('mechanist-layers').first().waitFor(long);
        await frame.getByRole('button', { name: 'Pin this circuit' }).click();
        assert.match((await figureOf(folder, await acceptNewFinding(page, folder))).csv, /^from,to,weight/);
        const graphs = await panel(page, 'Algorithmic');
        await graphs.locator('#tab-graph').click();
        await graphs.locator('vscode-button', { hasText: 'Build the graph' }).first().click();
        await graphs.locator('mechanist-graph canvas').waitFor(long);
        await graphs.locator('.graph-frame').focus();
        for (const key of ['ArrowUp', 'ArrowUp', 'Space', 'Enter']) await page.keyboard.press(key);
        await graphs.locator('mechanist-node-card .grid-row').first().waitFor(long);
        await graphs.getByRole('button', { name: 'Pin this node to a finding' }).click();
        assert.match((await figureOf(folder, await acceptNewFinding(page, folder))).csv, /weight/);
        const kept = await panel(page, 'Algorithmic');
        await kept.getByRole('button', { name: 'Pin this subgraph to a finding' }).click(long);
        const graph = await acceptNewFinding(page, folder);
        assert.match(graph.text, /\[JSON\]\([^)]*figure-1\.json\)/);
        JSON.parse(await readFile(join(folder, 'findings', graph.name.replace('.md', ''), 'figure-1.json'), 'utf8'));
      },
    },
    {
      name: 'the preview shows the figure',
      async run({ page, folder }) {
        const [name] = await noteNames(folder);
        await openFile(page, name!);
        await runCommand(page, 'Markdown: Open Preview');
        await until('picture', async () => {
          const widths = await Promise.all(page.frames().map((frame) => frame.evaluate<number>('document.querySelector(".markdown-body img")?.naturalWidth ?? 0').catch(() => 0)));
          return Math.max(...widths);
        }, (width) => width > 100, 60_000);
        await page.keyboard.press('Control+W');
      },
    },
  ],
};
