/** Files of a user's own that are damaged or do not fit, through the requests of the semantic view: each is told of by file, and what was there before still works. */
import { copyFileSync, cpSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseParams } from '../../../src/protocol/methods.ts';
import type { MethodName, ModelSummary, Params, Results } from '../../../src/protocol/methods.ts';
import type { StoreSummary } from '../../../src/protocol/methods/semanticResults.ts';
import { jobs } from '../../../src/server/methods.ts';
import type { JobName } from '../../../src/server/methods.ts';
import { Session } from '../../../src/server/session.ts';
import { drain } from '../../support/engineHost.ts';
import { tinyModel, tinyZoo } from '../../support/tinyZoo.ts';

const folder = mkdtempSync(join(tmpdir(), 'mechanist-damaged-'));
const stores = join(folder, 'stores');
let zoo: string;
let session: Session;
let model: ModelSummary;
let store: StoreSummary;
let sound: string;

const ask = <M extends JobName & MethodName>(method: M, params: Params<M>): Promise<Results[M]> => drain(jobs[method](session, parseParams(method, params) as never, new AbortController().signal));
const target = (): { model: string; dictionary: string } => ({ model: model.model, dictionary: model.dictionaries[0]!.dictionary });

beforeAll(async () => {
  for (const path of ['texts', 'stores']) mkdirSync(join(folder, path));
  writeFileSync(join(folder, 'texts', 'a.txt'), Array.from({ length: 200 }, (_, i) => `Mary went to the market and gave ${i} books to John.\n`).join(''));
  zoo = await tinyZoo();
  sound = join(zoo, tinyModel.id, 'dictionaries', 'blocks.2.hook_resid_post');
  session = new Session({ zoo, threads: 1 });
  model = await ask('model.open', { source: { kind: 'zoo', id: tinyModel.id } });
  store = await ask('semantic.harvest', { ...target(), corpus: { kind: 'files', paths: [join(folder, 'texts')] }, folder: stores, contextLength: 32 });
});
afterAll(async () => {
  await session.close(model.model);
  for (const path of [zoo, folder]) rmSync(path, { recursive: true });
});

/** A copy of the dictionary with another configuration. */
function dictionaryWith(name: string, change: (config: Record<string, unknown>) => object): string {
  const copy = join(folder, name);
  cpSync(sound, copy, { recursive: true });
  writeFileSync(join(copy, 'cfg.json'), JSON.stringify(change(JSON.parse(readFileSync(join(sound, 'cfg.json'), 'utf8')) as Record<string, unknown>)));
  return copy;
}

describe('a dictionary', () => {
  const cases: [string, () => string, string, RegExp][] = [
    ['whose weights are cut off', () => { const copy = dictionaryWith('cut', (config) => config); truncateSync(join(copy, 'sae_weights.safetensors'), 5000); return copy; }, 'parse', /sae_weights\.safetensors/],
    ['whose configuration is no JSON', () => { const copy = dictionaryWith('json', (config) => config); writeFileSync(join(copy, 'cfg.json'), '{"architecture":'); return copy; }, 'parse', /cfg\.json/],
    ['of an architecture that nobody knows', () => dictionaryWith('quantum', (config) => ({ ...config, architecture: 'quantum' })), 'unsupported', /quantum/],
    ['of another width than its weights', () => dictionaryWith('width', (config) => ({ ...config, d_in: 64 })), 'parse', /sae_weights\.safetensors|cfg\.json/],
    ['at a hook point that the model lacks', () => dictionaryWith('hook', (config) => ({ ...config, metadata: { ...(config['metadata'] as object), hook_name: 'blocks.9.hook_resid_post' } })), 'argument', /blocks\.9\.hook_resid_post/],
    ['at a hook point of another width', () => dictionaryWith('mlp', (config) => ({ ...config, metadata: { ...(config['metadata'] as object), hook_name: 'blocks.2.mlp.hook_post' } })), 'argument', /width|wide|32/],
    ['that is not there', () => join(folder, 'nowhere'), 'not-found', /nowhere/],
    ['whose folder has something else in it', () => join(folder, 'texts'), '', /texts/],
  ];
  test.each(cases)('%s is refused by what is wrong with it', async (_, make, reason, said) => {
    const before = session.model(model.model).dictionarySummaries.length;
    const failure = await ask('dictionary.open', { model: model.model, path: make() }).then(() => { throw new Error('It was opened.'); }, (error: unknown) => error as { reason: string; message: string; name: string });
    expect(failure.name).toBe('MechanistError');
    if (reason !== '') expect(failure.reason).toBe(reason);
    expect(failure.message).toMatch(said);
    expect(session.model(model.model).dictionarySummaries).toHaveLength(before);
    await ask('semantic.features', target());
  });
});

describe('a corpus', () => {
  const cases: [string, string, Uint8Array, string][] = [
    ['in Latin-1', 'latin.txt', Buffer.from('naïve café\n'.repeat(50), 'latin1'), 'parse'],
    ['in UTF-16', 'utf16.txt', Buffer.from('\ufeffMary went to the market.\n'.repeat(50), 'utf16le'), 'parse'],
    ['whose JSON lines are broken', 'broken.jsonl', Buffer.from('{"text": "Mary"}\n{"text": '), 'parse'],
    ['that is empty', 'empty.txt', Buffer.from(''), 'argument'],
  ];
  test.each(cases)('%s is refused by its file, and no store is made of it', async (_, name, bytes, reason) => {
    writeFileSync(join(folder, name), bytes);
    const before = readdirSync(stores);
    await expect(ask('semantic.harvest', { ...target(), corpus: { kind: 'files', paths: [join(folder, name)] }, folder: stores, contextLength: 32 })).rejects.toMatchObject({ name: 'MechanistError', reason });
    expect(readdirSync(stores)).toEqual(before);
    expect(await ask('semantic.stores', { ...target(), folders: [stores] })).toEqual([store]);
  });
});

describe('a store', () => {
  test.each([
    ['whose table is cut off', (copy: string) => truncateSync(join(copy, 'features.safetensors'), 3000)],
    ['whose manifest is cut off', (copy: string) => truncateSync(join(copy, 'store.json'), 40)],
    ['whose corpus is gone', (copy: string) => rmSync(join(copy, 'corpus.safetensors'))],
  ])('%s is a typed error, and the sound one still answers', async (_, damage) => {
    const copy = mkdtempSync(join(folder, 'copy-'));
    cpSync(store.store, copy, { recursive: true });
    damage(copy);
    await expect(ask('semantic.feature', { ...target(), store: copy, feature: 0 })).rejects.toMatchObject({ name: 'MechanistError' });
    expect((await ask('semantic.features', { ...target(), store: store.store })).unfiltered).toBe(tinyModel.latents);
  });
});

test('labels that are damaged, or of another dictionary, are told of and left alone', async () => {
  const labels = join(folder, 'labels');
  await ask('semantic.label.set', { ...target(), labels, feature: 1, label: 'mine' });
  const [name] = readdirSync(labels);
  const file = join(labels, name!);
  copyFileSync(file, join(folder, 'kept.json'));
  for (const text of ['{"format":', '[]', readFileSync(file, 'utf8').replace(model.dictionaries[0]!.hash, '0'.repeat(64))]) {
    writeFileSync(file, text);
    await expect(ask('semantic.label.set', { ...target(), labels, feature: 2, label: 'another' })).rejects.toMatchObject({ name: 'MechanistError', file });
    expect(readFileSync(file, 'utf8')).toBe(text);
  }
  copyFileSync(join(folder, 'kept.json'), file);
  expect((await ask('semantic.features', { ...target(), labels, store: store.store, filter: { labelled: true } })).rows.map(({ feature }) => feature)).toEqual([1]);
});
