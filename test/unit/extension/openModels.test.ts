import { describe, expect, it } from 'vitest';
import { OpenModels } from '../../../src/extension/models/openModels.ts';
import { failureText } from '../../../src/protocol/failureText.ts';
import { PeerError } from '../../../src/protocol/peer.ts';
import { FakeEngine, dictionary, model } from './fakes.ts';

describe('open models', () => {
  it('make the last one opened the active one, with its default dictionary', async () => {
    const { models } = parts();
    await models.open({ kind: 'zoo', id: 'a' });
    await models.open({ kind: 'zoo', id: 'b' });
    expect(models.active).toMatchObject({ model: { model: 'b' }, dictionary: { dictionary: 'b1' } });
  });

  it('are listed once when opened again', async () => {
    const { models } = parts();
    await models.open({ kind: 'zoo', id: 'a' });
    await models.open({ kind: 'zoo', id: 'a' });
    expect(models.all).toHaveLength(1);
  });

  it('pass the memory limit on', async () => {
    const { engine, models } = parts();
    await models.need();
    expect(engine.called('model.open')[0]!.params).toEqual({ source: { kind: 'zoo', id: 'a' }, memoryLimit: 5_000 });
  });

  it('fall back to another one when the active one is closed', async () => {
    const { models } = parts();
    await models.open({ kind: 'zoo', id: 'a' });
    await models.open({ kind: 'zoo', id: 'b' });
    await models.close('b');
    expect(models.active?.model.model).toBe('a');
    await models.close('a');
    expect(models.active).toBeUndefined();
  });

  it('remember the chosen dictionary of each', async () => {
    const { models } = parts();
    await models.open({ kind: 'zoo', id: 'b' });
    models.useDictionary('b', 'b2');
    await models.open({ kind: 'zoo', id: 'a' });
    models.use('b');
    expect(models.active?.dictionary?.dictionary).toBe('b2');
  });

  it('show a dictionary that was opened from disk, and use it', async () => {
    const { models } = parts();
    await models.open({ kind: 'zoo', id: 'a' });
    await models.openDictionary('a', 'my/sae');
    expect(models.active?.dictionary?.dictionary).toBe('my/sae');
    expect(models.all[0]!.dictionaries.map((one) => one.dictionary)).toEqual(['my/sae']);
  });

  it('say how far the default one is, and why it was not opened', async () => {
    const { engine, models } = parts();
    const seen: string[] = [];
    models.onOpening(() => seen.push(models.progress.kind));
    const { call } = engine;
    engine.call = () => Promise.reject(new PeerError({ reason: 'not-found', message: 'No such folder.' }));
    await expect(models.need()).rejects.toThrow('No such folder.');
    expect(models.progress).toEqual({ kind: 'failed', message: 'No such folder.' });
    engine.call = call;
    await models.need();
    expect(seen).toEqual(['running', 'failed', 'running', 'none']);
  });

  it('are gone with the engine', async () => {
    const { engine, models } = parts();
    await models.open({ kind: 'zoo', id: 'a' });
    let told = 0;
    models.onChange(() => told++);
    engine.become({ kind: 'starting' });
    expect(models.all).toEqual([]);
    expect(told).toBe(1);
  });
});

describe('the words of a failure', () => {
  it('hold place and remedy, and say nothing twice', () => {
    const error = new PeerError({ reason: 'format', message: 'The header is cut off.', file: 'model.safetensors', field: 'W_enc', hint: 'Download it again.' });
    expect(failureText(error)).toBe('The header is cut off. — model.safetensors · W_enc — Download it again.');
    expect(failureText(new PeerError({ reason: 'x', message: 'No file a.bin.', file: 'a.bin' }))).toBe('No file a.bin.');
    expect(failureText(new Error('plain'))).toBe('plain');
  });
});

function parts(): { engine: FakeEngine; models: OpenModels } {
  const engine = new FakeEngine();
  engine.models.set('a', model('a'));
  engine.models.set('b', model('b', [dictionary('b1'), dictionary('b2')]));
  return { engine, models: new OpenModels(engine, { defaultSource: () => ({ source: { kind: 'zoo', id: 'a' } }), memoryLimit: () => 5_000 }) };
}
