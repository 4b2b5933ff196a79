/** `npm start`: opens a model and prints an annotated trace of a prompt. Arguments go to `mechanist trace`. */
import { runBootstrap } from './bootstrap/fail.mjs';
import { launch } from './bootstrap/launch.mjs';

await runBootstrap(() => launch('src/cli/main.ts', ['trace', ...process.argv.slice(2)]));
