/** What the packaged extension does in a real workbench, as steps that build on one another. */
import { strict as assert } from 'node:assert';
import { execFileSync } from 'node:child_process';
import axe from 'axe-core';
import type { Frame, Page } from 'playwright-core';
import { clickOn, hoverOver, openMechanistSidebar, statusText, until } from './editor.ts';
import { runCommand, webviewFrame } from './launch.ts';
import type { Workbench } from './launch.ts';

export interface Step {
  readonly name: string;
  run(workbench: Workbench): Promise<void>;
}

export const sampleText = [
  'When Mary and John went to the market, John gave a book to Mary.',
  'The red fox sees a small dog in the garden. Unbelievableness 🚀 naïve end',
].join('\r\n');

const inspection = /token \d+ of \d+ · fable-4l[\s\S]*next: /;

export const steps: readonly Step[] = [
  {
    name: 'the extension is there and has started no engine',
    async run({ page }) {
      await page.locator('.statusbar-item', { hasText: 'Mechanist' }).first().waitFor({ timeout: 120_000 });
      assert.deepEqual(engines(), []);
    },
  },
  {
    name: 'a hover over the first word starts the engine, opens the bundled model and fills in',
    async run({ page }) {
      const hover = await hoverOver(page, 'When', inspection);
      assert.match(hover, /token 1 of/);
      assert.match(hover, /the model expected nothing yet|surprise of this token/);
      assert.ok(hover.split('\n').filter((line) => line.trim() !== '').length <= 12, hover);
      assert.equal(engines().length, 1);
    },
  },
  {
    name: 'hovers answer on words inside, of several tokens, with accents, on an emoji, and at the end',
    async run({ page }) {
      assert.match(await hoverOver(page, 'John', inspection), /surprise of this token [\d.]+ bits/);
      assert.match(await hoverOver(page, 'Unbelievableness', inspection), /word of \d+ tokens/);
      for (const word of ['naïve', '🚀']) await hoverOver(page, word, inspection);
      await hoverOver(page, 'end', inspection, 'last');
    },
  },
  {
    name: 'hovers are turned off and on again',
    async run({ page }) {
      await runCommand(page, 'Mechanist: Turn Hovers On or Off');
      await until(page, 'status bar', () => statusText(page), (text) => text.includes('hovers off'));
      await assert.rejects(hoverOver(page, 'John', inspection, 'first', 3_000));
      await runCommand(page, 'Mechanist: Turn Hovers On or Off');
      await until(page, 'status bar', () => statusText(page), (text) => !text.includes('hovers off'));
      await hoverOver(page, 'John', inspection);
    },
  },
  {
    name: 'the inspector shows the token at the cursor, its features, and the lens',
    async run({ page }) {
      await clickOn(page, 'gave');
      await openMechanistSidebar(page);
      const frame = await webviewFrame(page, 'inspector');
      await until(page, 'selected token', () => selected(frame), (text) => /gave/.test(text));
      await frame.locator('.lens tbody tr').first().waitFor();
      assert.ok((await frame.locator('.lens tbody tr').count()) >= 4);
    },
  },
  {
    name: 'the inspector follows the cursor and is walked with the keyboard',
    async run({ page }) {
      await clickOn(page, 'market');
      const frame = await webviewFrame(page, 'inspector');
      await until(page, 'selected token', () => selected(frame), (text) => !/gave/.test(text));
      const before = await selected(frame);
      await frame.locator('[role=option][aria-selected=true]').focus();
      await page.keyboard.press('ArrowRight');
      await until(page, 'selected token after the key', () => selected(frame), (text) => text !== before);
      await frame.locator('.lens tbody tr').first().waitFor();
    },
  },
  {
    name: 'the log tells of a quick activation and of no policy that the inspector violates',
    async run({ page }) {
      await runCommand(page, 'Mechanist: Show Log');
      const log = await until(page, 'log', () => page.locator('.part.panel .view-lines').innerText(), (text) => /activated in/.test(text.replace(/\u00a0/g, ' ')));
      const [, milliseconds] = /activated\s+in\s+([\d.]+)/.exec(log.replace(/\u00a0/g, ' '))!;
      process.stdout.write(`  activation: ${milliseconds} ms\n`);
      assert.doesNotMatch(log, /policy|violation/);
      await runCommand(page, 'View: Hide Panel');
    },
  },
  {
    name: 'the inspector has no violation that axe finds',
    async run({ page }) {
      const frame = await webviewFrame(page, 'inspector');
      await frame.evaluate(axe.source);
      const found = await frame.evaluate<string[]>('axe.run().then(({ violations }) => violations.map(({ id, nodes }) => id + ": " + nodes.map((node) => node.html).join(" ")))');
      assert.deepEqual(found, []);
    },
  },
  {
    name: 'models and methods are listed',
    async run({ page }) {
      await page.locator('.sidebar').getByRole('treeitem', { name: /fable-4l/ }).first().waitFor();
      await page.locator('.sidebar .pane-header', { hasText: 'Methods' }).click();
      await page.locator('.sidebar').getByRole('treeitem', { name: /Behavioral/ }).first().waitFor();
    },
  },
  {
    name: 'a text is painted by surprise, hits are stepped through, and paint is cleared by an edit',
    async run({ page }) {
      await clickOn(page, 'When');
      await runCommand(page, 'Mechanist: Paint Text by Surprise');
      await until(page, 'legend', () => statusText(page), (text) => /surprise 0.*bits/.test(text));
      const before = await cursor(page);
      await runCommand(page, 'Mechanist: Go to Next Hit');
      await until(page, 'cursor', () => cursor(page), (text) => text !== before && /selected/.test(text));
      await page.keyboard.press('End');
      await page.keyboard.type('!');
      await until(page, 'legend', () => statusText(page), (text) => !/surprise/.test(text));
    },
  },
  {
    name: 'an engine that is killed is told of, and the next hover goes on with a new one',
    async run({ page }) {
      const [first] = engines();
      process.kill(first!, 'SIGKILL');
      await page.locator('.notification-list-item', { hasText: 'engine ended unexpectedly' }).first().waitFor();
      await page.keyboard.press('Escape');
      await hoverOver(page, 'John', inspection);
      assert.notEqual(engines()[0], first);
    },
  },
  {
    name: 'nothing left the machine but what the workbench itself asks for',
    async run({ foreignHosts }) {
      const own = [...foreignHosts].filter((host) => host !== 'open-vsx.org' && !host.endsWith('.vscode-resource.vscode-cdn.net'));
      assert.deepEqual(own, []);
    },
  },
];

async function selected(frame: Frame): Promise<string> {
  return (await frame.locator('[role=option][aria-selected=true]').first().innerText({ timeout: 20_000 })).trim();
}

/** "Ln 1, Col 5 (4 selected)". */
async function cursor(page: Page): Promise<string> {
  return page.locator('.statusbar-item[id="status.editor.selection"]').innerText();
}

/** Process ids of engines that run from the profiles of these tests. */
function engines(): number[] {
  const listing = execFileSync('ps', ['-eo', 'pid,args'], { encoding: 'utf8' });
  return listing.split('\n').filter((line) => /mechanist-e2e-.*dist\/engine\.mjs/.test(line)).map((line) => Number.parseInt(line, 10));
}
