/** Notes in the editor and on disk. */
import { strict as assert } from 'node:assert';
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Frame, Page } from 'playwright-core';
import { until } from './until.ts';

/** The built-in Markdown preview, undefined while there is none. */
export async function previewFrame(page: Page): Promise<Frame | undefined> {
  for (const frame of page.frames()) {
    if (await frame.evaluate<boolean>('document.querySelector(".markdown-body") !== null').catch(() => false)) return frame;
  }
  return undefined;
}

/** Its text, empty while there is none. */
export async function previewText(page: Page): Promise<string> {
  return (await (await previewFrame(page))?.evaluate<string>('document.body.innerText').catch(() => '')) ?? '';
}

/** Names of the notes in the folder of findings. */
export async function noteNames(folder: string): Promise<string[]> {
  const names = await readdir(join(folder, 'findings')).catch(() => []);
  return names.filter((name) => name.endsWith('.md')).toSorted();
}

/** Accepts "New finding" in the open quick pick, and waits for the note that was not there. */
export async function acceptNewFinding(page: Page, folder: string): Promise<{ readonly name: string; readonly text: string }> {
  const before = new Set(await noteNames(folder));
  await page.locator('.quick-input-widget', { hasText: 'Pin to a Finding' }).waitFor({ timeout: 90_000 });
  await page.keyboard.press('Enter');
  const [name] = await until('new note', async () => (await noteNames(folder)).filter((one) => !before.has(one)), (names) => names.length === 1, 60_000);
  return { name: name!, text: await readFile(join(folder, 'findings', name!), 'utf8') };
}

/** The note names a drawing and its numbers, which lie beside it; returns both. */
export async function figureOf(folder: string, { name, text }: { readonly name: string; readonly text: string }): Promise<{ readonly svg: string; readonly csv: string }> {
  const stem = name.replace(/\.md$/, '');
  const [, picture] = /^!\[[^\]]*\]\(([^)]+\.svg)\) · \[CSV\]\(([^)]+\.csv)\)/m.exec(text) ?? [];
  assert.equal(picture, `${stem}/figure-1.svg`, text);
  const [svg, csv] = await Promise.all(['svg', 'csv'].map((extension) => readFile(join(folder, 'findings', stem, `figure-1.${extension}`), 'utf8')));
  assert.match(svg!, /^<svg /);
  assert.doesNotMatch(svg!, /<script|foreignObject|href/i);
  assert.ok(csv!.split('\r\n').length > 2, csv);
  return { svg: svg!, csv: csv! };
}
