/** What a person does in the editor, and what can be seen there. */
import type { Page } from 'playwright-core';
import { until } from './until.ts';

interface Place {
  readonly x: number;
  readonly y: number;
}

/** Rests the pointer on a text until a hover says something that `expected` matches. Returns what it says. */
export async function hoverOver(page: Page, text: string, expected: RegExp, which: 'first' | 'last' = 'first', timeout = 25_000): Promise<string> {
  let seen = '';
  for (const end = Date.now() + timeout; Date.now() < end; ) {
    await leave(page);
    const { x, y } = await placeOf(page, text, which);
    await page.mouse.move(x, y);
    await page.mouse.move(x + 1, y, { steps: 2 });
    for (let wait = 0; wait < 30; wait++) {
      await page.waitForTimeout(100);
      seen = (await page.locator('.monaco-hover:visible').allInnerTexts()).join('\n').replace(/\u00a0/g, ' ');
      if (expected.test(seen)) return seen;
    }
  }
  throw new Error(`No hover over “${text}” matched ${expected}; the last one was: ${seen || '(none)'}`);
}

export async function clickOn(page: Page, text: string): Promise<void> {
  await leave(page);
  const { x, y } = await placeOf(page, text);
  await page.mouse.click(x, y);
}

/** Where a piece of text is drawn in the editor, the first time it occurs or the last, once it stays there. */
async function placeOf(page: Page, text: string, which: 'first' | 'last' = 'first'): Promise<Place> {
  let before: Place | undefined;
  const found = await until(`the place of “${text}” in the editor`, async () => {
    const now = await seek(page, text, which);
    const still = now !== undefined && now.x === before?.x && now.y === before.y ? now : undefined;
    before = now;
    return still;
  }, (place) => place !== undefined, 10_000);
  return found!;
}

function seek(page: Page, text: string, which: 'first' | 'last'): Promise<Place | undefined> {
  return page.evaluate<Place | undefined>(`((wanted, last) => {
    const places = [];
    for (const line of document.querySelectorAll('.editor-instance .view-line')) {
      const walker = document.createTreeWalker(line, NodeFilter.SHOW_TEXT);
      for (let node = walker.nextNode(); node; node = walker.nextNode()) {
        const content = node.data.replace(/\\u00a0/g, ' ');
        for (let at = content.indexOf(wanted); at >= 0; at = content.indexOf(wanted, at + 1)) {
          const range = document.createRange();
          range.setStart(node, at);
          range.setEnd(node, at + wanted.length);
          const box = range.getBoundingClientRect();
          places.push({ x: box.x + box.width / 2, y: box.y + box.height / 2 });
        }
      }
    }
    places.sort((a, b) => a.y - b.y || a.x - b.x);
    return last ? places.at(-1) : places[0];
  })(${JSON.stringify(text)}, ${which === 'last'})`);
}

/** To the title bar, where nothing is told of. A hover of before would be taken for the next one. */
async function leave(page: Page): Promise<void> {
  await page.mouse.move(150, 12);
  await until('hovers that are shown', () => page.locator('.monaco-hover:visible').count(), (shown) => shown === 0, 10_000);
}
