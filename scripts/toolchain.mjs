/** `node scripts/toolchain.mjs FILE.ts ARGS…`: runs a TypeScript file of this project, installing first what it needs. */
import { BootstrapError, runBootstrap } from './bootstrap/fail.mjs';
import { launch } from './bootstrap/launch.mjs';

await runBootstrap(async () => {
  const [entry, ...args] = process.argv.slice(2);
  if (entry === undefined) throw new BootstrapError('usage: node scripts/toolchain.mjs FILE.ts [ARGUMENTS]');
  await launch(entry, args);
});
