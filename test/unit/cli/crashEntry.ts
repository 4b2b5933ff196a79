/** A CLI entry for tests: its isolated commands end in the ways a native runtime can end them. */
import { fileURLToPath } from 'node:url';
import { runCommandLine } from '../../../src/cli/cli.ts';
import type { RegisteredCommand } from '../../../src/cli/cli.ts';
import type { Context } from '../../../src/cli/command.ts';
import { MechanistError } from '../../../src/engine/errors.ts';

const isolated = (name: string, run: (context: Context) => Promise<void>): [string, RegisteredCommand] => [
  name, { isolated: true, load: async () => ({ name, summary: name, positionals: ['MODEL'], options: {}, run }) },
];

const stop = new AbortController();
process.once('SIGINT', () => stop.abort());

process.exitCode = await runCommandLine(process.argv.slice(2), {
  commands: new Map([
    isolated('abort', async () => process.abort()),
    isolated('kill', async () => void process.kill(process.pid, 'SIGKILL')),
    isolated('fail', async () => {
      throw new MechanistError('parse', 'Bad header.', { file: 'm.safetensors', field: 'header' });
    }),
    isolated('succeed', async ({ positionals, output }) => output.write(`ran ${positionals[0]}\n`)),
    isolated('wait', async ({ signal, output }) => {
      output.write('waiting\n');
      const alive = setInterval(() => {}, 1000);
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
      clearInterval(alive);
      throw new MechanistError('cancelled', 'Stopped on request.');
    }),
  ]),
  entry: fileURLToPath(import.meta.url),
  output: { write: (text) => void process.stdout.write(text), note: (text) => void process.stderr.write(text), colour: false },
  signal: stop.signal,
});
