/** How far the labelling of a whole dictionary has come: a small JSON file beside its labels, gone when all features are done. */
import { existsSync, rmSync } from 'node:fs';
import { writeFileAtomically } from '../../engine/formats/atomicFile.ts';
import { isJsonObject, readJsonObject } from '../../engine/models/jsonFile.ts';

export interface Labelling {
  /** Hashes of dictionary and corpus, tokens of the store, and the margin: a labelling of anything else starts anew. */
  readonly of: string;
  /** Features done, in the order of the store. */
  readonly done: number;
  /** Feature, detection, and detection by wrong labels, of every label that was made, kept or not. */
  readonly scored: readonly (readonly [feature: number, detection: number, wrongLabel: number])[];
}

/** The file for a dictionary's label file. */
export function labellingPath(labelFile: string): string {
  return labelFile.replace(/\.json$/, '.labelling.json');
}

/** What there is to go on from; undefined where there is nothing, or nothing of this. */
export async function readLabelling(file: string, of: string): Promise<Labelling | undefined> {
  const json = await readJsonObject(file);
  if (json === undefined || json['format'] !== 'mechanist-labelling' || json['version'] !== 1 || json['of'] !== of) return undefined;
  const { done, scored } = json;
  if (!Number.isSafeInteger(done) || !Array.isArray(scored) || isJsonObject(scored)) return undefined;
  const sound = scored.every((row: unknown) => Array.isArray(row) && row.length === 3 && row.every((value) => typeof value === 'number'));
  return sound ? { of, done: done as number, scored: scored as unknown as Labelling['scored'] } : undefined;
}

/** Errors: as `writeFileAtomically`. */
export function writeLabelling(file: string, labelling: Labelling): void {
  writeFileAtomically(file, [Buffer.from(JSON.stringify({ format: 'mechanist-labelling', version: 1, ...labelling }))]);
}

export function forgetLabelling(file: string): void {
  if (existsSync(file)) rmSync(file);
}
