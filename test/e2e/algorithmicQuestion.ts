/** Questions of the algorithmic view: prompt-pair files in the editor and as data sets, and questions that cannot be answered as they are. */
import { strict as assert } from 'node:assert';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { button, choiceOf, frameOf, long, showTab } from './pages/algorithmic.ts';
import { choosePath } from './pages/dialogs.ts';
import { openFile } from './pages/files.ts';
import { pick, runCommand } from './pages/palette.ts';
import { until } from './pages/until.ts';
import type { Spec } from './support/spec.ts';

const names = [['Mary', 'John', 'market', 'book'], ['Anna', 'Tom', 'store', 'cup'], ['Lucy', 'Ben', 'park', 'ball'], ['Tom', 'Lucy', 'market', 'ball'], ['Ben', 'Anna', 'store', 'book']] as const;
const pairOf = ([a, b, place, thing]: (typeof names)[number]): string => JSON.stringify({
  clean: `When ${a} and ${b} went to the ${place}, ${b} gave a ${thing} to`, corrupted: `When ${a} and ${b} went to the ${place}, ${a} gave a ${thing} to`, answers: [` ${a}`], distractors: [` ${b}`],
});
const broken = [
  pairOf(names[0]),
  JSON.stringify({ clean: 'When Mary and John went to the market, John gave a book to', corrupted: 'Mary gave a book to', answers: [' Mary'] }),
  JSON.stringify({ clean: 'When Mary and John went to', corrupted: 'When Mary and Anna went to', answers: [' unbelievableness'] }),
  '{"clean": "When Mary", "corrupted": ',
].join('\n');

export const algorithmicQuestion: Spec = {
  name: 'algorithmic-question',
  files: { 'ioi.jsonl': names.slice(0, 3).map(pairOf).join('\n'), 'held.jsonl': names.slice(3).map(pairOf).join('\n'), 'broken.jsonl': broken, 'one.jsonl': `${JSON.stringify({ clean: 'When Mary and John went to the market, John gave a book to', corrupted: 'When Mary and John went to the market, Mary gave a book to' }).slice(0, -1)}, "answers": [""]}` },
  open: 'ioi.jsonl',
  settings: { 'mechanist.model.default': 'fable-4l-b', 'editor.quickSuggestions': { other: 'on', comments: 'off', strings: 'on' }, 'files.associations': { '*.jsonl': 'jsonl' } },
  steps: [
    {
      name: 'a pair file is measured as a whole from its first line, with intervals',
      async run({ page, report }) {
        await page.locator('.codelens-decoration a', { hasText: 'Measure all pairs' }).first().click(long);
        const frame = await frameOf(page);
        await frame.locator('#tab-patching[aria-selected=true]').waitFor(long);
        await frame.getByText('pair 1 of 3').waitFor(long);
        await until('all pairs are measured', () => frame.locator('.pairs input[type=checkbox]').isChecked(), (checked) => checked);
        await choiceOf(frame, 'place').selectOption('z');
        const started = performance.now();
        await button(frame, 'Run').click();
        await frame.getByText('mean over 3 pairs, 95 % intervals').waitFor(long);
        report(`heads over 3 pairs: ${Math.round(performance.now() - started)} ms`);
        const chart = frame.locator('mechanist-patching figure.chart').first();
        await chart.hover();
        await chart.getByRole('button', { name: 'Show as table' }).click();
        assert.match(await chart.locator('thead').innerText(), /95 %|low/i);
        await chart.getByRole('button', { name: 'Show as table' }).click();
      },
    },
    {
      name: 'a circuit of the file is tested on pairs that had no part in finding it',
      async run({ page, folder }) {
        const frame = await frameOf(page);
        await showTab(frame, 'circuit');
        await choiceOf(frame, 'method').selectOption('eap');
        await button(frame, 'Score edges').click();
        await button(frame, 'Test this circuit').waitFor(long);
        await button(frame, 'choose pairs…').click();
        await choosePath(page, join(folder, 'held.jsonl'));
        await button(frame, 'held.jsonl').waitFor();
        await button(frame, 'Test this circuit').click();
        await frame.locator('.verdict').waitFor({ timeout: 180_000 });
        assert.match(await frame.locator('section[aria-label=Tests]').innerText(), /held[- ]out/i);
      },
    },
    {
      name: 'the circuit goes out as a graph of EAP-IG and comes in again',
      async run({ page, folder }) {
        const frame = await frameOf(page);
        const file = join(folder, 'circuit.json');
        await frame.locator('button[aria-label="Save as EAP-IG graph (JSON)"]').click();
        await choosePath(page, file);
        const text = await until('the file', () => readFile(file, 'utf8').catch(() => ''), (content) => content.endsWith('}') || content.endsWith('}\n'));
        const { edges } = JSON.parse(text) as { edges: Record<string, { score: number; in_graph: boolean }> };
        // Of the twenty strongest, those that lead from the input to the logits.
        const members = Object.values(edges).filter(({ in_graph: member }) => member).length;
        assert.ok(members >= 5 && members <= 20, `${members} edges`);
        await button(frame, 'Open scores of EAP-IG…').click();
        await choosePath(page, file);
        await frame.getByText('These values are exact, or none was measured beside its estimate.').waitFor(long);
      },
    },
    {
      name: 'a target of several tokens, prompts of unequal length and an empty selection are told with the way forward',
      async run({ page }) {
        const frame = await frameOf(page);
        await frame.locator('.pairs button[aria-label="Leave the file"]').click();
        await frame.locator('#prompt').fill('When Mary and John went to the market, John gave a book to');
        await until('target', () => frame.locator('.answer').first().inputValue(), (text) => text.length > 1, 60_000);
        await frame.locator('.answer').first().fill('unbelievableness');
        await frame.locator('.answer').first().press('Enter');
        await frame.getByText(/is \d+ tokens for this model; what is measured is its first/).waitFor(long);
        await frame.locator('#corrupted').fill('Mary gave a book to');
        await frame.getByText('Not aligned:').waitFor(long);
        await button(frame, 'Use an aligned one').click();
        await frame.getByText('aligned,').waitFor(long);
      },
    },
    {
      name: 'what is wrong in a pair file is marked, and what fits is offered',
      async run({ page }) {
        await openFile(page, 'broken.jsonl');
        await until('marks', () => page.locator('.squiggly-error').count(), (count) => count >= 3, 60_000);
        await runCommand(page, 'View: Toggle Problems');
        const problems = page.locator('.markers-panel .monaco-list-row');
        await until('problems', () => problems.allInnerTexts().then((texts) => texts.join('\n')), (text) => /tokens, the corrupted one/.test(text) && /is \d+ tokens/.test(text), 60_000);
        await runCommand(page, 'View: Hide Panel');
        await openFile(page, 'one.jsonl');
        await page.locator('.editor-group-container.active .view-line', { hasText: 'answers' }).first().waitFor();
        await page.keyboard.press('Control+End');
        for (const key of ['ArrowLeft', 'ArrowLeft', 'ArrowLeft']) await page.keyboard.press(key);
        await page.keyboard.press('Control+Space');
        await until('offered', () => page.locator('.suggest-widget:visible .monaco-list-row').first().innerText().catch(() => ''), (text) => /%/.test(text), 30_000);
        await page.keyboard.press('Escape');
      },
    },
    {
      name: 'an empty selection is told of',
      async run({ page }) {
        await runCommand(page, 'View: Close All Editors');
        await runCommand(page, 'Mechanist: Open Algorithmic View');
        const frame = await frameOf(page);
        await button(frame, 'From editor').click();
        await frame.getByText('Nothing is selected in the editor.').waitFor(long);
      },
    },
    {
      name: 'a model without transcoders says so, and what can be done',
      async run({ page }) {
        await runCommand(page, 'Mechanist: Open Model…');
        await pick(page, 'fable-2l-attn');
        await page.locator('.statusbar-item[id*="mechanist"]', { hasText: 'fable-2l-attn' }).waitFor(long);
        await runCommand(page, 'Mechanist: Open Algorithmic View');
        const frame = await frameOf(page);
        await showTab(frame, 'graph');
        await frame.getByText('This model has no transcoders').waitFor(long);
        await button(frame, 'Open transcoders…').waitFor();
      },
    },
  ],
};
