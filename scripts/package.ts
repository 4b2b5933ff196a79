/**
 * `npm run package [-- --target linux-x64 --target win32-x64 … | --all]`: one VSIX for each platform, for this machine's
 * by default. Prints path and size.
 */
import { statSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { ownTarget, packageFor, targets } from './build/vsix.ts';

const { values } = parseArgs({ options: { target: { type: 'string', multiple: true }, all: { type: 'boolean', default: false } } });
for (const target of values.all ? targets : (values.target ?? [ownTarget])) {
  const path = await packageFor(target);
  process.stdout.write(`${path} ${(statSync(path).size / 1e6).toFixed(1)} MB\n`);
}
