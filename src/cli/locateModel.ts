/** From what a person calls a model to the folder or file it is in. */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { MechanistError } from '../engine/errors.ts';
import { checkModelId, findCached } from '../engine/models/hub/cache.ts';
import { downloadModel } from '../engine/models/hub/download.ts';
import type { DownloadProgress } from '../engine/models/hub/download.ts';

/** Folder of the models that come with the program. */
export const bundledModels = fileURLToPath(new URL('../../zoo/models', import.meta.url));

export interface LocateOptions {
  /** Fetch a hub id that is not in the cache. */
  readonly download: boolean;
  readonly revision: string | undefined;
  /** Called with progress of a download. */
  readonly note: (text: string) => void;
  readonly signal: AbortSignal;
  /** Folder of the bundled models. */
  readonly zooFolder?: string;
}

/**
 * The folder or file of a model given as a path, the name of a bundled model, or a hub id.
 * Errors: `not-found` when it is none of these; those of `downloadModel`.
 */
export async function locateModel(name: string, options: LocateOptions): Promise<string> {
  const { revision, zooFolder = bundledModels } = options;
  if (await isThere(name)) return name;
  const looksLikePath = /^[./~\\]|^[A-Za-z]:|\.onnx$|\.safetensors$/.test(name);
  if (looksLikePath) throw new MechanistError('not-found', 'There is no such file or folder.', { file: name });
  const bundled = join(zooFolder, name);
  if (/^[\w.-]+$/.test(name) && await isThere(join(bundled, 'config.json'))) return bundled;
  requireModelId(name);
  const at = revision === undefined ? {} : { revision };
  const cached = await findCached(name, at);
  if (cached !== undefined) return cached;
  if (!options.download) {
    throw new MechanistError('not-found', `"${name}" is no file, no bundled model, and not in the cache of downloaded models.`, {
      hint: 'To fetch it from the hub, add --download.',
    });
  }
  return downloadModel(name, { ...at, signal: options.signal, onProgress: progressNotes(options.note) });
}

/** One line per file and tenth of it. */
function progressNotes(note: (text: string) => void): (progress: DownloadProgress) => void {
  let last = '';
  return ({ file, received, size, index, count }) => {
    const tenth = size === 0 ? 10 : Math.floor((10 * received) / size);
    const line = `${index}/${count} ${file} ${10 * tenth} %\n`;
    if (line === last) return;
    last = line;
    note(line);
  };
}

/** What is neither there nor an id is most likely a mistyped path. */
function requireModelId(name: string): void {
  try {
    checkModelId(name);
  } catch (error) {
    throw new MechanistError('not-found', `There is no such file or folder, and "${name}" is not a model id.`, { file: name, cause: error });
  }
}

async function isThere(path: string): Promise<boolean> {
  return stat(path).then(() => true, () => false);
}
