/** Reading the JSON files of a model folder: bounded size, an object at the top, typed errors. */
import { readFile, stat } from 'node:fs/promises';
import { MechanistError } from '../errors.ts';

export type JsonObject = Readonly<Record<string, unknown>>;

/** Vocabularies are the largest JSON files of a model folder; Gemma's has 34 MB. */
const largestFile = 128 * 2 ** 20;

/** The object in a JSON file, or undefined when there is no such file. Errors: `parse`, `memory` (too large), `not-found` (unreadable). */
export async function readJsonObject(file: string): Promise<JsonObject | undefined> {
  let text: string;
  try {
    const { size } = await stat(file);
    if (size > largestFile) throw new MechanistError('memory', `The file has ${size} bytes; at most ${largestFile} are read.`, { file });
    text = await readFile(file, 'utf8');
  } catch (error) {
    if (MechanistError.is(error)) throw error;
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw new MechanistError('not-found', `The file could not be read (${code ?? 'unknown error'}).`, { file, cause: error });
  }
  try {
    const value: unknown = JSON.parse(text);
    if (isJsonObject(value)) return value;
  } catch (error) {
    throw new MechanistError('parse', 'The file is not valid JSON.', { file, cause: error });
  }
  throw new MechanistError('parse', 'The file is not a JSON object.', { file });
}

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
