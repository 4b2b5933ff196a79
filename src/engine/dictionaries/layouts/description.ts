/** Descriptions beside the weights: JSON and YAML, read with a size cap. Formats reference §13. */
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { parseDocument } from 'yaml';
import { MechanistError } from '../../errors.ts';
import { parseJson } from '../../formats/json.ts';
import { Settings } from './settings.ts';
import type { SetDescription } from './circuitTracer.ts';

const largestDescription = 4 * 2 ** 20;

/** The text of a small file, or undefined when there is none. Errors: `memory` when it is too large. */
async function readSmallFile(file: string): Promise<string | undefined> {
  try {
    const { size } = await stat(file);
    if (size > largestDescription) throw new MechanistError('memory', `The file has ${size} bytes; at most ${largestDescription} are read.`, { file });
    return await readFile(file, 'utf8');
  } catch (error) {
    if (MechanistError.is(error)) throw error;
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw new MechanistError('not-found', `The file could not be read (${code ?? 'unknown error'}).`, { file, cause: error });
  }
}

/** A YAML mapping as settings. Aliases are limited by the parser's default; anything but plain data is refused. Errors: `parse`. */
export function parseYaml(file: string, text: string): Settings {
  const document = parseDocument(text, { schema: 'core', uniqueKeys: true });
  const problem = document.errors[0];
  if (problem !== undefined) throw new MechanistError('parse', `The file is not valid YAML: ${problem.message.split('\n')[0]}`, { file });
  let value: unknown;
  try {
    value = document.toJS({ mapAsMap: true, maxAliasCount: 100 });
  } catch (error) {
    throw new MechanistError('parse', 'The file has too many aliases.', { file, cause: error });
  }
  return new Settings(file, value);
}

/** A JSON object as settings, or undefined when there is no such file. Errors: `parse`. */
export async function jsonSettings(file: string): Promise<Settings | undefined> {
  const text = await readSmallFile(file);
  return text === undefined ? undefined : new Settings(file, parseJson(text, { file }));
}

/** What the `config.yaml` of a transcoder set says; undefined when the folder has none. Errors: `parse`. */
export async function setConfiguration(folder: string): Promise<Settings | undefined> {
  const file = join(folder, 'config.yaml');
  const text = await readSmallFile(file);
  return text === undefined ? undefined : parseYaml(file, text);
}

/** The description of a set from its configuration, with hooks given by the caller taking precedence. */
export function describeSet(config: Settings | undefined, hooks: { readonly input?: string; readonly output?: string } | undefined): SetDescription {
  return {
    inputHook: hooks?.input ?? config?.optionalString('feature_input_hook'),
    outputHook: hooks?.output ?? config?.optionalString('feature_output_hook'),
    activation: config?.optionalString('activation'),
    k: config?.optionalInteger('k'),
    metadata: config?.pick(['model_name', 'scan', 'model_kind']) ?? {},
  };
}
