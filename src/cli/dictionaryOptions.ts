/** Options of the commands that open a dictionary, and corpora given as files. */
import type { Dictionary } from '../engine/dictionaries/dictionary.ts';
import { openDictionary } from '../engine/dictionaries/open.ts';
import type { OpenOptions } from '../engine/dictionaries/layouts/layout.ts';
import { UsageError } from './command.ts';
import type { Option, OptionValues } from './command.ts';

export const dictionaryOptions = {
  layer: { type: 'string', value: 'N', description: 'Layer to take from a folder with a dictionary per layer.' },
  'input-hook': { type: 'string', value: 'HOOK', description: 'Hook point the dictionary reads, where its files do not say.' },
  'output-hook': { type: 'string', value: 'HOOK', description: 'Hook point the dictionary writes, where its files do not say.' },
} as const satisfies Readonly<Record<string, Option>>;

/** Of commands that can do without a dictionary; either spelling. */
export const optionalDictionary = {
  dictionary: { type: 'string', value: 'DICT', description: 'Folder or file of a dictionary.' },
  dict: { type: 'string', value: 'DICT', description: 'Short for --dictionary.' },
  ...dictionaryOptions,
} as const satisfies Readonly<Record<string, Option>>;

/** The dictionary of `optionalDictionary`, if one is given. Errors: `UsageError`; those of `openDictionary`. */
export async function givenDictionary(options: OptionValues): Promise<Dictionary | undefined> {
  const [path, short] = [options.text('dictionary'), options.text('dict')];
  if (path !== undefined && short !== undefined) throw new UsageError('--dict and --dictionary are the same.');
  const named = path ?? short;
  return named === undefined ? undefined : openDictionary(named, openOptions(options));
}

/** Errors: `UsageError`. */
export function openOptions(options: OptionValues): OpenOptions {
  const layer = wholeNumber(options, 'layer');
  const [input, output] = [options.text('input-hook'), options.text('output-hook')];
  return {
    ...(layer === undefined ? {} : { layer }),
    ...(input === undefined && output === undefined ? {} : { hooks: { ...(input === undefined ? {} : { input }), ...(output === undefined ? {} : { output }) } }),
  };
}

/** The files of `--corpus`, with those that a shell pattern added after it. */
export function corpusFiles(options: OptionValues, rest: readonly string[]): string[] {
  return [...options.requiredText('corpus').split(','), ...rest].filter((file) => file !== '');
}

/** A whole number ≥ 0, or undefined. Errors: `UsageError`. */
export function wholeNumber(options: OptionValues, name: string): number | undefined {
  const text = options.text(name);
  if (text === undefined) return undefined;
  if (!/^\d{1,9}$/.test(text)) throw new UsageError(`--${name} takes a whole number, not "${text}".`);
  return Number(text);
}

/** A positive decimal number, or undefined. Errors: `UsageError`. */
export function positiveNumber(options: OptionValues, name: string): number | undefined {
  const text = options.text(name);
  if (text === undefined) return undefined;
  const value = Number(text);
  if (!/^\d/.test(text) || !Number.isFinite(value) || value <= 0) throw new UsageError(`--${name} takes a number above zero, not "${text}".`);
  return value;
}
