/** Models of the hub, from a hub on this machine: what is asked of it and when; links from outside the window. */
import { strict as assert } from 'node:assert';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import { startHub } from '../support/hubServer.ts';
import type { HubFile, HubServer } from '../support/hubServer.ts';
import { hoverOver } from './pages/editor.ts';
import { choices, enter, pick, runCommand } from './pages/palette.ts';
import { statusText } from './pages/statusBar.ts';
import { until } from './pages/until.ts';
import { inspection, sampleFiles } from './support/sample.ts';
import type { Spec } from './support/spec.ts';

const source = fileURLToPath(new URL('../../zoo/models/fable-2l-attn', import.meta.url));
const file = (name: string, more: Partial<HubFile> = {}): [string, HubFile] => [name, { content: readFileSync(join(source, name)), ...more }];
const described = [file('config.json'), file('tokenizer.json'), file('tokenizer_config.json')];
const commit = 'c'.repeat(40);

let hub: HubServer;
let cache: string;

export const hubModels: Spec = {
  name: 'hub',
  files: sampleFiles,
  open: 'sample.txt',
  async environment() {
    hub = await startHub();
    cache = await mkdtemp(join(tmpdir(), 'mechanist-hub-cache-'));
    const weights = file('model.safetensors', { large: true });
    hub.repositories.set('tests/small', { commit, files: new Map([...described, weights]) });
    hub.repositories.set('tests/linked', { commit, files: new Map([...described, weights]) });
    hub.repositories.set('tests/slow', { commit, files: new Map([...described, weights]) });
    hub.repositories.set('tests/damaged', { commit, files: new Map([...described, file('model.safetensors', { large: true, etag: 'd'.repeat(64) })]) });
    hub.repositories.set('tests/cut', { commit, files: new Map([...described, file('model.safetensors', { large: true, size: 999 })]) });
    return { HF_ENDPOINT: hub.endpoint, HF_HUB_CACHE: cache, HF_HUB_OFFLINE: '', HF_TOKEN: '' };
  },
  steps: [
    {
      name: 'nothing is asked of the hub before a person confirms an id',
      async run({ page }) {
        await hoverOver(page, 'John', inspection, 'first', 120_000);
        await runCommand(page, 'Mechanist: Open Model…');
        await pick(page, 'Hub id…');
        const input = page.locator('.quick-input-widget:visible input').first();
        await page.getByText('Nothing is downloaded before you press Enter').waitFor();
        await input.fill('no id');
        await page.getByText('An id looks like OWNER/NAME').waitFor();
        await input.fill('tests/small');
        await page.keyboard.press('Escape');
        await runCommand(page, 'Mechanist: Open Model…');
        await choices(page);
        await page.locator('.quick-input-widget:visible input').first().fill('tests/small');
        await page.getByText('Enter downloads it from the hub and opens it').waitFor();
        await page.keyboard.press('Escape');
        assert.deepEqual(hub.requests, []);
      },
    },
    {
      name: 'a download tells its progress and can be cancelled; the engine goes on',
      async run({ page, engines }) {
        hub.delay = 40;
        await openHub(page, 'tests/slow');
        const told = notification(page, 'Opening tests/slow');
        await until('progress', () => told.innerText(), (said) => /model\.safetensors.*\d+(\.\d+)? kB of 1\.0 MB/s.test(said), 60_000);
        const before = engines();
        await told.locator('.monaco-button', { hasText: 'Cancel' }).click();
        await told.waitFor({ state: 'hidden' });
        const asked = hub.requests.find(({ path, sent }) => path.includes('tests/slow') && path.endsWith('model.safetensors') && sent > 0)!;
        hub.delay = 0;
        await hoverOver(page, 'Mary', inspection);
        assert.ok(asked.sent < 1_000_000, `${asked.sent} bytes were sent`);
        assert.deepEqual(engines(), before);
        assert.equal(await page.locator('.notification-list-item.error, .notification-list-item .codicon-error').count(), 0);
      },
    },
    {
      name: 'a model that is asked for is downloaded, opened and read under its id, and not downloaded twice',
      async run({ page }) {
        await openHub(page, 'tests/small');
        await until('status bar', () => statusText(page), (text) => text.includes('tests/small'), 60_000);
        await hoverOver(page, 'John', /token \d+ of \d+ · tests\/small/);
        const contents = (): number => hub.requests.filter(({ path, sent }) => path.includes('tests/small') && sent > 0).length;
        const before = contents();
        assert.equal(before, 4);
        await runCommand(page, 'Mechanist: Open Model…');
        await pick(page, 'fable-4l');
        await page.locator('.quick-input-title', { hasText: 'Dictionary of fable-4l' }).waitFor();
        await page.keyboard.press('Escape');
        await until('status bar', () => statusText(page), (text) => text.includes('fable-4l'));
        await openHub(page, 'tests/small');
        await until('status bar', () => statusText(page), (text) => text.includes('tests/small'), 60_000);
        assert.equal(contents(), before);
      },
    },
    {
      name: 'content that is not what the hub announced is refused, and so are ids it does not know',
      async run({ page }) {
        const wrong: [string, RegExp][] = [['tests/damaged', /does not have the hash that the hub announced/], ['tests/cut', /more bytes than the 999 it announced/], ['tests/none', /The hub does not have this/]];
        for (const [id, message] of wrong) {
          await openHub(page, id);
          const told = page.locator('.notification-list-item', { hasText: message }).first();
          // A notification that comes while another is being cleared waits behind the bell.
          await until('message', async () => {
            if (!(await told.isVisible())) await runCommand(page, 'Notifications: Show Notifications');
            return told.innerText({ timeout: 4_000 }).catch(() => '');
          }, (text) => text.includes(id), 60_000);
          await runCommand(page, 'Notifications: Clear All Notifications');
        }
        assert.match(await statusText(page), /tests\/small/);
        await hoverOver(page, 'Mary', /tests\/small/);
      },
    },
    {
      name: 'a link opens a bundled model as asked',
      async run({ page }) {
        await followLink(page, '/model?zoo=fable-4l-b');
        await until('status bar', () => statusText(page), (text) => text.includes('fable-4l-b'), 60_000);
      },
    },
    {
      name: 'a link to a hub model asks first, and without consent nothing is requested',
      async run({ page }) {
        const about = (): number => hub.requests.filter(({ path }) => path.includes('tests/linked')).length;
        await followLink(page, '/model?hub=tests/linked');
        const dialog = page.locator('.monaco-dialog-box', { hasText: 'asks to download the model tests/linked' });
        await dialog.waitFor();
        assert.equal(about(), 0);
        await dialog.locator('.monaco-button', { hasText: 'Cancel' }).click();
        await dialog.waitFor({ state: 'hidden' });
        assert.match(await statusText(page), /fable-4l-b/);
        assert.equal(about(), 0);
        await followLink(page, '/model?hub=tests/linked');
        await dialog.locator('.monaco-button', { hasText: 'Download and open' }).click();
        await until('status bar', () => statusText(page), (text) => text.includes('tests/linked'), 60_000);
      },
    },
    {
      name: 'a link that says nothing sensible is refused in words',
      async run({ page }) {
        await followLink(page, '/model?folder=relative/path');
        const told = notification(page, 'The link could not be followed');
        await told.waitFor();
        assert.match(await told.innerText(), /absolute path/);
        await runCommand(page, 'Notifications: Clear All Notifications');
        await hub.close();
        await rm(cache, { recursive: true, force: true });
      },
    },
  ],
};

const notification = (page: Page, said: string) => page.locator('.notification-list-item', { hasText: said }).first();

async function openHub(page: Page, id: string): Promise<void> {
  await runCommand(page, 'Mechanist: Open Model…');
  await choices(page);
  await pick(page, id);
}

/** As the operating system hands a link to the workbench: by its own command, after its own question. */
async function followLink(page: Page, link: string): Promise<void> {
  await runCommand(page, 'Developer: Open URL');
  await enter(page, `code-oss://mechanist.mechanist${link}`);
  const allow = page.locator('.monaco-dialog-box', { hasText: 'open this URI' });
  await allow.locator('.monaco-button', { hasText: 'Open' }).click();
}
