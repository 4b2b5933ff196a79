/**
 * Downloading a model from the hub into the shared cache, only ever when a person asked for it.
 *
 * transformers.js has a hub client, but it reads files whole into memory (or buffers them before caching), starts over
 * after a broken connection, checks no hash, cannot list a repository, and caches in a layout of its own. So this part
 * is ours: small, resumable, verified, and in the layout that the Python libraries share. What was downloaded is then
 * read by transformers.js (tokenizer, processor) and by the model families like any other folder.
 */
import { copyFile, mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { MechanistError, throwIfCancelled } from '../../errors.ts';
import { checkRevision, defaultCacheFolder, exists, repositoryFolder, sizeOf } from './cache.ts';
import { listRepository, selectFiles } from './listing.ts';
import { hubEndpoint, TransientError } from './request.ts';
import type { Connection } from './request.ts';
import { describeRemote, fetchBlob } from './transfer.ts';

export interface DownloadProgress {
  readonly file: string;
  /** Bytes of this file that are there, and its size. */
  readonly received: number;
  readonly size: number;
  /** Which file of how many, from 1. */
  readonly index: number;
  readonly count: number;
}

export interface DownloadOptions {
  /** Branch, tag or commit; default `main`. */
  readonly revision?: string;
  /** Base URL; default `HF_ENDPOINT` or the public hub. */
  readonly endpoint?: string;
  /** Default: the cache that all Hugging Face libraries share (`HF_HUB_CACHE`, `HF_HOME`). */
  readonly cacheFolder?: string;
  /** Access token; default `HF_TOKEN`. */
  readonly token?: string;
  /** Globs over the repository's files. Default: configuration, tokenizer and safetensors weights. Pickles are refused. */
  readonly files?: readonly string[];
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: DownloadProgress) => void;
  /** How often to go on after a broken connection, and how long to wait before (milliseconds, doubled each time). */
  readonly retries?: number;
  readonly retryDelay?: number;
}

/**
 * Downloads a model and resolves to its snapshot folder. What is in the cache already is not fetched again, and what was
 * interrupted is continued. The revision points to the new snapshot only after all of its files are there.
 * Errors: `argument` (id, revision), `not-found`, `network`, `unsupported` (no usable weights), `parse` (answers that
 * cannot be trusted), `cancelled`.
 */
export async function downloadModel(id: string, options: DownloadOptions = {}): Promise<string> {
  const { revision = 'main', cacheFolder = defaultCacheFolder(), retries = 4, retryDelay = 500 } = options;
  checkRevision(revision);
  const repository = repositoryFolder(cacheFolder, id);
  if (/^(1|true|yes|on)$/i.test(process.env['HF_HUB_OFFLINE'] ?? '')) {
    throw new MechanistError('network', 'Downloads are switched off by HF_HUB_OFFLINE.', { hint: 'Unset it to download.' });
  }
  const connection: Connection = {
    endpoint: hubEndpoint(options.endpoint), token: options.token ?? process.env['HF_TOKEN'], signal: options.signal,
  };
  const again = <T>(step: () => Promise<T>): Promise<T> => withRetries(step, retries, retryDelay, options.signal);

  const { commit, files } = await again(() => listRepository(connection, id, revision));
  const selected = selectFiles(files, options.files);
  const snapshot = join(repository, 'snapshots', commit);
  for (const [i, file] of selected.entries()) {
    const pointer = join(snapshot, ...file.split('/'));
    if (await exists(pointer)) continue;
    const url = `${connection.endpoint}/${id}/resolve/${commit}/${file.split('/').map(encodeURIComponent).join('/')}`;
    const remote = await again(() => describeRemote(connection, url));
    const blob = join(repository, 'blobs', remote.etag);
    await writing(blob, () => mkdir(dirname(blob), { recursive: true }));
    const report = (received: number): void => options.onProgress?.({ file, received, size: remote.size, index: i + 1, count: selected.length });
    if ((await sizeOf(blob)) !== remote.size) await again(() => writing(blob, () => fetchBlob(connection, remote, blob, report)));
    await writing(pointer, () => link(blob, pointer));
  }
  throwIfCancelled(options.signal);
  if (commit !== revision) {
    const reference = join(repository, 'refs', ...revision.split('/'));
    await writing(reference, () => replaceFile(reference, commit));
  }
  return snapshot;
}

async function withRetries<T>(step: () => Promise<T>, retries: number, delay: number, signal: AbortSignal | undefined): Promise<T> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await step();
    } catch (error) {
      if (!(error instanceof TransientError) || attempt >= retries) throw error;
    }
    try {
      await sleep(delay * 2 ** attempt, undefined, signal === undefined ? {} : { signal });
    } catch (error) {
      throw new MechanistError('cancelled', 'Stopped on request.', { cause: error });
    }
  }
}

/** Makes `pointer` stand for `blob`, at once: a relative link as the Python libraries make it, or a copy where links are not allowed. */
async function link(blob: string, pointer: string): Promise<void> {
  const fresh = `${pointer}.${process.pid}.new`;
  await mkdir(dirname(pointer), { recursive: true });
  await rm(fresh, { force: true });
  try {
    await symlink(relative(dirname(pointer), blob), fresh);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'EPERM' && code !== 'ENOTSUP' && code !== 'EACCES') throw error;
    await copyFile(blob, fresh);
  }
  await rename(fresh, pointer);
}

async function replaceFile(file: string, content: string): Promise<void> {
  const fresh = `${file}.${process.pid}.new`;
  await mkdir(dirname(file), { recursive: true });
  await writeFile(fresh, content);
  await rename(fresh, file);
}

/** Gives failures of the file system (disk full, no permission) the engine's form. */
async function writing<T>(file: string, step: () => Promise<T>): Promise<T> {
  try {
    return await step();
  } catch (error) {
    if (MechanistError.is(error)) throw error;
    throw new MechanistError('runtime', `The cache cannot be written (${(error as NodeJS.ErrnoException).code ?? String(error)}).`, { file, cause: error });
  }
}
