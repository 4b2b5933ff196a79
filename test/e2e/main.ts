/**
 * `npm run test:e2e [-- --vsix FILE --screenshots]`: the packaged extension in a real workbench. Needs `CODE_SERVER` and a
 * Chromium; see `launch.ts`. Not part of `npm test`. `--screenshots` also renews the pictures in `docs/images`.
 */
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { sampleText, steps } from './extension.ts';
import { launch } from './launch.ts';
import { takeScreenshots } from './screenshots.ts';

const repository = fileURLToPath(new URL('../..', import.meta.url));
const { values } = parseArgs({
  options: { vsix: { type: 'string', default: join(repository, `mechanist-${process.platform}-${process.arch}.vsix`) }, screenshots: { type: 'boolean', default: false } },
});
const vsix = resolve(values.vsix);
if (!existsSync(vsix)) {
  process.stderr.write(`error: there is no ${vsix}; npm run package makes it\n`);
  process.exit(2);
}

const folder = await mkdtemp(join(tmpdir(), 'mechanist-workspace-'));
const file = join(folder, 'sample.txt');
await mkdir(join(folder, '.vscode'));
await writeFile(file, sampleText);
const workbench = await launch({ folder, file, vsix });
let [passed, failed] = [0, 0];
try {
  for (const { name, run } of steps) {
    const started = performance.now();
    try {
      await run(workbench);
      passed++;
      process.stdout.write(`✓ ${name} (${((performance.now() - started) / 1000).toFixed(1)} s)\n`);
    } catch (error) {
      failed++;
      process.stdout.write(`✗ ${name}\n  ${String(error)}\n`);
      await workbench.page.screenshot({ path: join(tmpdir(), `mechanist-e2e-failure-${failed}.png`) });
    }
  }
  if (values.screenshots) await takeScreenshots(workbench.page, folder, join(repository, 'docs', 'images'));
} finally {
  await workbench.dispose();
  await rm(folder, { recursive: true, force: true });
}
process.stdout.write(`\n${passed} passed, ${failed} failed\n`);
process.exitCode = failed === 0 ? 0 : 1;
