import { copyFile, mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { locateModel, type LocateOptions } from '../../../src/cli/locateModel.ts';
import { openModel } from '../../../src/cli/openModel.ts';
import { startHub, type HubServer } from '../../support/hubServer.ts';

const gpt2 = fileURLToPath(new URL('../../fixtures/models/gpt2', import.meta.url));
const id = 'org/tiny';
const commit = 'c'.repeat(40);

let hub: HubServer;
let folder: string;
let notes: string[];

beforeEach(async () => {
  hub = await startHub();
  folder = await mkdtemp(join(tmpdir(), 'mechanist-open-'));
  notes = [];
  vi.stubEnv('HF_ENDPOINT', hub.endpoint);
  vi.stubEnv('HF_HUB_CACHE', join(folder, 'cache'));
  const files = await Promise.all(['config.json', 'model.safetensors'].map(async (name) => [name, { content: await readFile(join(gpt2, name)), large: name !== 'config.json' }] as const));
  hub.repositories.set(id, { commit, files: new Map(files) });
});

afterEach(async () => {
  vi.unstubAllEnvs();
  await hub.close();
  await rm(folder, { recursive: true });
});

const locate = (name: string, options: Partial<LocateOptions> = {}): Promise<string> => locateModel(name, {
  download: false, revision: undefined, note: (text) => void notes.push(text), signal: new AbortController().signal, zooFolder: join(folder, 'zoo'), ...options,
});

const open = (name: string): ReturnType<typeof openModel> => openModel(
  name, { text: () => undefined, requiredText: () => '', flag: () => false }, { write: () => {}, note: () => {}, colour: false }, new AbortController().signal,
);

describe('locateModel', () => {
  it('takes a path as it is', async () => {
    expect(await locate(gpt2)).toBe(gpt2);
  });

  it('finds a bundled model by its name', async () => {
    const bundled = join(folder, 'zoo', 'small');
    await mkdir(bundled, { recursive: true });
    await copyFile(join(gpt2, 'config.json'), join(bundled, 'config.json'));
    expect(await locate('small')).toBe(bundled);
  });

  it('downloads a hub id only when asked, and finds it in the cache afterwards', async () => {
    await expect(locate(id)).rejects.toMatchObject({ reason: 'not-found', hint: expect.stringContaining('--download') });
    expect(hub.requests).toEqual([]);
    const snapshot = await locate(id, { download: true });
    expect(notes.at(-1)).toBe('2/2 model.safetensors 100 %\n');
    const { length } = hub.requests;
    expect(await locate(id)).toBe(snapshot);
    expect(hub.requests.length).toBe(length);
  });

  it.each(['nowhere.onnx', './nowhere', '/nowhere', 'C:\\nowhere', 'a/b/c', 'a b'])('does not take the missing path %j for a hub id', async (name) => {
    await expect(locate(name, { download: true })).rejects.toMatchObject({ reason: 'not-found', file: name });
    expect(hub.requests).toEqual([]);
  });

  it('does not take a name with dots for a bundled model outside the zoo', async () => {
    await mkdir(join(folder, 'zoo'), { recursive: true });
    await copyFile(join(gpt2, 'config.json'), join(folder, 'config.json'));
    await expect(locate('..')).resolves.toBe('..');
    await expect(locate('a..b')).rejects.toMatchObject({ reason: 'not-found' });
  });
});

describe('openModel', () => {
  it('opens a folder, an ONNX file, a folder with an export only, and a download alike', async () => {
    const exported = join(folder, 'exported');
    await mkdir(join(exported, 'onnx'), { recursive: true });
    await copyFile(join(gpt2, 'config.json'), join(exported, 'config.json'));
    await copyFile(join(gpt2, 'model.onnx'), join(exported, 'onnx', 'model.onnx'));
    await locate(id, { download: true });
    for (const name of [gpt2, join(gpt2, 'model.onnx'), exported, id]) {
      const model = await open(name);
      expect(model.hookPoints().map((hook) => hook.name)).toContain('blocks.2.attn.hook_z');
    }
  });

  it('fails on a folder without a model', async () => {
    await expect(open(folder)).rejects.toMatchObject({ name: 'MechanistError', file: expect.stringContaining(folder) });
  });
});
