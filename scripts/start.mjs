/**
 * `npm start`: VS Code with the extension and the sample workspace, and meanwhile the annotated trace of a prompt.
 * `npm start -- MODEL --text …` prints a trace only: the arguments are those of `mechanist trace`.
 */
import { runBootstrap } from './bootstrap/fail.mjs';
import { launch } from './bootstrap/launch.mjs';

const given = process.argv.slice(2);
const opens = given.length === 0 || /^--(?:served|port)/.test(given[0] ?? '');
await runBootstrap(() => (opens ? launch('scripts/start.ts', given) : launch('src/cli/main.ts', ['trace', ...given])));
