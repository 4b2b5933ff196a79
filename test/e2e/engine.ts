/** The engine process: what happens when it ends. */
import { strict as assert } from 'node:assert';
import { hoverOver } from './pages/editor.ts';
import { inspection, sampleFiles } from './support/sample.ts';
import type { Spec } from './support/spec.ts';

export const engine: Spec = {
  name: 'engine',
  files: sampleFiles,
  open: 'sample.txt',
  steps: [
    {
      name: 'an engine that is killed is told of, and the next hover goes on with a new one',
      async run({ page, engines }) {
        await hoverOver(page, 'When', inspection, 'first', 120_000);
        const [first] = engines();
        process.kill(first!, 'SIGKILL');
        await page.locator('.notification-list-item', { hasText: 'engine ended unexpectedly' }).first().waitFor();
        await page.keyboard.press('Escape');
        await hoverOver(page, 'John', inspection);
        assert.notEqual(engines()[0], first);
      },
    },
  ],
};
