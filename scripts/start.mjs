/**
 * `npm start`: opens a model and prints an annotated trace of a prompt.
 * Without arguments it is the bundled model on a sentence of its corpus; arguments are those of `mechanist trace`.
 */
import { runBootstrap } from './bootstrap/fail.mjs';
import { launch } from './bootstrap/launch.mjs';

const bundled = ['fable-4l', '--text', 'When Mary and John went to the market, John gave a book to'];

const given = process.argv.slice(2);
await runBootstrap(() => launch('src/cli/main.ts', ['trace', ...(given.length === 0 ? bundled : given)]));
