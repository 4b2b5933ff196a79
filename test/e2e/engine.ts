/** The engine process: what happens when it ends, in every state; cancelling. A stopped process (SIGSTOP) holds a state still. */
import { strict as assert } from 'node:assert';
import type { Page } from 'playwright-core';
import { clickOn, hoverOver } from './pages/editor.ts';
import { choices, pick, runCommand } from './pages/palette.ts';
import { extensionLog } from './support/log.ts';
import { statusText } from './pages/statusBar.ts';
import { until } from './pages/until.ts';
import { inspection, sampleText } from './support/sample.ts';
import type { Spec } from './support/spec.ts';
import type { Workbench } from './support/workbench.ts';

const long = Array.from({ length: 900 }, (_, index) => `${index} ${sampleText}`).join('\n');

export const engine: Spec = {
  name: 'engine',
  files: { 'sample.txt': sampleText, 'long.txt': long },
  open: 'sample.txt',
  steps: [
    {
      name: 'idle: an engine that is killed is told of, and the next hover goes on with a new one',
      async run(workbench) {
        const { page } = workbench;
        await hoverOver(page, 'When', inspection, 'first', 120_000);
        await kill(workbench);
        await hoverOver(page, 'John', inspection, 'first', 60_000);
      },
    },
    {
      name: 'a second end within a minute is not hidden by another start: the user restarts it',
      async run(workbench) {
        const { page, engines } = workbench;
        await kill(workbench);
        await until('status bar', () => failed(workbench), (shown) => shown);
        assert.deepEqual(engines(), []);
        await restart(workbench);
        await hoverOver(page, 'John', inspection, 'first', 60_000);
      },
    },
    {
      name: 'loading: what was being opened is named, and refused until the user insists',
      async run(workbench) {
        const { page, engines } = workbench;
        await runCommand(page, 'Mechanist: Open Model…');
        await choices(page);
        process.kill(engines()[0]!, 'SIGSTOP');
        await pick(page, 'fable-4l-b');
        await working(page);
        assert.match(await kill(workbench), /fable-4l-b/);
        await restart(workbench);
        await hoverOver(page, 'John', inspection, 'first', 60_000);
        await runCommand(page, 'Mechanist: Open Model…');
        await choices(page);
        await pick(page, 'fable-4l-b');
        await page.locator('.notification-list-item', { hasText: 'was being opened' }).getByRole('button', { name: 'Open anyway' }).click();
        await until('status bar', () => statusText(page), (text) => text.includes('fable-4l-b'), 60_000);
        await page.keyboard.press('Escape');
      },
    },
    {
      name: 'running: a text that was being painted is painted by the next engine',
      async run(workbench) {
        const { page, engines } = workbench;
        await clickOn(page, 'When');
        process.kill(engines()[0]!, 'SIGSTOP');
        await runCommand(page, 'Mechanist: Paint Text by Surprise');
        await working(page);
        await kill(workbench);
        await restart(workbench);
        await runCommand(page, 'Mechanist: Paint Text by Surprise');
        await until('legend', () => statusText(page), (text) => /surprise 0.*bits/.test(text), 60_000);
        await runCommand(page, 'Mechanist: Clear Paint');
      },
    },
    {
      name: 'a long job is cancelled while it runs',
      async run({ page, report, installation }) {
        await page.goto(page.url().replace('sample.txt', 'long.txt'));
        await page.locator('.editor-instance .view-line').first().waitFor({ timeout: 60_000 });
        await hoverOver(page, 'Mary', inspection, 'first', 120_000);
        await clickOn(page, 'Mary');
        await runCommand(page, 'Mechanist: Paint Text by Surprise');
        await until('legend', () => statusText(page), (text) => /surprise 0/.test(text), 60_000);
        await page.keyboard.press('F1');
        await page.locator('.quick-input-widget input').first().fill('>Mechanist: Clear Paint');
        await page.locator('.quick-input-list .monaco-list-row', { hasText: 'Clear Paint' }).first().waitFor();
        assert.ok(await page.locator('.statusbar-item[id*="mechanist"] .codicon-sync').count() > 0, 'the job still runs');
        await page.keyboard.press('Enter');
        await page.locator('.statusbar-item[id*="mechanist"] .codicon-circuit-board').waitFor();
        const answered = await until('log', () => latencies(installation), (found) => found.length > 0);
        report(`from a cancellation to the engine's next answer: ${answered.at(-1)!} ms`);
        assert.doesNotMatch(await statusText(page), /surprise/);
        await hoverOver(page, 'John', inspection, 'first', 30_000);
      },
    },
    {
      name: 'cancelling: an engine killed meanwhile is told of, and work goes on',
      async run(workbench) {
        const { page, engines } = workbench;
        await clickOn(page, 'Mary');
        await runCommand(page, 'Mechanist: Paint Text by Surprise');
        await until('legend', () => statusText(page), (text) => /surprise 0/.test(text), 60_000);
        process.kill(engines()[0]!, 'SIGSTOP');
        await runCommand(page, 'Mechanist: Clear Paint');
        await kill(workbench);
        await restart(workbench);
        await hoverOver(page, 'John', inspection, 'first', 60_000);
      },
    },
  ],
};

/** Ends the engine and returns what the notification about it says. */
async function kill({ page, engines }: Workbench): Promise<string> {
  await runCommand(page, 'Notifications: Clear All Notifications');
  const [pid] = engines();
  process.kill(pid!, 'SIGKILL');
  const told = page.locator('.notification-list-item', { hasText: 'engine ended unexpectedly' }).first();
  await told.waitFor();
  await until('the engine', () => engines(), (running) => !running.includes(pid!));
  return told.innerText();
}

async function restart({ page, engines }: Workbench): Promise<void> {
  await runCommand(page, 'Mechanist: Restart Engine');
  await until('engine', () => engines().length, (count) => count === 1);
  await runCommand(page, 'Notifications: Clear All Notifications');
}

/** Milliseconds that the extension's log tells of, in order. */
async function latencies(installation: string): Promise<number[]> {
  const text = await extensionLog(installation);
  return Array.from(text.matchAll(/answered (\d+) ms after a cancellation/g), ([, milliseconds]) => Number(milliseconds));
}

/** A request is on its way to the engine. */
async function working(page: Page): Promise<void> {
  await page.locator('.statusbar-item[id*="mechanist"] .codicon-sync').waitFor();
}

async function failed({ page }: Workbench): Promise<boolean> {
  return (await page.locator('.statusbar-item[id*="mechanist"] .codicon-error').count()) > 0;
}
