/**
 * The frame of the CLI: picks the command, reads its arguments, runs it (in a child process when it executes models),
 * prints errors and gives the exit code.
 */
import { MechanistError } from '../engine/errors.ts';
import { commandHelp, globalHelp, parseCommandArguments } from './args.ts';
import { UsageError } from './command.ts';
import type { Command, Output } from './command.ts';
import { isIsolated, runIsolated } from './isolate.ts';

/** A command that is loaded when it is asked for. */
export interface RegisteredCommand {
  /** Executes models, hence runs in a child process. */
  readonly isolated: boolean;
  load(): Promise<Command>;
}

export interface Surroundings {
  readonly commands: ReadonlyMap<string, RegisteredCommand>;
  /** The file that a child process runs for an isolated command: it must call `runCommandLine` too. */
  readonly entry: string;
  readonly output: Output;
  /** Aborted when the user asks to stop. */
  readonly signal: AbortSignal;
}

/** Exit codes. */
const succeeded = 0;
const failed = 1;
const stopped = 130;

/** Runs one command line (without the program's name), prints its error if it fails, and resolves to the exit code. */
export async function runCommandLine(argv: readonly string[], surroundings: Surroundings): Promise<number> {
  try {
    return await dispatch(argv, surroundings);
  } catch (error) {
    surroundings.output.note(`error: ${describe(error)}\n`);
    return MechanistError.is(error, 'cancelled') ? stopped : failed;
  }
}

async function dispatch(argv: readonly string[], { commands, entry, output, signal }: Surroundings): Promise<number> {
  const [name, ...rest] = argv;
  if (name === undefined || name === '--help' || name === 'help') {
    output.write(globalHelp(await Promise.all([...commands.values()].map(({ load }) => load()))));
    return succeeded;
  }
  const registered = commands.get(name);
  if (registered === undefined) throw new UsageError(`There is no command "${name}".`, `Commands: ${[...commands.keys()].join(', ')}.`);
  if (registered.isolated && !isIsolated()) return runIsolated(entry, argv, activity(name, rest), signal);
  const command = await registered.load();
  const { help, positionals, options } = parseCommandArguments(command, rest);
  if (help) output.write(commandHelp(command));
  else await command.run({ positionals, options, signal, output });
  return succeeded;
}

/** What was going on, for the report of a crash: the command and its model. */
function activity(name: string, rest: readonly string[]): string {
  const model = rest[0];
  return model === undefined || model.startsWith('-') ? `running "${name}"` : `running "${name}" on ${model}`;
}

function describe(error: unknown): string {
  if (MechanistError.is(error)) return error.message;
  return error instanceof Error ? `unexpected failure: ${error.stack ?? error.message}` : `unexpected failure: ${String(error)}`;
}
