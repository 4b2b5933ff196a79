import { cpSync, mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { MechanistError } from '../../../src/engine/errors.ts';
import type { ModelSource } from '../../../src/protocol/methods.ts';
import { dictionaryOpen } from '../../../src/server/methods/dictionaryOpen.ts';
import { modelClose } from '../../../src/server/methods/modelClose.ts';
import { modelOpen } from '../../../src/server/methods/modelOpen.ts';
import { textInspect } from '../../../src/server/methods/textInspect.ts';
import { zooList } from '../../../src/server/methods/zooList.ts';
import { Session } from '../../../src/server/session.ts';
import { drain } from '../../support/engineHost.ts';
import { tinyModel, tinyZoo, writeDictionary } from '../../support/tinyZoo.ts';

const fixtures = fileURLToPath(new URL('../../fixtures/', import.meta.url));

let zoo: string;
beforeAll(async () => {
  zoo = await tinyZoo();
});
afterAll(() => rmSync(zoo, { recursive: true }));

const bundled: ModelSource = { kind: 'zoo', id: tinyModel.id };
const newSession = (): Session => new Session({ zoo, threads: 1 });
const reason = (expected: string) => (error: unknown): boolean => MechanistError.is(error) && error.reason === expected;

describe('opening models', () => {
  it('lists the bundled models', async () => {
    const [entry, ...others] = await drain(zooList(newSession()));
    expect(others).toEqual([]);
    expect(entry).toMatchObject({ id: 'tiny', path: join(zoo, 'tiny') });
    const session = newSession();
    const summary = await drain(modelOpen(session, { source: bundled }));
    expect(entry!.parameters).toBe(summary.parameters);
    await session.close(summary.model);
  });

  it('gives the same when opened again, by another name or through a link', async () => {
    const session = newSession();
    const first = await drain(modelOpen(session, { source: bundled }));
    const link = join(zoo, '..', `${zoo.split('/').at(-1)}-link`);
    symlinkSync(join(zoo, 'tiny'), link);
    for (const source of [bundled, { kind: 'folder', path: join(zoo, 'tiny') }, { kind: 'folder', path: link }] as const) {
      expect((await drain(modelOpen(session, { source }))).model).toBe(first.model);
    }
    rmSync(link);
    await session.close(first.model);
  });

  it.each<[string, ModelSource]>([
    ['a folder', { kind: 'folder', path: join(fixtures, 'models/gpt2') }],
    ['an ONNX file', { kind: 'onnx', path: join(fixtures, 'models/gpt2/model.onnx') }],
  ])('opens %s without a tokenizer and says that it cannot read text', async (_, source) => {
    const session = newSession();
    const summary = await drain(modelOpen(session, { source }));
    expect(summary).toMatchObject({ family: 'gpt2', layers: 3, width: 48, hasTokenizer: false, dictionaries: [], source });
    expect(summary.hookPoints).toContain('blocks.1.hook_resid_post');
    await expect(drain(textInspect(session, { model: summary.model, text: 'a', topFeatures: 1, topPredictions: 1 }))).rejects.toSatisfy(reason('unsupported'));
    await session.close(summary.model);
  });

  it('tells how much memory is needed instead of loading above the limit, whatever else is open counted', async () => {
    const session = newSession();
    for (const source of [bundled, { kind: 'onnx', path: join(fixtures, 'models/gpt2/model.onnx') }] as const) {
      await expect(drain(modelOpen(session, { source, memoryLimit: 100_000 }))).rejects.toSatisfy(reason('memory'));
    }
    expect(session.weightBytes).toBe(0);
    const first = await drain(modelOpen(session, { source: bundled, memoryLimit: 1e6 }));
    expect(session.weightBytes).toBe(first.memory);
    const gpt2 = { kind: 'folder', path: join(fixtures, 'models/gpt2') } as const;
    await expect(drain(modelOpen(session, { source: gpt2, memoryLimit: first.memory + 1000 }))).rejects.toThrow(/with what is open/);
    await session.close(first.model);
    expect((await drain(modelOpen(session, { source: gpt2, memoryLimit: first.memory + 1000 }))).family).toBe('gpt2');
  });

  it('opens only absolute paths of the right kind', async () => {
    const session = newSession();
    const cases: [ModelSource, string][] = [
      [{ kind: 'folder', path: 'test/fixtures/models/gpt2' }, 'argument'],
      [{ kind: 'folder', path: join(fixtures, 'models/gpt2/model.onnx') }, 'argument'],
      [{ kind: 'onnx', path: join(fixtures, 'models/gpt2') }, 'argument'],
      [{ kind: 'onnx', path: '/dev/null' }, 'argument'],
      [{ kind: 'folder', path: join(fixtures, 'models/none') }, 'not-found'],
      [{ kind: 'folder', path: '/\0' }, 'argument'],
      [{ kind: 'zoo', id: '../..' }, 'not-found'],
      [{ kind: 'zoo', id: '..' }, 'not-found'],
      [{ kind: 'zoo', id: 'none' }, 'not-found'],
    ];
    for (const [source, expected] of cases) await expect(drain(modelOpen(session, { source })), JSON.stringify(source)).rejects.toSatisfy(reason(expected));
  });

  it('names file and field of a broken model, and opens others afterwards', async () => {
    const session = newSession();
    const broken = join(zoo, 'broken');
    mkdirSync(broken);
    writeFileSync(join(broken, 'config.json'), JSON.stringify({ model_type: 'llama', hidden_size: 'wide' }));
    await expect(drain(modelOpen(session, { source: { kind: 'zoo', id: 'broken' } }))).rejects.toMatchObject({ file: join(broken, 'config.json'), field: expect.any(String) });
    rmSync(broken, { recursive: true });
    await session.close((await drain(modelOpen(session, { source: bundled }))).model);
  });

  it('leaves no file open and nothing behind when a model is closed', async () => {
    const session = newSession();
    const openFiles = (): number => readdirSync('/proc/self/fd').length;
    const once = async (): Promise<void> => {
      const { model } = await drain(modelOpen(session, { source: bundled }));
      await drain(textInspect(session, { model, text: 'The cat', topFeatures: 3, topPredictions: 3 }));
      await drain(modelClose(session, { model }));
    };
    await once();
    const before = openFiles();
    for (let i = 0; i < 20; i++) await once();
    expect(openFiles()).toBe(before);
    expect(session.list()).toEqual([]);
  });

  it('stops a job whose model is closed, and closes what a cancelled opening had opened', async () => {
    const session = newSession();
    const { model } = await drain(modelOpen(session, { source: bundled }));
    const job = textInspect(session, { model, text: 'The cat sat on the mat. '.repeat(20), topFeatures: 1, topPredictions: 1 });
    await job.next();
    await drain(modelClose(session, { model }));
    await expect(drain(job)).rejects.toSatisfy(reason('cancelled'));

    const before = readdirSync('/proc/self/fd').length;
    for (const steps of [1, 2, 10, 40]) {
      const opening = modelOpen(session, { source: bundled });
      for (let i = 0; i < steps; i++) await opening.next();
      await opening.return(undefined as never);
    }
    // Work under way when an opening is cancelled ends a little later.
    await vi.waitFor(() => expect(readdirSync('/proc/self/fd')).toHaveLength(before));
    expect(session.list()).toEqual([]);
  });
});

describe('opening dictionaries', () => {
  it('adds a dictionary from disk, once', async () => {
    const session = newSession();
    const { model } = await drain(modelOpen(session, { source: bundled }));
    const path = join(zoo, 'mine');
    await writeDictionary(path, 'blocks.1.hook_resid_post', 9);
    const opened = await drain(dictionaryOpen(session, { model, path }));
    expect(opened).toMatchObject({ kind: 'sae', architecture: 'topk', hook: 'blocks.1.hook_resid_post', latents: tinyModel.latents, source: path });
    expect(await drain(dictionaryOpen(session, { model, path }))).toEqual(opened);
    expect(session.model(model).dictionarySummaries).toHaveLength(4);
    await session.close(model);
  });

  it('tells apart two whose folders have the same name', async () => {
    const session = newSession();
    const { model } = await drain(modelOpen(session, { source: bundled }));
    const paths = ['a', 'b'].map((parent) => join(zoo, parent, 'twin'));
    for (const path of paths) await writeDictionary(path, 'blocks.1.hook_resid_post', 9);
    const opened: string[] = [];
    for (const path of paths) opened.push((await drain(dictionaryOpen(session, { model, path }))).id);
    expect(opened).toEqual(['twin', 'twin~2']);
    await session.close(model);
  });

  it('refuses one whose hook point the model lacks, is of another width, or is not there', async () => {
    const session = newSession();
    const { model } = await drain(modelOpen(session, { source: bundled }));
    const [elsewhere, wide] = [join(zoo, 'elsewhere'), join(zoo, 'wide')];
    await writeDictionary(elsewhere, 'blocks.9.hook_resid_post', 1);
    await writeDictionary(wide, 'blocks.1.mlp.hook_post', 1);
    await expect(drain(dictionaryOpen(session, { model, path: elsewhere }))).rejects.toThrow(/no hook point blocks\.9/);
    await expect(drain(dictionaryOpen(session, { model, path: wide }))).rejects.toThrow(/width 32/);
    await expect(drain(dictionaryOpen(session, { model, path: 'relative' }))).rejects.toSatisfy(reason('argument'));
    await session.close(model);
  });

  it.each([['gpt2_clt', 'clt'], ['gpt2_relu', 'transcoder']])('opens the layers of %s each by its own hook point', async (name, kind) => {
    const session = newSession();
    const { model } = await drain(modelOpen(session, { source: { kind: 'folder', path: join(fixtures, 'models/gpt2') } }));
    const path = join(zoo, name);
    cpSync(join(fixtures, 'circuit_tracer', name, 'transcoders'), path, { recursive: true });
    writeFileSync(join(path, 'config.yaml'), 'feature_input_hook: hook_resid_mid\nfeature_output_hook: hook_mlp_out\n');
    await drain(dictionaryOpen(session, { model, path }));
    const summaries = session.model(model).dictionarySummaries;
    expect(summaries.map((summary) => summary.kind)).toEqual([kind, kind, kind]);
    expect(summaries.map(({ hook }) => hook).toSorted()).toEqual([0, 1, 2].map((layer) => `blocks.${layer}.hook_resid_mid`));
    expect(summaries.map(({ id, hook }) => [id, hook])).toEqual(expect.arrayContaining([0, 1, 2].map((layer) => [`${name}.${layer}`, `blocks.${layer}.hook_resid_mid`])));
    await session.close(model);
  });
});
