import { lstat, mkdtemp, readdir, readFile, readlink, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { cachedModelId, defaultCacheFolder, findCached } from '../../../../src/engine/models/hub/cache.ts';
import { downloadModel, type DownloadOptions } from '../../../../src/engine/models/hub/download.ts';
import { gitHash, sha256, startHub, type HubFile, type HubServer } from '../../../support/hubServer.ts';

const id = 'org/tiny';
const commit = 'a'.repeat(40);
const weights = Buffer.from(Array.from({ length: 20_000 }, (_, i) => (i * 31 + (i >> 8)) % 256));
const config = Buffer.from('{"model_type":"gpt2"}');

let hub: HubServer;
let cacheFolder: string;

beforeEach(async () => {
  hub = await startHub();
  cacheFolder = await mkdtemp(join(tmpdir(), 'mechanist-hub-'));
  serve({ 'config.json': { content: config }, 'model.safetensors': { content: weights, large: true } });
});

afterEach(async () => {
  vi.unstubAllEnvs();
  await hub.close();
  await rm(cacheFolder, { recursive: true });
});

function serve(files: Readonly<Record<string, HubFile>>): void {
  hub.repositories.set(id, { commit, files: new Map(Object.entries(files)) });
}

const download = (options: DownloadOptions = {}): Promise<string> =>
  downloadModel(id, { endpoint: hub.endpoint, cacheFolder, retries: 0, retryDelay: 1, ...options });

/** Content requests for a file, in order. */
const gets = (file: string): { range: string | undefined; sent: number }[] =>
  hub.requests.filter(({ method, path, sent }) => method === 'GET' && path.endsWith(file) && sent > 0).map(({ range, sent }) => ({ range, sent }));

/** Every file a reader of the cache could take for a finished one. */
async function visibleFiles(): Promise<string[]> {
  const all = await readdir(cacheFolder, { recursive: true, withFileTypes: true });
  return all.filter((entry) => !entry.isDirectory() && !entry.name.endsWith('.incomplete')).map(({ name }) => name).toSorted();
}

describe('a download that succeeds', () => {
  it('fills the cache in the layout that the Python libraries share', async () => {
    const folder = await download();
    expect(folder).toBe(join(cacheFolder, 'models--org--tiny', 'snapshots', commit));
    expect(await readFile(join(folder, 'model.safetensors'))).toEqual(weights);
    expect(await readlink(join(folder, 'model.safetensors'))).toBe(join('..', '..', 'blobs', sha256(weights)));
    expect(await readlink(join(folder, 'config.json'))).toBe(join('..', '..', 'blobs', gitHash(config)));
    expect(await readFile(join(cacheFolder, 'models--org--tiny', 'refs', 'main'), 'utf8')).toBe(commit);
    expect(await findCached(id, { cacheFolder })).toBe(folder);
  });

  it('gives a folder that says which model it is, as no other folder does', async () => {
    expect(cachedModelId(await download())).toBe(id);
    expect(cachedModelId(`/cache/models--gpt2/snapshots/${commit}`)).toBe('gpt2');
    expect(cachedModelId(`C:\\cache\\models--org--tiny\\snapshots\\${commit}`)).toBe(id);
    for (const other of ['/models/tiny', '/cache/models--org--tiny', '/cache/models--org--tiny/snapshots', `/cache/datasets--org--x/snapshots/${commit}`]) expect(cachedModelId(other)).toBeUndefined();
  });

  it('fetches nothing twice', async () => {
    await download();
    const before = hub.requests.length;
    await download();
    expect(hub.requests.slice(before).map(({ path }) => path)).toEqual([`/api/models/${id}/revision/main`]);
  });

  it('uses contents that another snapshot brought', async () => {
    await download();
    hub.repositories.set(id, { commit: 'b'.repeat(40), files: hub.repositories.get(id)!.files });
    hub.requests.length = 0;
    const folder = await download();
    expect(gets('model.safetensors')).toEqual([]);
    expect(await readFile(join(folder, 'model.safetensors'))).toEqual(weights);
  });

  it('reports progress up to the size of each file', async () => {
    const seen: string[] = [];
    await download({ onProgress: ({ file, received, size, index, count }) => seen.push(`${index}/${count} ${file} ${received}/${size}`) });
    expect(seen).toContain(`1/2 config.json ${config.length}/${config.length}`);
    expect(seen.at(-1)).toBe(`2/2 model.safetensors ${weights.length}/${weights.length}`);
  });

  it('takes configuration, tokenizer and one set of safetensors, and no pickles', async () => {
    const file = (text: string): HubFile => ({ content: Buffer.from(text) });
    serve({
      '.gitattributes': file(''), 'README.md': file('#'), 'config.json': { content: config }, 'tokenizer.json': file('{}'), 'merges.txt': file(''),
      'pytorch_model.bin': file('pickle'), 'model.safetensors.index.json': file('{}'), 'model-00001-of-00002.safetensors': file('1'),
      'model-00002-of-00002.safetensors': file('2'), 'consolidated.safetensors': file('12'), 'onnx/model.onnx': file('o'), 'sub/model.safetensors': file('s'),
    });
    const folder = await download();
    expect((await readdir(folder)).toSorted()).toEqual([
      'config.json', 'merges.txt', 'model-00001-of-00002.safetensors', 'model-00002-of-00002.safetensors', 'model.safetensors.index.json', 'tokenizer.json',
    ]);
  });

  it('fetches ONNX files in their folder when asked', async () => {
    serve({ 'config.json': { content: config }, 'onnx/model.onnx': { content: weights, large: true } });
    const folder = await download({ files: ['config.json', 'onnx/*'] });
    expect(await readFile(join(folder, 'onnx', 'model.onnx'))).toEqual(weights);
    expect(await findCached(id, { cacheFolder })).toBe(folder);
  });

  it('handles an empty file', async () => {
    serve({ 'config.json': { content: config }, 'merges.txt': { content: Buffer.alloc(0) }, 'model.safetensors': { content: weights } });
    expect(await readFile(join(await download(), 'merges.txt'))).toEqual(Buffer.alloc(0));
  });

  it('works with a server that does not know HEAD', async () => {
    hub.knowsHead = false;
    expect(await readFile(join(await download(), 'model.safetensors'))).toEqual(weights);
  });

  it('sends the token to the hub but not to the origin it redirects to', async () => {
    await download({ token: 'secret' });
    const [own, other] = [false, true].map((cdn) => hub.requests.filter(({ path }) => path.startsWith('/cdn') === cdn));
    expect(new Set(own!.map(({ authorization }) => authorization))).toEqual(new Set(['Bearer secret']));
    expect(new Set(other!.map(({ authorization }) => authorization))).toEqual(new Set([undefined]));
  });
});

describe('a broken connection', () => {
  it('keeps what arrived, shows nothing of it, and asks only for the rest next time', async () => {
    hub.breakAfter('model.safetensors', 8192);
    await expect(download()).rejects.toMatchObject({ reason: 'network' });
    expect(await visibleFiles()).toEqual(['config.json', gitHash(config)].toSorted());
    expect(await findCached(id, { cacheFolder })).toBeUndefined();

    const folder = await download();
    const [first, second] = gets('model.safetensors');
    expect(first!.range).toBeUndefined();
    const kept = Number(/^bytes=(\d+)-$/.exec(second!.range!)![1]);
    expect(kept).toBeGreaterThan(0);
    expect(kept).toBeLessThanOrEqual(8192);
    expect(second!.sent).toBe(weights.length - kept);
    expect(await readFile(join(folder, 'model.safetensors'))).toEqual(weights);
    expect(gets('config.json').length).toBe(1);
  });

  it('is repaired within one call when retries are left', async () => {
    hub.breakAfter('model.safetensors', 8192);
    expect(await readFile(join(await download({ retries: 2 }), 'model.safetensors'))).toEqual(weights);
    expect(gets('model.safetensors')[1]!.range).toMatch(/^bytes=\d+-$/);
  });

  it('starts over when the server ignores the range', async () => {
    hub.breakAfter('model.safetensors', 8192);
    hub.ignoreRange = true;
    expect(await readFile(join(await download({ retries: 1 }), 'model.safetensors'))).toEqual(weights);
  });

  it.each([500, 503, 429])('retries after status %i', async (status) => {
    hub.failNext('model.safetensors', status, 2);
    await download({ retries: 2 });
    hub.failNext('revision', status, 2);
    await expect(download({ retries: 1 })).rejects.toMatchObject({ reason: 'network' });
  });
});

describe('content that cannot be trusted', () => {
  it.each<[string, HubFile]>([
    ['a large file with another SHA-256', { content: weights, large: true, etag: sha256(Buffer.from('other')) }],
    ['a small file with another git hash', { content: weights, etag: gitHash(Buffer.from('other')) }],
    ['more bytes than announced', { content: weights, large: true, size: weights.length - 5 }],
    ['fewer bytes than announced', { content: weights, large: true, size: weights.length + 5 }],
  ])('discards %s', async (_, file) => {
    serve({ 'config.json': { content: config }, 'model.safetensors': file });
    await expect(download()).rejects.toMatchObject({ reason: 'network', file: expect.stringContaining('model.safetensors') });
    expect(await visibleFiles()).toEqual(['config.json', gitHash(config)].toSorted());
    expect((await readdir(join(cacheFolder, 'models--org--tiny', 'blobs'))).filter((name) => name.endsWith('.incomplete'))).toEqual([]);
    expect(await findCached(id, { cacheFolder })).toBeUndefined();
  });

  it('discovers that a continued file belongs to other content', async () => {
    hub.breakAfter('model.safetensors', 8192);
    await expect(download()).rejects.toThrow();
    serve({ 'config.json': { content: config }, 'model.safetensors': { content: Buffer.from(weights).reverse(), large: true, etag: sha256(weights) } });
    await expect(download()).rejects.toThrow(/hash/);
    serve({ 'config.json': { content: config }, 'model.safetensors': { content: weights, large: true } });
    expect(await readFile(join(await download(), 'model.safetensors'))).toEqual(weights);
  });

  it.each(['../escape.safetensors', '/etc/x.safetensors', 'a/../../x.safetensors', 'C:x.safetensors', 'a\\b.safetensors', 'nul\0.safetensors', ''])('refuses a listing with the file name %j', async (name) => {
    serve({ 'config.json': { content: config }, [name]: { content: weights } });
    await expect(download()).rejects.toMatchObject({ reason: 'parse', field: 'siblings[1].rfilename' });
    expect(await readdir(cacheFolder)).toEqual([]);
  });

  it('refuses an etag that is not a plain name', async () => {
    serve({ 'config.json': { content: config, etag: '../../x' }, 'model.safetensors': { content: weights } });
    await expect(download()).rejects.toMatchObject({ reason: 'parse', field: 'etag' });
  });

  it('refuses a commit that is not a hash', async () => {
    hub.repositories.set(id, { commit: '../../x', files: new Map() });
    await expect(download()).rejects.toMatchObject({ reason: 'parse', field: 'sha' });
  });
});

describe('requests that cannot be served', () => {
  it.each<[string, () => void, DownloadOptions, string, RegExp]>([
    ['an unknown model', () => hub.repositories.clear(), {}, 'not-found', /model id/],
    ['a file that is listed but missing', () => hub.failNext('resolve', 404), {}, 'not-found', /config\.json/],
    ['a private model', () => hub.failNext('revision', 401), {}, 'network', /HF_TOKEN/],
    ['a gated file', () => hub.failNext('resolve', 403), {}, 'network', /HF_TOKEN/],
    ['pickled weights only', () => serve({ 'config.json': { content: config }, 'pytorch_model.bin': { content: weights } }), {}, 'unsupported', /pickle/i],
    ['pickles by name', () => serve({ 'config.json': { content: config }, 'pytorch_model.bin': { content: weights } }), { files: ['*.bin'] }, 'unsupported', /Pickle/],
    ['a pattern without matches', () => {}, { files: ['onnx/*'] }, 'not-found', /onnx/],
    ['an endpoint that is no URL', () => {}, { endpoint: 'file:///etc' }, 'argument', /hub/],
    ['a revision that leaves the folder', () => {}, { revision: '../main' }, 'argument', /revision/],
  ])('fails for %s', async (_, prepare, options, reason, message) => {
    prepare();
    const failing = download(options);
    await expect(failing).rejects.toMatchObject({ name: 'MechanistError', reason });
    await expect(failing).rejects.toThrow(message);
    expect(await findCached(id, { cacheFolder })).toBeUndefined();
  });

  it.each(['', 'a/b/c', '../x', 'org/..', 'org/a--b', '/abs', 'org/', 'a b', '-x', `org/${'x'.repeat(100)}`, 'org/x.git'])('refuses the id %j before any request', async (bad) => {
    await expect(downloadModel(bad, { endpoint: hub.endpoint, cacheFolder })).rejects.toMatchObject({ reason: 'argument' });
    await expect(findCached(bad, { cacheFolder })).rejects.toMatchObject({ reason: 'argument' });
    expect(hub.requests).toEqual([]);
  });

  it('fails when the server is gone', async () => {
    const endpoint = hub.endpoint;
    await hub.close();
    await expect(download({ endpoint })).rejects.toMatchObject({ reason: 'network' });
  });

  it('does not try when downloads are switched off', async () => {
    vi.stubEnv('HF_HUB_OFFLINE', '1');
    await expect(download()).rejects.toMatchObject({ reason: 'network' });
    expect(hub.requests).toEqual([]);
  });
});

describe('cancelling', () => {
  it('stops in the middle of a file and can be continued', async () => {
    const stop = new AbortController();
    let chunks = 0;
    hub.onContent = () => { if (++chunks === 6) stop.abort(); };
    await expect(download({ signal: stop.signal, retries: 5 })).rejects.toMatchObject({ reason: 'cancelled' });
    expect(await findCached(id, { cacheFolder })).toBeUndefined();
    expect(await visibleFiles()).not.toContain('model.safetensors');
    hub.onContent = () => {};
    expect(await readFile(join(await download(), 'model.safetensors'))).toEqual(weights);
  });

  it('does nothing when cancelled beforehand', async () => {
    await expect(download({ signal: AbortSignal.abort() })).rejects.toMatchObject({ reason: 'cancelled' });
    expect(hub.requests).toEqual([]);
  });

  it('stops while waiting for the next attempt', async () => {
    hub.failNext('revision', 503, 10);
    await expect(download({ retries: 9, retryDelay: 60_000, signal: AbortSignal.timeout(50) })).rejects.toMatchObject({ reason: 'cancelled' });
  });
});

describe('findCached', () => {
  it('knows nothing of a model that was never downloaded', async () => {
    expect(await findCached(id, { cacheFolder })).toBeUndefined();
  });

  it('finds a snapshot by its commit', async () => {
    const folder = await download();
    expect(await findCached(id, { cacheFolder, revision: commit })).toBe(folder);
    expect(await findCached(id, { cacheFolder, revision: 'other' })).toBeUndefined();
  });

  it('does not take a snapshot with a missing shard or a dangling link for complete', async () => {
    const index = Buffer.from(JSON.stringify({ weight_map: { a: 'model-00001-of-00002.safetensors', b: 'model-00002-of-00002.safetensors' } }));
    serve({
      'config.json': { content: config }, 'model.safetensors.index.json': { content: index },
      'model-00001-of-00002.safetensors': { content: weights }, 'model-00002-of-00002.safetensors': { content: config },
    });
    const folder = await download();
    expect(await findCached(id, { cacheFolder })).toBe(folder);
    const shard = join(folder, 'model-00002-of-00002.safetensors');
    await rm(shard);
    expect(await findCached(id, { cacheFolder })).toBeUndefined();
    await symlink('../../blobs/none', shard);
    expect((await lstat(shard)).isSymbolicLink()).toBe(true);
    expect(await findCached(id, { cacheFolder })).toBeUndefined();
  });
});

describe('defaultCacheFolder', () => {
  it.each<[Record<string, string>, string]>([
    [{ HF_HUB_CACHE: '/c', HF_HOME: '/h' }, '/c'],
    [{ HF_HOME: '/h', XDG_CACHE_HOME: '/x' }, join('/h', 'hub')],
    [{ XDG_CACHE_HOME: '/x' }, join('/x', 'huggingface', 'hub')],
  ])('%j', (environment, expected) => {
    expect(defaultCacheFolder(environment)).toBe(expected);
  });
});
