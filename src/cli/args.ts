/** Reading a command's arguments and writing its help, both from the command's own data. */
import { parseArgs } from 'node:util';
import { UsageError } from './command.ts';
import type { Command, Option, OptionValues } from './command.ts';

export interface ParsedArguments {
  readonly help: boolean;
  readonly positionals: readonly string[];
  readonly options: OptionValues;
}

/** Reads the arguments after the command's name. With `--help` nothing else is checked. Errors: `UsageError`. */
export function parseCommandArguments(command: Command, argv: readonly string[]): ParsedArguments {
  const hint = `See mechanist ${command.name} --help.`;
  const { values, positionals } = parseTokens(command, argv, hint);
  if (values['help'] === true) return { help: true, positionals, options: optionValues(values) };
  const missing = command.positionals[positionals.length];
  if (missing !== undefined && !missing.startsWith('[')) throw new UsageError(`${missing} is missing.`, hint);
  const variadic = command.positionals.at(-1)?.includes('…') ?? false;
  if (!variadic && positionals.length > command.positionals.length) throw new UsageError(`Unexpected argument "${positionals[command.positionals.length]}".`, hint);
  for (const [name, option] of Object.entries(command.options)) {
    if (option.required === true && values[name] === undefined) throw new UsageError(`--${name} is missing.`, hint);
  }
  return { help: false, positionals, options: optionValues(values) };
}

/** The help text of one command. */
export function commandHelp(command: Command): string {
  const options = Object.entries(command.options);
  const synopsis = options.map(([name, option]) => {
    const spelled = spelling(name, option);
    return option.required === true ? spelled : `[${spelled}]`;
  });
  const rows = [...options.map(([name, option]) => [spelling(name, option), option.description] as const), ['--help', 'Print this text.'] as const];
  return [
    `Usage: mechanist ${[command.name, ...command.positionals, ...synopsis].join(' ')}`,
    '',
    command.summary,
    '',
    ...table(rows),
    ...(command.notes === undefined ? [] : ['', command.notes]),
    '',
  ].join('\n');
}

/** The list of commands. */
export function globalHelp(commands: readonly Command[]): string {
  return [
    'Usage: mechanist COMMAND …',
    '',
    ...table(commands.map(({ name, summary }) => [name, summary] as const)),
    '',
    'mechanist COMMAND --help describes a command. Results go to stdout or --out, errors to stderr.',
    'Exit codes: 0 done, 1 failed, 130 stopped.',
    '',
  ].join('\n');
}

type Values = Readonly<Record<string, string | boolean | undefined>>;

function parseTokens(command: Command, argv: readonly string[], hint: string): { values: Values; positionals: string[] } {
  const options = Object.fromEntries(Object.entries(command.options).map(([name, { type }]) => [name, { type }]));
  try {
    const { values, positionals } = parseArgs({ args: [...argv], options: { ...options, help: { type: 'boolean' } }, allowPositionals: true, strict: true });
    return { values, positionals };
  } catch (error) {
    const message = error instanceof Error ? error.message.split('\n')[0]! : String(error);
    throw new UsageError(message.endsWith('.') ? message : `${message}.`, hint);
  }
}

function optionValues(values: Values): OptionValues {
  const text = (name: string): string | undefined => {
    const value = values[name];
    return typeof value === 'string' ? value : undefined;
  };
  return {
    text,
    requiredText(name) {
      const value = text(name);
      if (value === undefined) throw new UsageError(`--${name} is missing.`);
      return value;
    },
    flag: (name) => values[name] === true,
  };
}

function spelling(name: string, option: Option): string {
  return option.type === 'boolean' ? `--${name}` : `--${name} ${option.value ?? 'VALUE'}`;
}

function table(rows: readonly (readonly [string, string])[]): string[] {
  const width = Math.max(...rows.map(([first]) => first.length));
  return rows.map(([first, second]) => `  ${first.padEnd(width)}  ${second}`);
}
