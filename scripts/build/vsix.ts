/** Packs the extension for one platform. */
import { renameSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { PackageManager, createVSIX, listFiles } from '@vscode/vsce';
import { buildAll, repository } from './bundles.ts';
import { sizeLimits, unexpectedFiles } from './contents.ts';

/** Platforms with a binary of onnxruntime, as VS Code names them. */
export const targets = ['linux-x64', 'linux-arm64', 'win32-x64', 'win32-arm64', 'darwin-arm64'] as const;

/** The platform of this machine. */
export const ownTarget = `${process.platform}-${process.arch}`;

export const vsixOf = (target: string): string => join(repository, `mechanist-${target}.vsix`);

/** Builds and packs; returns the package's path. Throws when it would hold a file that nothing expects, and when it is too large. */
export async function packageFor(target: string): Promise<string> {
  await buildAll(target);
  const files = (await listFiles({ cwd: repository, packageManager: PackageManager.None })).map((file) => file.replaceAll('\\', '/'));
  const unexpected = unexpectedFiles(files);
  if (unexpected.length > 0) throw new Error(`not meant for the package: ${unexpected.join(', ')}`);
  const packagePath = vsixOf(target);
  const partial = `${packagePath}.${process.pid}.partial`;
  await createVSIX({ cwd: repository, target, packagePath: partial, dependencies: false, allowMissingRepository: true, rewriteRelativeLinks: false });
  // Whoever installs it meanwhile gets the earlier one or this one, whole.
  renameSync(partial, packagePath);
  const { size } = statSync(packagePath);
  const limit = sizeLimits[target];
  if (limit !== undefined && size > limit) throw new Error(`${packagePath} has ${(size / 1e6).toFixed(1)} MB; its limit is ${limit / 1e6} MB.`);
  return packagePath;
}
