/** The algorithmic view: every tab on the bundled model, by keyboard from a prompt to a pinned circuit, and a large graph. */
import { strict as assert } from 'node:assert';
import { mkdir, readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { askLine, button, choiceOf, fill, frameOf, long, prompt, showTab, tabTo, tabs } from './pages/algorithmic.ts';
import type { Tab } from './pages/algorithmic.ts';
import { clickOn } from './pages/editor.ts';
import { runCommand } from './pages/palette.ts';
import { picture } from './pages/picture.ts';
import { themes, unmoving, useTheme } from './pages/themes.ts';
import { until } from './pages/until.ts';
import { assertAccessible } from './pages/webview.ts';
import { assertPagesWell } from './support/log.ts';
import type { Spec } from './support/spec.ts';
import type { Workbench } from './support/workbench.ts';

const pairs = [
  { clean: 'When Mary and John went to the market, John gave a book to', corrupted: 'When Mary and John went to the market, Mary gave a book to', answers: [' Mary'], distractors: [' John'] },
  { clean: 'When Anna and Tom went to the store, Tom gave a cup to', corrupted: 'When Anna and Tom went to the store, Anna gave a cup to', answers: [' Anna'], distractors: [' Tom'] },
].map((pair) => JSON.stringify(pair)).join('\n');

export const algorithmic: Spec = {
  name: 'algorithmic',
  files: { 'prompt.txt': `${prompt}\n`, 'ioi.jsonl': pairs },
  open: 'prompt.txt',
  settings: { 'mechanist.model.default': 'fable-4l-b' },
  steps: [
    {
      name: 'the line at the cursor becomes the question, with answers from the model’s own predictions',
      async run(workbench) {
        await fill(await askLine(workbench.page, 'When', prompt), 'overview');
      },
    },
    ...tabs.map((tab) => ({
      name: `the tab ${tab} answers`,
      async run({ page, report }: Workbench) {
        const started = performance.now();
        await fill(await frameOf(page), tab);
        report(`${tab}: ${Math.round(performance.now() - started)} ms, with the driver's round trips`);
      },
    })),
    {
      name: 'two methods are compared by the circuits that they find, beside what chance would share',
      async run({ page }) {
        const frame = await frameOf(page);
        await showTab(frame, 'circuit');
        await choiceOf(frame, 'method').selectOption('eap');
        await button(frame, 'Score edges').click();
        await button(frame, 'Test this circuit').waitFor(long);
        await showTab(frame, 'compare');
        const section = frame.locator('section[aria-label=Circuits]');
        await button(section, 'Compare').click();
        const said = await until('the comparison', () => section.innerText(), (text) => /edges in common/.test(text), 60_000);
        assert.match(said, /[1-9]\d* edges in common, [\d.]+ of all\s+random circuits of these sizes: [\d.]+/);
      },
    },
    {
      name: 'a cell of a sweep shows the prediction behind it, by keyboard',
      async run({ page }) {
        const frame = await frameOf(page);
        await showTab(frame, 'patching');
        await frame.locator('mechanist-patching .plot-frame').first().focus();
        for (const key of ['ArrowUp', 'ArrowRight', 'ArrowRight', 'Enter']) await page.keyboard.press(key);
        await frame.locator('table[aria-label="Predictions with the patch"] tbody tr').first().waitFor(long);
      },
    },
    {
      name: 'a node of the graph opens its card, is ablated, and the prediction is laid beside what is measured',
      async run({ page }) {
        const frame = await frameOf(page);
        await showTab(frame, 'graph');
        await frame.locator('.graph-frame').focus();
        for (const key of ['ArrowUp', 'ArrowUp', 'Enter']) await page.keyboard.press(key);
        await frame.locator('mechanist-node-card .grid-row').first().waitFor(long);
        await button(frame, 'Ablate').click();
        await frame.getByText('predicted and measured').waitFor(long);
        await frame.locator('.graph-frame').focus();
        await page.keyboard.press('Space');
        await until('pinned', () => frame.locator('mechanist-pinned h2').first().innerText(), (text) => /\b1\b/.test(text));
      },
    },
    {
      name: 'the page has not violated its policy',
      run: ({ installation }) => assertPagesWell(installation, 'algorithmic'),
    },
    {
      name: 'from a prompt to a pinned circuit by keyboard only',
      async run({ page, folder }) {
        const frame = await frameOf(page);
        // From the editor: the page has the focus still, and would not tell when the workbench has given it again.
        await clickOn(page, 'When');
        await until('focus', () => frame.evaluate<boolean>('document.hasFocus()'), (has) => !has);
        await page.keyboard.press('Control+2');
        await until('focus', () => frame.evaluate<boolean>('document.hasFocus()'), (has) => has);
        await page.keyboard.press('1');
        await page.keyboard.press('/');
        await until('focus', () => frame.evaluate<string | undefined>('document.activeElement?.id'), (id) => id === 'prompt');
        const text = 'When Anna and Tom went to the store, Tom gave a cup to';
        await until('prompt', async () => {
          await page.keyboard.press('Control+A');
          // The workbench selects in pages itself, a moment later, and so late that quick typing may be selected with it.
          await until('selection', () => frame.evaluate<number>('(() => { const { selectionStart, selectionEnd } = document.activeElement; return selectionEnd - selectionStart; })()'), (length) => length > 10);
          await page.keyboard.type(text);
          return frame.locator('#prompt').inputValue();
        }, (typed) => typed === text);
        await until('target', () => frame.locator('.answer').first().inputValue(), (text) => text.includes('Anna'), 60_000);
        await tabTo(page, frame, 'Suggested prompts to compare with');
        await page.keyboard.press('ArrowDown');
        await frame.getByText('aligned,').waitFor(long);
        await tabTo(page, frame, await frame.locator('[role=tab][aria-selected=true]').innerText());
        await page.keyboard.press('5');
        await tabTo(page, frame, 'Score edges');
        await page.keyboard.press('Enter');
        await button(frame, 'Test this circuit').waitFor(long);
        await tabTo(page, frame, 'Test this circuit');
        await page.keyboard.press('Enter');
        await frame.locator('.verdict').waitFor(long);
        await tabTo(page, frame, 'Pin this circuit');
        await page.keyboard.press('Enter');
        await page.locator('.quick-input-widget', { hasText: 'Pin to a Finding' }).waitFor(long);
        await page.keyboard.press('Enter');
        const [name] = await until('findings', () => readdir(join(folder, 'findings')).then((names) => names.filter((one) => one.endsWith('.md')), () => []), (names) => names.length === 1, 60_000);
        const note = await readFile(join(folder, 'findings', name!), 'utf8');
        assert.match(note, /method: circuit\.faithfulness@1/);
        assert.match(note, /name: random circuits of equal size/);
      },
    },
    {
      name: 'a reload of the window restores question and tab',
      async run(workbench) {
        // The note that was pinned to lies before it.
        await runCommand(workbench.page, 'Mechanist: Open Algorithmic View');
        await frameOf(workbench.page);
        await workbench.reload();
        const frame = await frameOf(workbench.page);
        await until('prompt', () => frame.locator('#prompt').inputValue(long), (text) => text.includes('Anna'), 90_000);
        await frame.locator('#tab-circuit[aria-selected=true]').waitFor(long);
      },
    },
    {
      name: 'axe finds nothing in any tab in any theme',
      async run(workbench) {
        const frame = await frameOf(workbench.page);
        for (const tab of tabs) await fill(frame, tab);
        for (const theme of themes) {
          await useTheme(workbench, theme, ['algorithmic']);
          for (const tab of tabs) {
            await showTab(frame, tab);
            await unmoving(frame);
            await assertAccessible(frame, `${theme.name}, ${tab}`, '--vscode-editor-background');
          }
        }
      },
    },
  ],
};

/** What a tab's picture has to show, by selector. */
const centre: Readonly<Partial<Record<Tab, string>>> = { circuit: 'mechanist-layers', graph: '.graph-frame', patching: 'mechanist-patching figure' };

/** Pictures of the tabs that say most, in all four kinds of theme, into `images`. */
export async function algorithmicPictures(workbench: Workbench, images: string, shown: readonly Tab[] = ['patching', 'circuit', 'graph']): Promise<void> {
  const { page } = workbench;
  await mkdir(images, { recursive: true });
  await page.setViewportSize({ width: 1600, height: 1100 });
  const frame = await askLine(page, 'When', prompt);
  // Who gives is swapped: the two names are in both prompts, so the model has to find out which of them is left.
  await frame.locator('#corrupted').fill(prompt.replace('John gave', 'Mary gave'));
  const distractor = frame.locator('.answer').nth(1);
  await distractor.fill(' John');
  await distractor.press('Enter');
  await until('distractor', () => distractor.inputValue(), (text) => /^.John$/.test(text));
  await frame.getByText('aligned,').waitFor(long);
  await runCommand(page, 'View: Close Editors in Other Groups');
  await runCommand(page, 'View: Close Primary Side Bar');
  for (const tab of shown) await fill(frame, tab);
  if (shown.includes('graph')) {
    await showTab(frame, 'graph');
    await frame.locator('.graph-frame').focus();
    for (const key of ['ArrowUp', 'ArrowUp', 'Enter']) await page.keyboard.press(key);
    await frame.locator('mechanist-node-card .grid-row').first().waitFor(long);
  }
  for (const theme of themes) {
    await useTheme(workbench, theme, ['algorithmic']);
    for (const tab of shown) {
      await showTab(frame, tab);
      // What the tab is about: below the fold on some.
      await frame.evaluate(`document.querySelector(${JSON.stringify(centre[tab] ?? `#tab-${tab}`)}).scrollIntoView({ block: 'end' })`);
      await picture(page, join(images, `algorithmic-${tab}-${theme.name}.png`));
    }
  }
}
