/** `npm test`: all checks and tests. Arguments name a part of the tests, and then only that part runs. */
import { runBootstrap } from './bootstrap/fail.mjs';
import { launch } from './bootstrap/launch.mjs';

await runBootstrap(() => launch('scripts/test.ts', process.argv.slice(2)));
