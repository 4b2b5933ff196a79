/** Painting, with an editor that is made up. */
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { contextKeys } from '../../../src/extension/contextKeys.ts';
import { Inspector } from '../../../src/extension/inspection/inspector.ts';
import { OpenModels } from '../../../src/extension/models/openModels.ts';
import { Painter } from '../../../src/extension/paint/painter.ts';
import { readSetting } from '../../../src/extension/settings.ts';
import { PeerError } from '../../../src/protocol/peer.ts';
import { FakeEngine, model } from './fakes.ts';
import { editor } from './fakeVscode.ts';

vi.mock('vscode', async () => (await import('./fakeVscode.ts')).fakeVscode());

beforeEach(() => editor.contextKeys.clear());

function painter(): { engine: FakeEngine; painter: Painter } {
  const engine = new FakeEngine();
  engine.models.set('m', model('m'));
  const models = new OpenModels(engine, { defaultSource: () => ({ source: { kind: 'zoo', id: 'm' } }), memoryLimit: () => undefined });
  return { engine, painter: new Painter(engine, models, new Inspector(engine, models)) };
}

function textEditor(text: string): never {
  const document = { uri: { toString: () => 'file:///w/x.txt' }, version: 1, languageId: 'plaintext', getText: () => text, offsetAt: (offset: number) => offset, positionAt: (offset: number) => offset, lineCount: 1, lineAt: () => ({ range: { end: text.length } }) };
  return { document, visibleRanges: [] } as never;
}

describe('painting', () => {
  it('that fails before the first colour leaves nothing painted', async () => {
    const { engine, painter: all } = painter();
    const call = engine.call.bind(engine);
    engine.call = (method, ...rest) => (method === 'text.inspect' ? Promise.reject(new PeerError({ reason: 'internal', message: 'no luck' })) : call(method, ...rest));
    await expect(all.paint(textEditor('Mary had'), { kind: 'surprise' })).rejects.toThrow('no luck');
    expect(all.legend).toBeUndefined();
    expect(editor.contextKeys.get(contextKeys.painted)).toBe(false);
  });
});

it('a setting that a folder may have its own value of is read for the folder', () => {
  const folder = { path: '/w' };
  readSetting('findings.folder', folder as never);
  expect(editor.readFor.at(-1)).toBe(folder);
});
