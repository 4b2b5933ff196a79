/** The user's own in the semantic view: texts that are harvested, searches over them, a dictionary that is trained, opened, exchanged. */
import { strict as assert } from 'node:assert';
import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Frame } from 'playwright-core';
import { acceptPath, choosePath, pick, runCommand } from './pages/palette.ts';
import { button, cardName, long, openFirstCard, openSemanticView, search, semanticFrame } from './pages/semantic.ts';
import { expand, row } from './pages/sidebar.ts';
import { cursorText } from './pages/statusBar.ts';
import { until } from './pages/until.ts';
import { sampleText } from './support/sample.ts';
import type { Spec } from './support/spec.ts';

const repository = fileURLToPath(new URL('../..', import.meta.url));
const bundled = join(repository, 'zoo/models/fable-4l/dictionaries/blocks.1.hook_resid_post.coarse');
const config = JSON.parse(readFileSync(join(bundled, 'cfg.json'), 'utf8')) as { metadata: Record<string, unknown> };

/** A dictionary folder in SAELens' layout whose files name a public page. */
const saelens = {
  'mine/sae/cfg.json': JSON.stringify({ ...config, metadata: { ...config.metadata, neuronpedia_id: 'fable/1-res' } }),
  'mine/sae/sae_weights.safetensors': readFileSync(join(bundled, 'sae_weights.safetensors')),
  'mine/dropped/cfg.json': JSON.stringify(config), 'mine/dropped/sae_weights.safetensors': readFileSync(join(bundled, 'sae_weights.safetensors')),
};

const names = ['Mary', 'John', 'Anna', 'Tom'];
const story = Array.from({ length: 120 }, (_, i) => `${names[i % 4]} went to the market and ${names[(i + 1) % 4]} gave a book to ${names[i % 4]}.`);

const explanations = [3, 7].map((index) => JSON.stringify({ modelId: 'fable-4l', layer: 'x', index: String(index), description: `imported label ${index}` })).join('\n');

export const corpora: Spec = {
  name: 'corpora',
  files: {
    'sample.txt': sampleText, ...saelens, 'import/explanations.jsonl': explanations,
    'texts/a.txt': story.join('\n'), 'texts/b.md': `# Story\n\n${story.slice(40).join('\n\n')}\n`, 'texts/c.jsonl': story.map((text) => JSON.stringify({ text })).join('\n'), 'texts/d.py': 'def f(x, y):\n    return [x, (y)]\n'.repeat(60),
    'other/latin1.txt': Buffer.from(`${story.join('\n')}\nna\xefve caf\xe9\n`, 'latin1'),
  },
  open: 'sample.txt',
  settings: { 'mechanist.model.default': 'fable-4l' },
  links: ['www.neuronpedia.org'],
  steps: [
    {
      name: 'a text in another encoding is told of by its file, and nothing is stored',
      async run({ page, folder }) {
        await openSemanticView(page);
        await runCommand(page, 'Mechanist: Harvest a Corpus');
        const frame = await semanticFrame(page);
        await button(frame.locator('mechanist-harvest'), 'Choose files').click();
        await choosePath(page, join(folder, 'other'));
        await frame.locator('mechanist-harvest form', { hasText: 'other' }).waitFor(long);
        await button(frame.locator('mechanist-harvest'), 'Start harvest').click();
        const told = frame.locator('mechanist-harvest [role=alert]');
        await told.waitFor(long);
        assert.match(await told.innerText(), /latin1\.txt/);
        assert.deepEqual(readdirSync(join(folder, '.mechanist', 'stores')), []);
      },
    },
    {
      name: 'a folder of text, Markdown, JSON lines and code is harvested, and its features are shown',
      async run({ page, folder, report }) {
        const frame = await semanticFrame(page);
        await button(frame.locator('mechanist-harvest'), 'Choose files').click();
        await choosePath(page, join(folder, 'texts'));
        await frame.locator('mechanist-harvest form', { hasText: 'texts' }).waitFor(long);
        await button(frame.locator('mechanist-harvest'), 'Start harvest').click();
        await frame.locator('mechanist-harvest', { hasText: 'The harvest is done' }).waitFor({ timeout: 180_000 });
        await button(frame.locator('mechanist-harvest'), 'Look at the features').click();
        await frame.locator('.grid-row .chip').first().waitFor(long);
        report(await frame.locator('.bar-top .store').innerText());
        assert.match(await frame.locator('.bar-top .store').innerText(), /texts/);
      },
    },
    {
      name: 'from an example to its place in its file',
      async run({ page }) {
        const frame = await semanticFrame(page);
        await openFirstCard(page, frame);
        const goTo = frame.locator('.examples .codicon-go-to-file').first();
        const file = (await goTo.getAttribute('aria-label'))!.replace('Show in ', '');
        await goTo.click();
        await until('the tab', () => page.locator('.tabs-container .tab.active').allInnerTexts(), (tabs) => tabs.join(' ').replaceAll('\n', '').includes(file));
        assert.match(await until('what is selected', () => cursorText(page), (text) => text.includes('selected')), /\d+ selected/);
      },
    },
    {
      name: 'features are found by one text against another, by a token, a direction, by similarity',
      async run({ page }) {
        const frame = await semanticFrame(page);
        await frame.getByRole('button', { name: 'Which features fire on one text more than on another?' }).click();
        await frame.locator('#by-text').fill('Mary gave a book to John');
        await frame.locator('#by-other').fill('def f(x): return [x]');
        await button(frame.locator('mechanist-search-entry'), 'Find').click();
        await frame.locator('.query', { hasText: 'more than on “def f(x): return [x]”' }).waitFor(long);
        await frame.locator('.note', { hasText: 'share of random splits' }).waitFor(long);
        await frame.getByRole('button', { name: 'Which features raise a token, or point along a direction?' }).click();
        await frame.locator('#by-token').fill(' John');
        await frame.locator('#by-token').press('Enter');
        await frame.locator('.query', { hasText: 'raise “ John”' }).waitFor(long);
        await frame.locator('.note', { hasText: 'a random direction reaches' }).waitFor(long);
        await frame.locator('#by-direction').fill('nonsense');
        await button(frame.locator('mechanist-search-entry .row'), 'Find').click();
        await frame.locator('mechanist-search-entry [role=alert]').waitFor(long);
        await frame.locator('#by-direction').fill(JSON.stringify(Array.from({ length: 128 }, (_, i) => Math.sin(i))));
        await button(frame.locator('mechanist-search-entry .row'), 'Find').click();
        await frame.locator('.query', { hasText: '128 numbers' }).waitFor(long);
        await openFirstCard(page, frame);
        await frame.getByRole('button', { name: 'Show features like it' }).click();
        await frame.locator('.query', { hasText: 'like #' }).waitFor(long);
        await frame.getByRole('button', { name: 'Back to all features' }).click();
      },
    },
    {
      name: 'a point of the map is picked, and several are chosen with a lasso',
      async run({ page }) {
        const frame = await semanticFrame(page);
        await page.keyboard.press('Escape');
        await runCommand(page, 'Mechanist: Show Map of Features');
        const map = frame.locator('canvas.features');
        await frame.locator('canvas.random').waitFor(long);
        const box = (await map.boundingBox())!;
        const middle = { x: box.x + box.width / 2, y: box.y + box.height / 2 };
        const radius = 0.4 * Math.min(box.width, box.height);
        await page.keyboard.down('Shift');
        await page.mouse.move(middle.x + radius, middle.y);
        await page.mouse.down();
        for (let turn = 1; turn <= 24; turn++) await page.mouse.move(middle.x + radius * Math.cos((turn * Math.PI) / 12), middle.y + radius * Math.sin((turn * Math.PI) / 12));
        await page.mouse.up();
        await page.keyboard.up('Shift');
        await frame.locator('.query', { hasText: /\d+ features of the map/ }).waitFor(long);
        const before = await cardName(frame);
        await until('the card of a point', async () => {
          // Along a line through the middle there is a point somewhere.
          for (let step = -20; step <= 20; step++) {
            await page.mouse.move(middle.x + step * radius / 20, middle.y + 3);
            if (/^#\d+/.test(await frame.locator('.maps .said').innerText())) {
              await page.mouse.down();
              await page.mouse.up();
              const name = await cardName(frame);
              if (name !== before) return name;
            }
          }
          return before;
        }, (name) => name !== before);
        await frame.getByRole('button', { name: 'Back to all features' }).click();
        await frame.getByRole('tab', { name: 'Table' }).click();
      },
    },
    {
      name: 'a row’s menu acts on its feature',
      async run({ page }) {
        const frame = await semanticFrame(page);
        const entry = page.locator('.monaco-menu .action-label', { hasText: 'Ablate' }).first();
        const control = frame.locator('mechanist-effect .run').nth(2);
        // A menu takes no click in its first moment.
        await until('the effect', async () => {
          if (!(await entry.isVisible())) await frame.locator('.grid-row .chip').nth(2).click({ button: 'right', timeout: 5_000 });
          await entry.click({ timeout: 5_000 }).catch(() => undefined);
          await control.waitFor({ timeout: 15_000 }).catch(() => undefined);
          return control.count();
        }, (count) => count === 1, 60_000);
      },
    },
    {
      name: 'a text of one’s own is read by the feature, with the loss when it is ablated',
      async run({ page }) {
        const frame = await semanticFrame(page);
        await frame.locator('mechanist-own-text textarea').fill('Anna gave a book to Tom');
        await frame.locator('mechanist-own-text', { hasText: /random direction|does not fire/ }).waitFor(long);
        assert.match(await frame.locator('mechanist-own-text').innerText(), /Mean change -?[\d.e-]+ nats|It does not fire on this text/);
        await page.keyboard.press('Escape');
      },
    },
    {
      name: 'explanations come in and labels go out through the dialogs; a feature goes out with its examples',
      async run({ page, folder }) {
        const frame = await semanticFrame(page);
        await runCommand(page, 'Mechanist: Import Labels');
        await choosePath(page, join(folder, 'import', 'explanations.jsonl'));
        await frame.locator('[role=status]', { hasText: '2 labels imported' }).waitFor(long);
        // Whether they fire in this store or not.
        await frame.getByLabel('Which features', { exact: true }).selectOption('labelled');
        await search(frame, 'imported label', /\b2 of /);
        await frame.locator('mechanist-table .grid').focus();
        await page.keyboard.press('Home');
        await page.keyboard.press('Enter');
        await until('the card', () => frame.locator('h2.label').innerText(long), (text) => text.includes('imported label'));
        await frame.locator('mechanist-label', { hasText: 'imported' }).waitFor(long);
        await runCommand(page, 'Mechanist: Export Features or Labels');
        await acceptPath(page);
        const exported = await until('the file', () => (existsSync(join(folder, 'explanations.jsonl')) ? readFileSync(join(folder, 'explanations.jsonl'), 'utf8') : ''), (text) => text.includes('imported label 7'));
        assert.equal((JSON.parse(exported.split('\n').find((line) => line.includes('imported label 3'))!) as { index: string }).index, '3');
        // Neither labelled feature need fire in this store; the first of those that do has examples.
        await frame.getByLabel('Which features', { exact: true }).selectOption('alive');
        await search(frame, '', /\d of /);
        await frame.locator('mechanist-table .grid').focus();
        await page.keyboard.press('Home');
        await page.keyboard.press('Enter');
        await until('another card', () => frame.locator('h2.label').innerText(long), (text) => !text.includes('imported label'));
        await frame.getByRole('button', { name: 'Export as Neuronpedia JSON' }).click();
        await acceptPath(page);
        const name = await until('the feature’s file', () => readdirSync(folder).find((entry) => /^feature-\d+\.json$/.test(entry)), (found) => found !== undefined);
        const feature = JSON.parse(readFileSync(join(folder, name!), 'utf8')) as { activations: unknown[]; vector: unknown[] };
        assert.ok(feature.activations.length > 0 && feature.vector.length === 128);
      },
    },
    {
      name: 'a dictionary is trained with live curves, ended early, kept, and opened',
      async run({ page, folder }) {
        await runCommand(page, 'Mechanist: Train a Dictionary');
        const frame = await semanticFrame(page);
        const wizard = frame.locator('mechanist-train');
        await wizard.locator('#train-latents').fill('nothing');
        await button(wizard, 'Start training').click();
        await wizard.locator('.problem').first().waitFor();
        await wizard.locator('#train-latents').fill('256');
        await wizard.locator('#train-steps').fill('20000');
        await button(wizard, 'Start training').click();
        await wizard.locator('figure.chart .main-svg').nth(3).waitFor({ timeout: 120_000 });
        const line = wizard.locator('.progress-line .what');
        const step = async (): Promise<number> => Number(/Step ([\d,]+)/.exec(await line.innerText())?.[1]?.replaceAll(',', '') ?? 0);
        const first = await step();
        await until('further steps', step, (now) => now > first, 60_000);
        for (const curve of ['loss', 'L0', 'FVU', 'dead']) await wizard.locator('figure.chart', { hasText: new RegExp(curve, 'i') }).first().waitFor();
        await button(wizard, 'Stop and keep').click();
        await wizard.locator('[role=status]', { hasText: /Stopped after [\d,]+ steps and kept/ }).waitFor({ timeout: 120_000 });
        const [made] = readdirSync(join(folder, '.mechanist', 'dictionaries'));
        assert.ok(statSync(join(folder, '.mechanist', 'dictionaries', made!, 'sae_weights.safetensors')).size > 0);
        await button(wizard, 'Look at its features').click();
        await frame.locator('.empty', { hasText: 'Nobody has looked yet' }).waitFor(long);
        assert.match(await usedDictionary(frame), /topk-256/);
      },
    },
    {
      name: 'a SAELens folder is opened by quick pick; its public page is opened by a click only',
      async run({ page, foreignHosts }) {
        await runCommand(page, 'Mechanist: Open Dictionary…');
        await pick(page, 'mine/sae');
        const frame = await semanticFrame(page);
        await until('the dictionary', () => usedDictionary(frame), (text) => text.startsWith('sae'));
        // It is the same dictionary as a bundled one, so its store is known.
        await frame.getByLabel('Which features', { exact: true }).selectOption('alive');
        await frame.locator('input[type=search]').fill('');
        await frame.locator('.grid-row .chip').first().waitFor(long);
        await openFirstCard(page, frame);
        const asked = async (): Promise<string> => [...(await page.locator('.monaco-dialog-box').allInnerTexts()), ...page.context().pages().map((one) => one.url()), ...foreignHosts].join(' ');
        assert.doesNotMatch(await asked(), /neuronpedia/);
        await frame.getByRole('button', { name: 'Open its page on www.neuronpedia.org' }).click();
        // The workbench may ask first.
        await until('the page asked for', asked, (text) => text.includes('www.neuronpedia.org'));
        for (const other of page.context().pages()) if (other !== page) await other.close();
        await page.keyboard.press('Escape');
      },
    },
    {
      name: 'a SAELens folder that is dropped on the models is opened',
      async run({ page, folder }) {
        await runCommand(page, 'Mechanist: Show Inspector');
        await expand(page, 'Models');
        const target = row(page, /^fable-4l/);
        await target.waitFor();
        // What the explorer hands over: the folder's address in the remote file system.
        await target.evaluate((element: { dispatchEvent(event: unknown): boolean }, path: string) => {
          const { DataTransfer, DragEvent, location } = globalThis as unknown as { DataTransfer: new () => { setData(type: string, data: string): void }; DragEvent: new (type: string, init: object) => unknown; location: { host: string } };
          const dataTransfer = new DataTransfer();
          dataTransfer.setData('text/uri-list', `vscode-remote://${location.host}${path}`);
          for (const type of ['dragenter', 'dragover', 'drop']) element.dispatchEvent(new DragEvent(type, { dataTransfer, bubbles: true, cancelable: true }));
        }, join(folder, 'mine', 'dropped'));
        const frame = await semanticFrame(page);
        await until('the dictionary', () => usedDictionary(frame), (text) => text.startsWith('dropped'));
      },
    },
  ],
};

const usedDictionary = (frame: Frame): Promise<string> => frame.locator('.bar-top select option:checked').first().textContent().then((text) => text ?? '');
