/** A hundred times open and close: what is held by the extension, and the memory of the engine, do not grow. */
import { strict as assert } from 'node:assert';
import { readFile } from 'node:fs/promises';
import type { CyclesResult, Measured } from './inHost/cycles.ts';
import { resultFile } from './support/inHost.ts';
import { sampleText } from './support/sample.ts';
import type { Spec } from './support/spec.ts';

const texts = Object.fromEntries(Array.from({ length: 10 }, (_, index) => [`texts/${index}.txt`, `${sampleText}\n`.repeat(index + 1)]));

export const cycles: Spec = {
  name: 'cycles',
  files: { 'sample.txt': sampleText, ...texts },
  open: 'sample.txt',
  inHost: 'cycles',
  steps: [
    {
      name: 'documents and panels are opened and closed a hundred times',
      async run({ inHost }) {
        const { code, lines } = await inHost!;
        assert.equal(code, 0, lines.join('\n'));
      },
    },
    {
      name: 'nothing more is held, and the engine has not grown by 5 %',
      async run({ installation, report }) {
        const result = JSON.parse(await readFile(resultFile(installation), 'utf8')) as CyclesResult;
        for (const [what, { before, after }] of Object.entries(result) as [string, { before: Measured; after: Measured }][]) {
          const growth = after.engine / before.engine - 1;
          report(`${what}: held ${before.held} → ${after.held}, listeners ${before.listening} → ${after.listening}, engine ${(before.engine / 2 ** 20).toFixed(0)} → ${(after.engine / 2 ** 20).toFixed(0)} MiB (${(growth * 100).toFixed(1)} %)`);
          assert.deepEqual([after.held, after.listening], [before.held, before.listening], what);
          assert.ok(growth <= 0.05, `${what}: the engine has grown`);
        }
      },
    },
  ],
};
