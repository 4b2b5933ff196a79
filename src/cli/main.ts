/** Entry point of the `mechanist` command: wires the process (arguments, stdio, signals, exit code) to the frame. */
import { fileURLToPath } from 'node:url';
import { runCommandLine } from './cli.ts';
import { commands } from './commands.ts';

const stop = new AbortController();
// A terminal sends SIGINT to this process and to its child, which also hears it from this process: hence `on`, not `once`.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => stop.abort());
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  // The reader of a pipe (`| head`) may go away; that is no failure of ours.
  if (error.code !== 'EPIPE') throw error;
  process.exit(0);
});

process.exitCode = await runCommandLine(process.argv.slice(2), {
  commands,
  entry: fileURLToPath(import.meta.url),
  output: {
    write: (text) => void process.stdout.write(text),
    note: (text) => void process.stderr.write(text),
    colour: process.stdout.isTTY === true && process.env['NO_COLOR'] === undefined,
  },
  signal: stop.signal,
});
