/** Options of the commands that open a dictionary, and corpora given as files. */
import type { OpenOptions } from '../engine/dictionaries/layouts/layout.ts';
import { UsageError } from './command.ts';
import type { Option, OptionValues } from './command.ts';

export const dictionaryOptions = {
  layer: { type: 'string', value: 'N', description: 'Layer to take from a folder with a dictionary per layer.' },
  'input-hook': { type: 'string', value: 'HOOK', description: 'Hook point the dictionary reads, where its files do not say.' },
  'output-hook': { type: 'string', value: 'HOOK', description: 'Hook point the dictionary writes, where its files do not say.' },
} as const satisfies Readonly<Record<string, Option>>;

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
