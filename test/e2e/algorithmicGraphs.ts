/** Attribution graphs end to end: groups, tests in the model, files out and in, damaged and large ones, the difference of two. */
import { strict as assert } from 'node:assert';
import { readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Frame, Page } from 'playwright-core';
import { askLine, button, choiceOf, frameOf, long, prompt, showTab } from './pages/algorithmic.ts';
import { choosePath } from './pages/dialogs.ts';
import { openFile } from './pages/files.ts';
import { runCommand } from './pages/palette.ts';
import { noteNames } from './pages/notes.ts';
import { until } from './pages/until.ts';
import { writeHugeGraph } from './support/hugeGraph.ts';
import { largeGraph } from './support/largeGraph.ts';
import { residentMemory } from './support/processes.ts';
import type { Spec } from './support/spec.ts';

const small = largeGraph(60, 2);
const changed = (change: (graph: { nodes: Record<string, unknown>[]; links: Record<string, unknown>[] }) => void): string => {
  const graph = JSON.parse(small) as { nodes: Record<string, unknown>[]; links: Record<string, unknown>[] };
  change(graph);
  return JSON.stringify(graph);
};
const damaged: Readonly<Record<string, string>> = {
  'dangling.graph.json': changed(({ links }) => { links[3] = { ...links[3], source: 'E_99_99' }; }),
  'twice.graph.json': changed(({ nodes }) => { nodes.push({ ...nodes[45]! }); }),
  'nan.graph.json': small.replace('"weight":0.1', '"weight":NaN'),
};
/** What each file is refused with. */
const refusals: readonly (readonly [file: string, said: RegExp])[] = [
  ['dangling.graph.json', /A link names a node that the file does not have: E_99_99/], ['twice.graph.json', /Two nodes have the id/], ['nan.graph.json', /not valid JSON[\s\S]*links\[0\]|links\[0\][\s\S]*not valid JSON/],
];

export const algorithmicGraphs: Spec = {
  name: 'algorithmic-graphs',
  files: { 'prompt.txt': `${prompt}\n`, 'large.graph.json': largeGraph(100_000, 3), ...damaged },
  open: 'prompt.txt',
  settings: { 'mechanist.model.default': 'fable-4l-b', 'workbench.editorAssociations': { '*.graph.json': 'mechanist.graph' } },
  steps: [
    {
      name: 'nodes become a group by hand, a proposed group is taken, a group and a clamped node are tested in the model',
      async run({ page, report }) {
        const frame = await askLine(page, 'When', prompt);
        await showTab(frame, 'graph');
        const started = performance.now();
        await button(frame, 'Build the graph').click();
        await frame.locator('mechanist-graph canvas').waitFor(long);
        report(`graph built and drawn after ${Math.round(performance.now() - started)} ms`);
        await frame.locator('button[aria-label=List]').click();
        const settled = (): Promise<number> => until('view', () => frame.locator('.graph-main .busy').count(), (count) => count === 0, 60_000);
        // Features only: tokens and logits are no members of a group that can be clamped together.
        for (const kind of ['errors', 'tokens', 'logits']) await frame.locator('.kinds label', { hasText: kind }).locator('input').uncheck();
        await frame.locator('mechanist-graph-list .grid-row').first().waitFor();
        await settled();
        const pinned = frame.locator('mechanist-pinned');
        for (const [count, keys] of [[1, ['Home', 'Space']], [2, ['ArrowDown', 'Space']]] as const) {
          await frame.locator('mechanist-graph-list .grid').focus();
          for (const key of keys) await page.keyboard.press(key);
          await until('pinned', () => pinned.locator('ul.pinned').first().locator('li').count().catch(() => 0), (found) => found === count);
          await settled();
        }
        for (const index of [0, 1]) await pinned.locator('ul.pinned').first().locator('li input').nth(index).check();
        await pinned.locator('input[aria-label="Name of the group"]').fill('two');
        await button(pinned, 'Group 2 nodes').click();
        await pinned.locator('.supernode h3', { hasText: 'two' }).waitFor();
        await pinned.locator('button[aria-label="Test the group two"]').click();
        await button(pinned.locator('.supernode'), 'Ablate').click();
        await pinned.getByText('predicted and measured').waitFor(long);
        await pinned.getByText('random sets: effect').waitFor();
        await pinned.locator('.main-svg').first().waitFor(long);
        await pinned.locator('details.proposals summary').click();
        const offers = pinned.locator('details.proposals li');
        await until('proposals', async () => (await offers.count()) + (await pinned.getByText('No nodes here are alike enough.').count()), (count) => count > 0, 60_000);
        if ((await offers.count()) > 0) {
          await button(offers.first(), 'Take').click();
          await until('groups', () => pinned.locator('.supernode').count(), (count) => count >= 1);
        }
        await frame.locator('mechanist-graph-list .grid').focus();
        for (const key of ['Home', 'Enter']) await page.keyboard.press(key);
        const card = frame.locator('mechanist-node-card');
        await card.locator('.intervene input').waitFor(long);
        await button(card, 'Clamp').click();
        await card.getByText('predicted and measured').waitFor(long);
        await card.locator('.main-svg').first().waitFor(long);
      },
    },
    {
      name: 'the pinned part is measured beside random features and becomes evidence that is confirmed',
      async run({ page, folder }) {
        const frame = await frameOf(page);
        await frame.locator('button[aria-label="Pin this subgraph to a finding"]').click();
        await page.locator('.quick-input-widget', { hasText: 'Pin to a Finding' }).waitFor(long);
        await page.keyboard.press('Enter');
        const [name] = await until('findings', () => noteNames(folder), (found) => found.length === 1, 60_000);
        const note = await readFile(join(folder, 'findings', name!), 'utf8');
        assert.match(note, /method: graph\.attribution@1/);
        assert.match(note, /name: random sets of \d+ features of the graph/);
        await page.locator('.tab.active', { hasText: name! }).waitFor(long);
        await runCommand(page, 'Mechanist: Run Evidence Again');
        await until('notification', () => page.locator('.notification-list-item').allInnerTexts(), (texts) => texts.some((text) => text.includes('2 confirmed')), 120_000);
        await runCommand(page, 'Notifications: Clear All Notifications');
        await until('the note says what became of it', () => readFile(join(folder, 'findings', name!), 'utf8'), (text) => /state: confirmed/.test(text), 120_000);
      },
    },
    {
      name: 'the graph goes out as circuit-tracer’s and Neuronpedia’s JSON, CSV, drawing and image, and comes in again',
      async run({ page, folder }) {
        await runCommand(page, 'Mechanist: Open Algorithmic View');
        const frame = await frameOf(page);
        const save = async (format: string, file: string): Promise<Buffer> => {
          await choiceOf(frame, 'save').selectOption(format);
          await choosePath(page, join(folder, file));
          return until(file, () => readFile(join(folder, file)).catch(() => Buffer.alloc(0)), (bytes) => bytes.length > 0);
        };
        const graph = JSON.parse((await save('circuit-tracer', 'out.graph.json')).toString('utf8')) as { metadata: { scan: string }; nodes: unknown[]; qParams: { supernodes: unknown[] } };
        assert.equal(graph.metadata.scan, 'fable-4l-b/transcoders');
        assert.ok(graph.nodes.length > 10);
        assert.ok(graph.qParams.supernodes.length >= 1);
        assert.match((await save('subgraph', 'out.subgraph.json')).toString('utf8'), /"pinnedIds"/);
        assert.match((await save('csv', 'out.csv')).toString('utf8'), /^source,target,weight,share/);
        await frame.locator('button[aria-label=List]').click();
        await frame.locator('mechanist-graph canvas').waitFor(long);
        assert.match((await save('svg', 'out.svg')).toString('utf8'), /^<svg|^<\?xml/);
        assert.equal((await save('png', 'out.png')).subarray(1, 4).toString('latin1'), 'PNG');
        await button(frame, 'Open a graph file…').click();
        await choosePath(page, join(folder, 'out.graph.json'));
        await frame.getByText('Scores of a pruned file are not known').waitFor(long);
        await until('pinned nodes come along', () => frame.locator('mechanist-pinned .supernode').count(), (count) => count >= 1);
      },
    },
    {
      name: 'two graphs are laid beside each other',
      async run({ page }) {
        const frame = await frameOf(page);
        await showTab(frame, 'compare');
        await button(frame, 'Look again').click();
        const section = frame.locator('section[aria-label=Graphs]');
        await until('graphs to choose from', () => choiceOf(section, 'first').locator('option').count().catch(() => 0), (count) => count >= 3, 60_000);
        await choiceOf(section, 'first').selectOption({ index: 1 });
        await choiceOf(section, 'second').selectOption({ index: 2 });
        await section.getByText(/nodes in both/).waitFor(long);
        await section.locator('[aria-label="Nodes that differ most"]').waitFor();
      },
    },
    {
      name: 'damaged graph files are refused by file and field, and opened in part where that makes sense',
      async run({ page }) {
        await runCommand(page, 'View: Close All Editors');
        for (const [file, said] of refusals) {
          await openEditor(page, file);
          const frame = await frameOf(page);
          await until(file, () => frame.locator('mechanist-graph-tab').innerText(), (text) => said.test(text), 60_000);
          if (file === 'dangling.graph.json') {
            await button(frame, 'Open what holds').click();
            await frame.locator('mechanist-graph canvas').waitFor(long);
            await frame.getByText(/left out/).first().waitFor();
          }
          await runCommand(page, 'View: Close Editor');
        }
      },
    },
    {
      name: 'a graph file of 500 MB opens in pages, in little memory',
      async run({ page, folder, engines, report }) {
        const file = join(folder, 'huge.graph.json');
        const links = writeHugeGraph(file, 500_000_000);
        try {
          const { size } = await stat(file);
          const started = performance.now();
          const frame = await openEditor(page, 'huge.graph.json');
          await frame.locator('mechanist-graph canvas').waitFor({ timeout: 300_000 });
          report(`${(size / 1e6).toFixed(0)} MB, ${links.toLocaleString('en')} links: drawn after ${((performance.now() - started) / 1000).toFixed(1)} s`);
          assert.match(await frame.locator('mechanist-graph-tab').innerText(), /100,0\d\d nodes/);
          const most = Math.max(...engines().map((pid) => residentMemory(pid, 'peak') ?? 0)) / 2 ** 20;
          report(`most memory of the engine: ${most.toFixed(0)} MiB`);
          assert.ok(most > 0 && most < 2048, 'the engine holds less than 2 GiB');
        } finally {
          await rm(file, { force: true });
        }
        await runCommand(page, 'View: Close Editor');
      },
    },
    {
      name: 'a graph of 100,000 nodes opens as an editor and stays responsive',
      async run({ page, report }) {
        await runCommand(page, 'View: Close All Editors');
        const started = performance.now();
        await openEditor(page, 'large.graph.json');
        const frame = await frameOf(page);
        await frame.locator('mechanist-graph canvas').waitFor(long);
        report(`opened after ${((performance.now() - started) / 1000).toFixed(1)} s`);
        assert.match(await frame.locator('mechanist-graph-tab').innerText(), /100,0\d\d nodes/);
        const times = await frame.evaluate<number[]>(`new Promise((resolve) => {
          const slider = document.querySelector('.filters input[type=range]');
          const canvas = document.querySelector('mechanist-graph canvas');
          const box = canvas.getBoundingClientRect();
          const times = [];
          let last = performance.now();
          const step = (frame) => {
            const now = performance.now();
            times.push(now - last);
            last = now;
            slider.value = String(0.3 + 0.5 * Math.abs(Math.sin(frame / 20)));
            slider.dispatchEvent(new Event('input', { bubbles: true }));
            canvas.dispatchEvent(new MouseEvent('mousemove', { clientX: box.left + (frame * 7) % box.width, clientY: box.top + (frame * 5) % box.height, bubbles: true }));
            if (frame < 120) requestAnimationFrame(() => step(frame + 1)); else resolve(times);
          };
          requestAnimationFrame(() => step(0));
        })`);
        const sorted = times.toSorted((a, b) => a - b);
        report(`frame times while a threshold is dragged: median ${sorted[60]!.toFixed(1)} ms, 95 % ${sorted[114]!.toFixed(1)} ms, longest ${sorted.at(-1)!.toFixed(1)} ms`);
        await until('view', () => frame.locator('.graph-main .busy').count(), (count) => count === 0, 60_000);
      },
    },
  ],
};

/** Opens a file of the workspace in its editor. */
async function openEditor(page: Page, name: string): Promise<Frame> {
  await openFile(page, name);
  return frameOf(page);
}
