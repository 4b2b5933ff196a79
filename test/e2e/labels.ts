/** Labels in the semantic view: from statistics for one feature and for all, by a server on this machine, by a language model of VS Code. */
import { strict as assert } from 'node:assert';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Frame, Page } from 'playwright-core';
import { answerAsked } from '../support/labelJudge.ts';
import { loopbackChat } from '../support/loopbackChat.ts';
import type { LoopbackChat } from '../support/loopbackChat.ts';
import { pick, runCommand } from './pages/palette.ts';
import { button, long, openFirstCard, openSemanticView, search, semanticFrame } from './pages/semantic.ts';
import { writeSettings } from './pages/themes.ts';
import { until } from './pages/until.ts';
import { assertAccessible } from './pages/webview.ts';
import { sampleFiles } from './support/sample.ts';
import type { Spec } from './support/spec.ts';

let server: LoopbackChat | undefined;

interface StoredLabel {
  readonly label: string;
  readonly author: string;
  readonly model?: string;
  readonly score?: { readonly detection: number; readonly wrongLabel: number };
}

function storedLabels(folder: string): StoredLabel[] {
  const at = join(folder, '.mechanist', 'labels');
  return !existsSync(at) ? [] : readdirSync(at).filter((name) => !name.includes('labelling')).flatMap((name) => Object.values((JSON.parse(readFileSync(join(at, name), 'utf8')) as { labels: Record<string, StoredLabel> }).labels));
}

async function offer(page: Page): Promise<Frame> {
  await runCommand(page, 'Mechanist: Suggest a Label');
  const frame = await semanticFrame(page);
  await button(frame.locator('.suggestion'), 'From statistics').waitFor(long);
  return frame;
}

export const labels: Spec = {
  name: 'labels',
  files: sampleFiles,
  open: 'sample.txt',
  settings: { 'mechanist.model.default': 'fable-4l' },
  steps: [
    {
      name: 'without a card, and without an endpoint, a person is told what to do',
      async run({ page }) {
        const frame = await openSemanticView(page);
        await runCommand(page, 'Mechanist: Suggest a Label');
        await frame.locator('[role=status]', { hasText: 'Choose a feature first' }).waitFor(long);
        await openFirstCard(page, frame);
        await offer(page);
        await button(frame.locator('.suggestion'), 'From the local endpoint').click();
        await frame.locator('.suggestion [role=alert]', { hasText: 'No endpoint is named in the settings' }).waitFor(long);
        await button(frame.locator('.suggestion'), 'Open the setting').click();
        await page.locator('.settings-editor .setting-item-contents', { hasText: 'OpenAI-compatible' }).first().waitFor(long);
        await page.keyboard.press('Escape');
        await page.locator('.settings-editor').waitFor({ state: 'hidden' });
      },
    },
    {
      name: 'an endpoint that is not this machine is refused',
      async run({ page, folder }) {
        await writeSettings(folder, { 'mechanist.labels.endpoint': 'https://example.org/v1' });
        const frame = await offer(page);
        await until('the refusal', async () => {
          await button(frame.locator('.suggestion'), 'From the local endpoint').click();
          const alert = frame.locator('.suggestion [role=alert]');
          await alert.waitFor(long);
          const text = await alert.innerText();
          if (!text.includes('is not this machine')) await button(frame.locator('.suggestion'), 'Another way').click();
          return text;
        }, (text) => text.includes('"example.org" is not this machine'));
      },
    },
    {
      name: 'a server on loopback suggests a label and judges it on held-out passages, beside another label; taken, it is kept with its score',
      async run({ page, folder }) {
        server = await loopbackChat(answerAsked);
        await writeSettings(folder, { 'mechanist.labels.endpoint': server.url });
        const frame = await semanticFrame(page);
        await until('the suggestion', async () => {
          await offer(page);
          await button(frame.locator('.suggestion'), 'From the local endpoint').click();
          await frame.locator('.suggestion .suggested, .suggestion [role=alert]').first().waitFor(long);
          return frame.locator('.suggestion').innerText();
        }, (text) => text.includes('by tiny-model'), 120_000);
        const said = await frame.locator('.suggestion').innerText();
        assert.match(said, /label found again in held-out examples: [\d.]+ \(wrong label [\d.]+, shuffled [\d.]+\)/);
        assert.match(said, /tokens found again: [\d.]+ \(wrong label [\d.]+\)/);
        assert.match(said, /<b>in<\/b> a text/);
        assert.equal(await frame.locator('.suggestion strong b').count(), 0);
        assert.equal(server.asked.length % 17, 0);
        await assertAccessible(frame, 'a suggestion', '--vscode-editor-background');
        await button(frame.locator('.suggestion'), 'Use it').click();
        await until('the label', () => frame.locator('h2.label').innerText(), (text) => text.includes('in a text') || text.includes('<b>in</b>'));
        await frame.locator('mechanist-label', { hasText: 'by tiny-model' }).first().waitFor(long);
        await until('why to believe it', () => frame.locator('.belief').innerText(), (text) => /label found again in held-out examples: [\d.]+/.test(text));
        const [kept] = storedLabels(folder);
        assert.equal(kept?.author, 'model');
        assert.equal(kept?.model, 'tiny-model');
        assert.equal(typeof kept?.score?.wrongLabel, 'number');
      },
    },
    {
      name: 'a label by hand is judged by the same server, and keeps its author',
      async run({ page, folder }) {
        const frame = await semanticFrame(page);
        await frame.locator('mechanist-table .grid').focus();
        await page.keyboard.press('e');
        await frame.locator('.label-form input').fill('“Mary” and her friends');
        await page.keyboard.press('Enter');
        await until('the label', () => frame.locator('h2.label').innerText(), (text) => text.includes('and her friends'));
        await frame.getByRole('button', { name: 'Test the label on held-out examples' }).click();
        await button(frame.locator('.suggestion'), 'From the local endpoint').click();
        await frame.locator('.suggestion', { hasText: 'judged by tiny-model' }).waitFor(long);
        await button(frame.locator('.suggestion'), 'Keep the score').click();
        await until('the score', () => storedLabels(folder).find(({ label }) => label.includes('and her friends')), (label) => label?.author === 'hand' && label.score !== undefined);
      },
    },
    {
      name: 'a label from statistics is suggested, taken, and keeps its score',
      async run({ page, folder }) {
        const frame = await offer(page);
        await button(frame.locator('.suggestion'), 'From statistics').click();
        await frame.locator('.suggestion .suggested', { hasText: 'from statistics' }).waitFor(long);
        await button(frame.locator('.suggestion'), 'Use it').click();
        await until('the label', () => storedLabels(folder)[0]?.author, (author) => author === 'statistics');
        await until('who made it', () => frame.locator('mechanist-label').innerText(), (text) => text.includes('from statistics'));
      },
    },
    {
      name: 'without a language model in VS Code a person is told',
      async run({ page }) {
        const frame = await offer(page);
        await button(frame.locator('.suggestion'), 'With a language model').click();
        await frame.locator('.suggestion [role=alert]', { hasText: 'VS Code offers no language model' }).waitFor(long);
        await frame.locator('.suggestion').getByRole('button', { name: 'Close' }).click();
      },
    },
    {
      name: 'all features are labelled from statistics: stopped, gone on with, compared with ground truth',
      async run({ page, folder, report }) {
        const frame = await semanticFrame(page);
        await runCommand(page, 'Mechanist: Label All Features from Statistics');
        const line = frame.locator('.progress-line');
        await line.waitFor(long);
        await until('the course', () => line.innerText(), (text) => /Labelling features: [1-9]/.test(text), 60_000);
        await button(line, 'Cancel').click();
        await frame.locator('.progress-line', { hasText: 'Labels that were made are kept' }).waitFor(long);
        await button(frame.locator('.progress-line'), 'Continue').click();
        await frame.locator('.outcome').waitFor({ timeout: 180_000 });
        const outcome = await frame.locator('.outcome').innerText();
        report(outcome.trim());
        assert.match(outcome, /[\d,]+ labels beat wrong labels by \.2 and were saved/);
        assert.match(outcome, /Of [\d,]+ features that ground truth identifies, \d+ % have such a label/);
        const kept = storedLabels(folder);
        assert.ok(kept.length > 100);
        // One was taken by hand above, whatever its score.
        assert.ok(kept.filter(({ author, score }) => author === 'statistics' && score!.detection - score!.wrongLabel < 0.2).length <= 1);
        await frame.locator('.outcome').getByRole('button', { name: 'Close' }).click();
        await search(frame, 'passage', /[1-9][\d,]* of/);
        await server?.close();
      },
    },
  ],
};

/** Labels by a language model of VS Code, which another extension provides. */
export const assistants: Spec = {
  name: 'assistants',
  files: sampleFiles,
  open: 'sample.txt',
  inHost: 'languageModel',
  settings: { 'mechanist.model.default': 'fable-4l', 'chat.disableAIFeatures': false },
  steps: [
    {
      name: 'a person chooses the language model that passages are sent to; it suggests a label and judges it',
      async run({ page, folder }) {
        await openFirstCard(page, await openSemanticView(page));
        const frame = await offer(page);
        await button(frame.locator('.suggestion'), 'With a language model').click();
        await page.locator('.quick-input-widget', { hasText: 'A label from a language model' }).waitFor(long);
        assert.match(await page.locator('.quick-input-widget input').first().getAttribute('placeholder') ?? '', /Passages of the corpus are sent/);
        await pick(page, 'Answering Model');
        await frame.locator('.suggestion', { hasText: 'by Answering Model' }).waitFor({ timeout: 120_000 });
        assert.match(await frame.locator('.suggestion').innerText(), /label found again in held-out examples: [\d.]+ \(wrong label [\d.]+, shuffled [\d.]+\)/);
        await button(frame.locator('.suggestion'), 'Use it').click();
        await until('the label', () => storedLabels(folder)[0], (label) => label?.model === 'Answering Model' && label.author === 'model' && label.score !== undefined);
      },
    },
    {
      name: 'a model that refuses is told of, and one that is silent can be cancelled',
      async run({ page }) {
        const frame = await offer(page);
        await button(frame.locator('.suggestion'), 'With a language model').click();
        await pick(page, 'Exhausted Model');
        await frame.locator('.suggestion [role=alert]', { hasText: 'the quota is used up' }).waitFor(long);
        await button(frame.locator('.suggestion'), 'Another way').click();
        await button(frame.locator('.suggestion'), 'With a language model').click();
        await pick(page, 'Silent Model');
        await frame.locator('.suggestion .progress-line', { hasText: 'looks for what the examples have in common' }).waitFor(long);
        await button(frame.locator('.suggestion'), 'Cancel').click();
        await button(frame.locator('.suggestion'), 'From statistics').waitFor(long);
        await button(frame.locator('.suggestion'), 'With a language model').click();
        await page.locator('.quick-input-widget', { hasText: 'A label from a language model' }).waitFor(long);
        await page.keyboard.press('Escape');
        await button(frame.locator('.suggestion'), 'From statistics').waitFor(long);
      },
    },
  ],
};
