/** What a store says about itself: the job that makes it (what its content is a function of), and what came out. */
import { createHash } from 'node:crypto';
import { MechanistError } from '../../engine/errors.ts';
import { writeFileAtomically } from '../../engine/formats/atomicFile.ts';
import { readJsonObject } from '../../engine/models/jsonFile.ts';
import type { JsonObject } from '../../engine/models/jsonFile.ts';

export interface StoreOptions {
  /** Examples with the largest activations; bins of equal count, and examples of each; random contexts. */
  readonly top: number;
  readonly bands: number;
  readonly perBand: number;
  readonly random: number;
  /** Tokens kept on either side of an example's peak, at most 127. */
  readonly window: number;
  readonly bins: number;
  readonly tokens: number;
  readonly coactive: number;
  /** Tokens on which pairs of features are counted; all of a smaller corpus. */
  readonly sampledTokens: number;
  /** The first position of each context is left out: its activations are huge in many models. */
  readonly excludeFirst: boolean;
  readonly seed: number;
}

export const usualStore: StoreOptions = {
  top: 20, bands: 10, perBand: 4, random: 5, window: 16, bins: 40, tokens: 12, coactive: 12, sampledTokens: 131_072, excludeFirst: true, seed: 0,
};

export interface StoreJob {
  readonly model: { readonly id: string; readonly hash: string };
  readonly dictionary: { readonly id: string; readonly hash: string; readonly hook: string; readonly layer: number | null; readonly latents: number };
  readonly corpus: { readonly name: string; readonly hash: string; readonly contexts: number; readonly harvested: number; readonly contextLength: number; readonly labelled: boolean };
  readonly options: StoreOptions;
}

export interface StoreManifest extends StoreJob {
  readonly format: 'mechanist-feature-store';
  readonly version: 1;
  /** Tokens counted, features that fired on them, and the sum of all activations of all features. */
  readonly tokens: number;
  readonly alive: number;
  readonly total: number;
  /** False for a snapshot of a harvest that is not finished. */
  readonly complete: boolean;
  /** The corpus beside it, or in the folder above when several stores share it. */
  readonly corpusFile: 'corpus.safetensors' | '../corpus.safetensors';
}

/** Names in a store's folder. */
export const storeFiles = { job: 'job.json', manifest: 'store.json', features: 'features.safetensors', snapshot: 'snapshot', corpus: 'corpus.safetensors', shards: 'shards' } as const;

/** The identity of a job: equal jobs have equal shards and equal stores. */
export function jobKey(job: StoreJob): string {
  return createHash('sha256').update(JSON.stringify([job.model.hash, job.dictionary.hash, job.dictionary.layer, job.corpus.hash, job.options])).digest('hex');
}

export function writeJson(file: string, value: unknown): void {
  writeFileAtomically(file, [Buffer.from(`${JSON.stringify(value, undefined, 1)}\n`)]);
}

/** The job in a folder, or undefined. Errors: `parse`. */
export async function readJob(file: string): Promise<StoreJob | undefined> {
  const json = await readJsonObject(file);
  return json === undefined ? undefined : jobOf(json, file);
}

/** Errors: `not-found`, `parse`, `unsupported` for another version. */
export async function readManifest(file: string): Promise<StoreManifest> {
  const json = await readJsonObject(file);
  if (json === undefined) throw new MechanistError('not-found', 'There is no feature store here.', { file, hint: 'Harvest a corpus first.' });
  const fields = new Fields(json, file);
  if (json['format'] !== 'mechanist-feature-store') throw fields.wrong('format');
  if (json['version'] !== 1) throw new MechanistError('unsupported', 'The store was written in another version of the format.', { file, field: 'version' });
  if (json['corpusFile'] !== 'corpus.safetensors' && json['corpusFile'] !== '../corpus.safetensors') throw fields.wrong('corpusFile');
  return {
    ...jobOf(json, file), format: 'mechanist-feature-store', version: 1,
    tokens: fields.whole('tokens'), alive: fields.whole('alive'), total: fields.number('total'), complete: json['complete'] === true, corpusFile: json['corpusFile'],
  };
}

function jobOf(json: JsonObject, file: string): StoreJob {
  const fields = new Fields(json, file);
  const [model, dictionary, corpus, options] = (['model', 'dictionary', 'corpus', 'options'] as const).map((name) => fields.object(name)) as [Fields, Fields, Fields, Fields];
  return {
    model: { id: model.text('id'), hash: model.text('hash') },
    dictionary: { id: dictionary.text('id'), hash: dictionary.text('hash'), hook: dictionary.text('hook'), layer: dictionary.json['layer'] === null ? null : dictionary.whole('layer'), latents: dictionary.whole('latents') },
    corpus: { name: corpus.text('name'), hash: corpus.text('hash'), contexts: corpus.whole('contexts'), harvested: corpus.whole('harvested'), contextLength: corpus.whole('contextLength'), labelled: corpus.json['labelled'] === true },
    options: {
      top: options.whole('top'), bands: options.whole('bands'), perBand: options.whole('perBand'), random: options.whole('random'), window: options.whole('window'), bins: options.whole('bins'),
      tokens: options.whole('tokens'), coactive: options.whole('coactive'), sampledTokens: options.whole('sampledTokens'), excludeFirst: options.json['excludeFirst'] === true, seed: options.whole('seed'),
    },
  };
}

class Fields {
  readonly json: JsonObject;
  private readonly file: string;

  constructor(json: JsonObject, file: string) {
    this.json = json;
    this.file = file;
  }

  object(name: string): Fields {
    const value = this.json[name];
    if (typeof value !== 'object' || value === null || Array.isArray(value)) throw this.wrong(name);
    return new Fields(value as JsonObject, this.file);
  }

  text(name: string): string {
    const value = this.json[name];
    if (typeof value !== 'string' || value.length > 4096) throw this.wrong(name);
    return value;
  }

  whole(name: string): number {
    const value = this.number(name);
    if (!Number.isSafeInteger(value) || value < 0) throw this.wrong(name);
    return value;
  }

  number(name: string): number {
    const value = this.json[name];
    if (typeof value !== 'number' || !Number.isFinite(value)) throw this.wrong(name);
    return value;
  }

  wrong(name: string): MechanistError {
    return new MechanistError('parse', 'This field of the store is missing or malformed.', { file: this.file, field: name });
  }
}
