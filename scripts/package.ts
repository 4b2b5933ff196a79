/**
 * `npm run package [-- --target linux-x64 --target win32-x64 … | --all]`: one VSIX for each platform, for this machine's
 * by default. Refuses to pack a file that `build/contents.ts` does not expect. Prints path and size.
 */
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { PackageManager, createVSIX, listFiles } from '@vscode/vsce';
import { buildAll, repository } from './build/bundles.ts';
import { unexpectedFiles } from './build/contents.ts';

/** Platforms with a binary of onnxruntime. */
const allTargets = ['linux-x64', 'linux-arm64', 'win32-x64', 'win32-arm64', 'darwin-arm64'];

const { values } = parseArgs({ options: { target: { type: 'string', multiple: true }, all: { type: 'boolean', default: false } } });
const targets = values.all ? allTargets : (values.target ?? [`${process.platform}-${process.arch}`]);

for (const target of targets) {
  await buildAll(target);
  const unexpected = unexpectedFiles((await listFiles({ cwd: repository, packageManager: PackageManager.None })).map((file) => file.replaceAll('\\', '/')));
  if (unexpected.length > 0) throw new Error(`not meant for the package: ${unexpected.join(', ')}`);
  const packagePath = join(repository, `mechanist-${target}.vsix`);
  await createVSIX({ cwd: repository, target, packagePath, dependencies: false, allowMissingRepository: true, rewriteRelativeLinks: false });
  process.stdout.write(`${packagePath} ${(statSync(packagePath).size / 1e6).toFixed(1)} MB\n`);
}
