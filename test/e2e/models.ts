/** Models of the user's own: a folder, an ONNX file, a file that is broken; prompt pairs. */
import { strict as assert } from 'node:assert';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import { hoverOver } from './pages/editor.ts';
import { choices, pick, runCommand } from './pages/palette.ts';
import { expand, openInspector, row } from './pages/sidebar.ts';
import { statusText } from './pages/statusBar.ts';
import { until } from './pages/until.ts';
import { webviewFrame } from './pages/webview.ts';
import { inspection, sampleFiles } from './support/sample.ts';
import type { Spec } from './support/spec.ts';

const repository = fileURLToPath(new URL('../..', import.meta.url));
const from = (folder: string, ...names: string[]): Record<string, Uint8Array> => Object.fromEntries(names.map((name) => [name, readFileSync(join(repository, folder, name))]));
const inFolder = (folder: string, files: Readonly<Record<string, Uint8Array>>): Record<string, Uint8Array> => Object.fromEntries(Object.entries(files).map(([name, bytes]) => [`${folder}/${name}`, bytes]));

const mine = from('zoo/models/fable-2l-attn', 'config.json', 'model.safetensors', 'tokenizer.json', 'tokenizer_config.json');
const config = JSON.parse(Buffer.from(mine['config.json']!).toString('utf8')) as Record<string, unknown>;
const broken = { ...mine, 'config.json': Buffer.from(JSON.stringify({ ...config, num_hidden_layers: 'two' })) };

export const models: Spec = {
  name: 'models',
  files: {
    ...sampleFiles, ...inFolder('mine', mine), ...inFolder('broken', broken), ...inFolder('exported', from('test/fixtures/exports/llama_dynamo', 'config.json', 'model.onnx')),
  },
  open: 'sample.txt',
  steps: [
    {
      name: 'a folder of the user’s is opened, and hovers read it',
      async run({ page, folder }) {
        await hoverOver(page, 'John', inspection, 'first', 120_000);
        await openTyped(page, join(folder, 'mine'));
        await until('status bar', () => statusText(page), (text) => text.includes('mine'));
        assert.match(await hoverOver(page, 'John', / · mine/), /no dictionary is open for this model/);
      },
    },
    {
      name: 'a broken folder is told of by file and field, and nothing else breaks',
      async run({ page, folder }) {
        await openTyped(page, join(folder, 'broken'));
        const told = page.locator('.notification-list-item', { hasText: 'num_hidden_layers' }).first();
        await told.waitFor();
        assert.match(await told.innerText(), /config\.json/);
        await runCommand(page, 'Notifications: Clear All Notifications');
        await hoverOver(page, 'Mary', / · mine/);
      },
    },
    {
      name: 'an ONNX file is opened and listed',
      async run({ page, folder }) {
        await openTyped(page, join(folder, 'exported', 'model.onnx'));
        await openInspector(page);
        await expand(page, 'Models');
        await until('status bar', () => statusText(page), (text) => text.includes('exported'));
        await row(page, /^exported/).waitFor();
        await (await webviewFrame(page, 'inspector')).getByText('The model has no tokenizer').waitFor();
      },
    },
    {
      name: 'a bundled model is chosen again, with one of its dictionaries, step by step',
      async run({ page }) {
        await runCommand(page, 'Mechanist: Open Model…');
        await pick(page, 'fable-4l');
        await page.locator('.quick-input-title', { hasText: 'Dictionary of fable-4l' }).waitFor();
        await pick(page, 'blocks.1.hook_resid_post');
        await hoverOver(page, 'John', /fable-4l · blocks\.1\.hook_resid_post/);
      },
    },
  ],
};

/** By its path, in the first step of "Open Model". */
async function openTyped(page: Page, path: string): Promise<void> {
  await runCommand(page, 'Mechanist: Open Model…');
  await choices(page);
  await pick(page, path);
}
