/**
 * `npm run test:e2e [-- SPEC … --build --screenshots --vsix FILE]`: the packaged extension in a real workbench. With
 * names only those specs run. `--build` packs it anew, `--screenshots` renews the pictures in `docs/images` instead.
 * `CODE_SERVER` (its `out/node/entry.js`) and `CHROMIUM` name other installations than those the bootstrap finds or makes.
 */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { ensureBrowser } from '../../scripts/bootstrap/browser.mjs';
import { ensureWorkbench } from '../../scripts/bootstrap/workbench.mjs';
import { ownTarget, packageFor, vsixOf } from '../../scripts/build/vsix.ts';
import { algorithmicScreenshots, screenshots, semanticScreenshots } from './screenshots.ts';
import { byName, specs } from './specs.ts';
import { runSpecs } from './support/run.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { vsix: { type: 'string', default: vsixOf(ownTarget) }, build: { type: 'boolean', default: false }, screenshots: { type: 'boolean', default: false } },
});
const all = [...specs, ...byName];
const unknown = positionals.filter((name) => !all.some((spec) => spec.name === name));
if (unknown.length > 0) {
  process.stderr.write(`error: there is no spec ${unknown.join(', ')}; there are ${all.map(({ name }) => name).join(', ')}\n`);
  process.exit(2);
}
const vsix = resolve(values.vsix);
if (values.build || !existsSync(vsix)) await packageFor(ownTarget);

const chosen = positionals.length === 0 ? specs : all.filter(({ name }) => positionals.includes(name));
const { passed, failed } = await runSpecs(values.screenshots ? [screenshots, algorithmicScreenshots, semanticScreenshots] : chosen, { codeServer: await ensureWorkbench(), browser: ensureBrowser(), vsix });
process.stdout.write(`\n${passed} passed, ${failed} failed\n`);
process.exitCode = failed === 0 ? 0 : 1;
