/**
 * Entry point of the engine process, started with `child_process.fork` and advanced serialisation.
 * Arguments: `--zoo FOLDER` (bundled models), `--threads N` (inside one operator).
 */
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { processTransport } from './processTransport.ts';
import { serve } from './serve.ts';

const { values } = parseArgs({ options: { zoo: { type: 'string' }, threads: { type: 'string' } } });

if (process.send === undefined) {
  process.stderr.write('This is the engine process of Mechanist; it is started by the extension. For a terminal there is the command "mechanist".\n');
  process.exit(2);
}

// Leaves a core to the editor.
const threads = Number(values.threads ?? Math.max(1, Math.min(4, availableParallelism() - 1)));
const peer = serve(processTransport(process), { zoo: values.zoo, threads, log: (line) => void process.stderr.write(`${line}\n`) });

process.on('disconnect', () => process.exit(0));
peer.ready.catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
});
