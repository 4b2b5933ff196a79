/** What a command of the CLI is: data for the help text and the argument parser, and a function that does the work. */
import { MechanistError } from '../engine/errors.ts';

export interface Option {
  readonly type: 'string' | 'boolean';
  /** What stands for the value in help texts: FILE, PATTERNS, … Strings only. */
  readonly value?: string;
  readonly description: string;
  readonly required?: boolean;
}

export interface Command {
  readonly name: string;
  /** One line for the list of commands. */
  readonly summary: string;
  /** Positional arguments, in order. One in square brackets may be left out; it comes last. */
  readonly positionals: readonly string[];
  readonly options: Readonly<Record<string, Option>>;
  /** More help, printed below the options. */
  readonly notes?: string;
  /** Does the work. Errors are thrown; the frame prints them and sets the exit code. */
  run(context: Context): Promise<void>;
}

export interface Context {
  readonly positionals: readonly string[];
  readonly options: OptionValues;
  /** Aborted on the first SIGINT or SIGTERM. */
  readonly signal: AbortSignal;
  readonly output: Output;
}

export interface OptionValues {
  text(name: string): string | undefined;
  /** The value of an option marked `required`. */
  requiredText(name: string): string;
  flag(name: string): boolean;
}

export interface Output {
  /** Writes to stdout. */
  write(text: string): void;
  /** Writes to stderr: progress and warnings. */
  note(text: string): void;
  /** Whether stdout is a terminal that shows colours. */
  readonly colour: boolean;
}

/** The command line itself is wrong, not what it names. */
export class UsageError extends MechanistError {
  constructor(statement: string, hint?: string) {
    super('argument', statement, { hint });
  }
}

/** Writes a value as indented JSON. */
export function writeJson(output: Output, value: unknown): void {
  output.write(`${JSON.stringify(value, undefined, 2)}\n`);
}
