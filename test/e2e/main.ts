/**
 * `npm run test:e2e [-- SPEC … --vsix FILE --screenshots]`: the packaged extension in a real workbench. With names only
 * those specs run. `--screenshots` renews the pictures in `docs/images` instead. Needs code-server (`CODE_SERVER`: its
 * `out/node/entry.js`) and a Chromium (`CHROMIUM`).
 */
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { screenshots } from './screenshots.ts';
import { specs } from './specs.ts';
import { runSpecs } from './support/run.ts';

const repository = fileURLToPath(new URL('../..', import.meta.url));
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { vsix: { type: 'string', default: join(repository, `mechanist-${process.platform}-${process.arch}.vsix`) }, screenshots: { type: 'boolean', default: false } },
});
const vsix = resolve(values.vsix);
const codeServer = process.env.CODE_SERVER;
const unknown = positionals.filter((name) => !specs.some((spec) => spec.name === name));
const problem = unknown.length > 0 ? `there is no spec ${unknown.join(', ')}; there are ${specs.map(({ name }) => name).join(', ')}`
  : !existsSync(vsix) ? `there is no ${vsix}; npm run package makes it`
    : codeServer === undefined ? 'CODE_SERVER is not set: the path of code-server’s out/node/entry.js' : undefined;
if (problem !== undefined) {
  process.stderr.write(`error: ${problem}\n`);
  process.exit(2);
}

const chosen = positionals.length === 0 ? specs : specs.filter(({ name }) => positionals.includes(name));
const { passed, failed } = await runSpecs(values.screenshots ? [screenshots] : chosen, { codeServer: codeServer!, browser: process.env.CHROMIUM ?? '/usr/bin/chromium', vsix });
process.stdout.write(`\n${passed} passed, ${failed} failed\n`);
process.exitCode = failed === 0 ? 0 : 1;
