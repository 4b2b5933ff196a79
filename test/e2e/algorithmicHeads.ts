/** The algorithmic view beyond its first answers: the tuned lens, attention taken apart, neurons and features, saving figures. */
import { strict as assert } from 'node:assert';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { askLine, button, choiceOf, frameOf, long, prompt, showTab } from './pages/algorithmic.ts';
import { choosePath } from './pages/dialogs.ts';
import { until } from './pages/until.ts';
import type { Spec } from './support/spec.ts';

const sentences = ['When Mary and John went to the market, John gave a book to Mary.', 'The red fox sees a small dog in the garden.', 'Anna has a cup and Tom has a hat.', 'The old king walks to the river and finds a boat.'];
const trainingText = Array.from({ length: 400 }, (_, i) => sentences[(i * 7 + (i % 3)) % sentences.length]).join(' ');

export const algorithmicHeads: Spec = {
  name: 'algorithmic-heads',
  files: { 'prompt.txt': `${prompt}\n`, 'train.txt': trainingText },
  open: 'prompt.txt',
  settings: { 'mechanist.model.default': 'fable-4l-b' },
  steps: [
    {
      name: 'a tuned lens is trained, stopped, trained again and shown beside the logit lens',
      async run({ page, folder, report }) {
        const frame = await askLine(page, 'When', prompt);
        await showTab(frame, 'lens');
        await frame.locator('mechanist-heat-grid [role=gridcell]').first().waitFor(long);
        const section = frame.locator('section[aria-label="Tuned lens"]');
        const train = async (): Promise<void> => {
          await button(section, 'Train on a text file…').click();
          await choosePath(page, join(folder, 'train.txt'));
          await section.locator('[role=progressbar]').first().waitFor(long);
        };
        await train();
        await section.getByRole('button', { name: /Cancel|Stop/ }).or(section.locator('vscode-button', { hasText: /Cancel|Stop/ })).first().click();
        await until('training has stopped', () => section.locator('[role=progressbar]').count(), (count) => count === 0, 60_000);
        const started = performance.now();
        await train();
        await button(section, 'Use this lens').waitFor({ timeout: 180_000 });
        report(`tuned lens of 250 steps: ${((performance.now() - started) / 1000).toFixed(1)} s`);
        await section.locator('table[aria-label="KL to the output on held-out text"], [aria-label="KL to the output on held-out text"]').first().waitFor();
        await button(section, 'Use this lens').click();
        await choiceOf(frame.locator('.tools-row').first(), 'lens').waitFor(long);
        assert.equal(await choiceOf(frame.locator('.tools-row').first(), 'lens').inputValue(), 'tuned');
        await frame.locator('mechanist-chart .legend', { hasText: 'tuned' }).first().waitFor(long);
      },
    },
    {
      name: 'attention is weighted by values, heads are typed and composed, one score is split into pairs of features',
      async run({ page }) {
        const frame = await frameOf(page);
        await showTab(frame, 'attention');
        await frame.locator('mechanist-head-grid button.head').first().waitFor(long);
        await choiceOf(frame, 'weights').selectOption('value-weighted');
        await until('patterns are read again', () => frame.locator('.attention-layout').locator('xpath=ancestor::*[@aria-busy="true"]').count(), (count) => count === 0);
        await button(frame, 'Score all heads').click();
        await frame.getByText('on random tokens; muted: on this prompt').waitFor(long);
        await button(frame, 'Compare all heads').click();
        await frame.locator('section[aria-label=Composition] .main-svg').first().waitFor(long);
        // The dictionary in use is another one: that of the stream which layer 2 reads is found.
        await frame.locator('mechanist-head-grid button[aria-label^="Layer 2, head H0"]').click();
        await button(frame, 'Split into pairs of features').click();
        await until('the split', () => frame.locator('section[aria-label="Why it looks there"]').innerText(), (text) => /sum [−\d.+]+ of score/.test(text), 60_000);
      },
    },
    {
      name: 'neurons, features and the other direction are patched; a part is set to zero',
      async run({ page }) {
        const frame = await frameOf(page);
        await showTab(frame, 'patching');
        const rerun = async (title: RegExp): Promise<void> => {
          await button(frame, 'Run').click();
          await until('title of the chart', () => frame.locator('mechanist-patching figcaption .title').first().innerText().catch(() => ''), (text) => title.test(text), 90_000);
          await frame.locator('mechanist-patching .plot-frame .main-svg').first().waitFor(long);
        };
        await choiceOf(frame, 'place').selectOption('neurons');
        await rerun(/share restored by layer × neuron/);
        await choiceOf(frame, 'place').selectOption('features');
        await choiceOf(frame, 'direction').selectOption('noising');
        await rerun(/share lost by layer × neuron/);
        await choiceOf(frame, 'place').selectOption('z');
        await choiceOf(frame, 'replaced by').selectOption('zero');
        await rerun(/change of the metric by layer × head/);
        await button(frame, 'Measure a control').click();
        await frame.getByText('The control, values of other prompts').waitFor(long);
      },
    },
    {
      name: 'a figure is saved as numbers, drawing and image',
      async run({ page }) {
        const frame = await frameOf(page);
        const folder = await mkdtemp(join(tmpdir(), 'mechanist-figures-'));
        try {
          const chart = frame.locator('mechanist-patching figure.chart').first();
          const save = async (label: string, file: string): Promise<Buffer> => {
            await chart.hover();
            await chart.getByRole('button', { name: label }).click();
            await choosePath(page, join(folder, file));
            return until(file, () => readFile(join(folder, file)).catch(() => Buffer.alloc(0)), (bytes) => bytes.length > 0);
          };
          assert.match((await save('Save numbers (CSV)', 'sweep.csv')).toString('utf8'), /^hook point,head,[\s\S]*,H0,/);
          assert.match((await save('Save drawing (SVG)', 'sweep.svg')).toString('utf8'), /^<svg[\s\S]*<\/svg>\s*$/);
          assert.equal((await save('Save image (PNG)', 'sweep.png')).subarray(1, 4).toString('latin1'), 'PNG');
        } finally {
          await rm(folder, { recursive: true });
        }
      },
    },
  ],
};
