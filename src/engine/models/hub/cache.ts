/**
 * The cache folder that every Hugging Face library shares: where it is, how it is laid out, what is complete in it.
 *
 *   models--org--name/blobs/<etag>                   contents, named by their hash
 *   models--org--name/snapshots/<commit>/<file>      links to blobs
 *   models--org--name/refs/<revision>                the commit a branch or tag stood at
 */
import { readFile, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { MechanistError } from '../../errors.ts';
import { isJsonObject, readJsonObject } from '../jsonFile.ts';

/** The cache folder: `HF_HUB_CACHE`, else `hub` in `HF_HOME`, else in the user's cache folder. */
export function defaultCacheFolder(environment: NodeJS.ProcessEnv = process.env): string {
  const { HF_HUB_CACHE: hubCache, HF_HOME: home, XDG_CACHE_HOME: userCache } = environment;
  if (hubCache !== undefined && hubCache !== '') return hubCache;
  if (home !== undefined && home !== '') return join(home, 'hub');
  return join(userCache !== undefined && userCache !== '' ? userCache : join(homedir(), '.cache'), 'huggingface', 'hub');
}

/** Folder of one model in the cache. Errors: `argument` for a malformed id. */
export function repositoryFolder(cacheFolder: string, id: string): string {
  checkModelId(id);
  return join(cacheFolder, ['models', ...id.split('/')].join('--'));
}

/** The id of the model whose snapshot a folder of the cache is; undefined for any other folder. */
export function cachedModelId(folder: string): string | undefined {
  const name = /(?:^|[\\/])models--([^\\/]+)[\\/]snapshots[\\/]\w+$/.exec(folder)?.[1];
  return name?.replace('--', '/');
}

/** Errors: `argument` unless the id is `name` or `owner/name` as the hub allows them. */
export function checkModelId(id: string): void {
  const parts = id.split('/');
  const wellFormed = parts.length <= 2 && id.length <= 96 && parts.every((part) => /^[A-Za-z0-9_](?:[\w.-]*[A-Za-z0-9_])?$/.test(part));
  if (!wellFormed || id.includes('..') || id.includes('--') || id.endsWith('.git')) {
    throw new MechanistError('argument', `"${id}" is not a model id.`, { hint: 'An id looks like owner/name.' });
  }
}

/** Errors: `argument` unless the revision is a branch, tag or commit that is safe as a file name. */
export function checkRevision(revision: string): void {
  if (revision.length > 200 || !revision.split('/').every((part) => /^[\w-][\w.-]*$/.test(part) && !part.includes('..'))) {
    throw new MechanistError('argument', `"${revision}" is not a revision.`, { hint: 'Give a branch, a tag or a commit.' });
  }
}

/** Whether a name sent by a server is a plain relative path that stays inside its folder on every system. */
export function isSafeFileName(name: string): boolean {
  // eslint-disable-next-line no-control-regex
  return name.length <= 512 && !/[\u0000-\u001f\u007f\\:*?"<>|]/.test(name)
    && name.split('/').every((part) => part !== '' && part !== '.' && part !== '..' && part.length <= 255 && !/[. ]$/.test(part));
}

/**
 * The snapshot folder of a model that was downloaded completely, by this program or another; undefined when it was not.
 * Never touches the network. Errors: `argument` for a malformed id or revision.
 */
export async function findCached(id: string, options: { readonly revision?: string; readonly cacheFolder?: string } = {}): Promise<string | undefined> {
  const { revision = 'main', cacheFolder = defaultCacheFolder() } = options;
  checkRevision(revision);
  const repository = repositoryFolder(cacheFolder, id);
  const commit = (await readOptional(join(repository, 'refs', ...revision.split('/'))))?.trim() ?? revision;
  if (!/^\w+$/.test(commit)) return undefined;
  const folder = join(repository, 'snapshots', commit);
  return (await isComplete(folder)) ? folder : undefined;
}

/** Whether a folder has a configuration and all the weights that belong to it. */
async function isComplete(folder: string): Promise<boolean> {
  if (!(await exists(join(folder, 'config.json')))) return false;
  if (await exists(join(folder, 'model.safetensors'))) return true;
  const index = await readJsonObject(join(folder, 'model.safetensors.index.json'));
  if (index === undefined) return exists(join(folder, 'onnx', 'model.onnx'));
  const shards = isJsonObject(index['weight_map']) ? new Set(Object.values(index['weight_map'])) : new Set<unknown>();
  for (const shard of shards) {
    if (typeof shard !== 'string' || !isSafeFileName(shard) || !(await exists(join(folder, shard)))) return false;
  }
  return shards.size > 0;
}

/** Whether a path leads to something; a dangling link does not. */
export async function exists(path: string): Promise<boolean> {
  return (await sizeOf(path)) !== undefined;
}

/** Bytes of a file, or undefined when there is none. */
export async function sizeOf(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw new MechanistError('not-found', 'The cache cannot be read.', { file: path, cause: error });
  }
}

async function readOptional(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw new MechanistError('not-found', 'The cache cannot be read.', { file, cause: error });
  }
}

function isMissing(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'ENOENT' || code === 'ENOTDIR' || code === 'EISDIR';
}
