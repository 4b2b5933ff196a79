/** Webviews: our pages lie two frames deep. */
import { strict as assert } from 'node:assert';
import axe from 'axe-core';
import type { Frame, Page } from 'playwright-core';

/** The frame of one of our views: it is known by `<body data-view>`, and has drawn when `data-ready` is set. */
export async function webviewFrame(page: Page, view: string, timeout = 30_000): Promise<Frame> {
  for (const end = Date.now() + timeout; Date.now() < end; await page.waitForTimeout(100)) {
    for (const frame of page.frames()) {
      const found: unknown = await frame.evaluate('document.body?.dataset.ready === "1" ? document.body.dataset.view : undefined').catch(() => undefined);
      if (found === view) return frame;
    }
  }
  throw new Error(`There is no view "${view}" among: ${page.frames().map((frame) => frame.url()).join(' | ')}`);
}

/**
 * Fails with what axe finds in a frame. A page lets the workbench's colour behind it shine through, which axe does not
 * see: `backdrop` is its variable. `where` is said with a failure.
 */
export async function assertAccessible(frame: Frame, where: string, backdrop: '--vscode-sideBar-background' | '--vscode-editor-background'): Promise<void> {
  await frame.evaluate(`document.documentElement.style.background = getComputedStyle(document.documentElement).getPropertyValue(${JSON.stringify(backdrop)})`);
  await frame.evaluate(axe.source);
  const found = await frame.evaluate<string[]>(`axe.run().then(({ violations }) => violations.flatMap(({ id, nodes }) =>
    nodes.map(({ html, failureSummary }) => id + ": " + failureSummary.replace(/\\s+/g, " ") + " " + html.slice(0, 200))))`);
  assert.deepEqual(found.slice(0, 5), [], where);
}
