/** A parent of an engine process, to be killed: prints the process id of its child once that has said hello. */
import { engineProcess } from '../../../src/protocol/childProcess.ts';
import { fork } from 'node:child_process';

const child = fork(process.argv[2]!, [], { serialization: 'advanced', stdio: ['ignore', 'ignore', 'ignore', 'ipc'] });
engineProcess(child).transport.onMessage(() => void process.stdout.write(`${child.pid}\n`));
