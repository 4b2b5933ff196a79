/** The project's npm packages: installed when they are missing or when the lock file has changed since. */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { exclusively } from './exclusive.mjs';
import { npm } from './npm.mjs';
import { root, toolchainFolder } from './paths.mjs';

const stampFile = join(root, 'node_modules', '.mechanist-installed');

/** Installs with `npm ci` unless the stamp of the last complete install matches the lock file and this platform. */
export async function ensureDependencies() {
  if (isCurrent()) return;
  await exclusively(
    join(toolchainFolder, 'install.lock'),
    () => {
      if (isCurrent()) return;
      process.stderr.write('Installing the packages of package-lock.json (once)…\n');
      npm(['ci', '--no-audit', '--no-fund', '--loglevel=error'], { cwd: root, what: 'Installing the packages' });
      writeFileSync(stampFile, expectedStamp());
    },
    { onWait: (owner) => process.stderr.write(`Waiting for process ${owner}, which installs the packages…\n`) },
  );
}

function isCurrent() {
  return existsSync(stampFile) && readFileSync(stampFile, 'utf8') === expectedStamp();
}

function expectedStamp() {
  const lock = readFileSync(join(root, 'package-lock.json'));
  return `${process.platform}-${process.arch} ${createHash('sha256').update(lock).digest('hex')}\n`;
}
