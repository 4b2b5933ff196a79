import { describe, expect, it } from 'vitest';
import { Inspector } from '../../../src/extension/inspection/inspector.ts';
import { tokenAt } from '../../../src/extension/inspection/inspectionCache.ts';
import { OpenModels } from '../../../src/extension/models/openModels.ts';
import { FakeEngine, dictionary, model, textDocument } from './fakes.ts';

const sentence = 'When Mary and John went to the market, John gave a book to Mary. ';

describe('reading a text', () => {
  it('asks the engine for nothing before somebody wants something', async () => {
    const { engine, inspector } = parts();
    await inspector.computeAhead(textDocument(sentence), 5);
    expect(inspector.cached(textDocument(sentence), 5)).toBeUndefined();
    expect(engine.calls).toEqual([]);
  });

  it('opens the default model with the first wish and answers from the cache afterwards', async () => {
    const { engine, inspector } = parts();
    const document = textDocument(sentence);
    await inspector.inspect(document, 5);
    const found = inspector.cached(document, 40);
    expect(tokenAt(found!, 40)?.token.text).toBe(' John');
    await inspector.inspect(document, 40);
    expect(engine.calls.map(({ method }) => method)).toEqual(['model.open', 'text.inspect']);
  });

  it('opens the model once for wishes that come together', async () => {
    const { engine, inspector } = parts();
    await Promise.all([inspector.inspect(textDocument(sentence), 5), inspector.inspect(textDocument(sentence), 6)]);
    expect(engine.called('model.open')).toHaveLength(1);
    expect(engine.called('text.inspect')).toHaveLength(1);
  });

  it('knows nothing of another version or another dictionary', async () => {
    const { inspector, models } = parts();
    await inspector.inspect(textDocument(sentence, 1), 5);
    expect(inspector.cached(textDocument(`x${sentence}`, 2), 5)).toBeUndefined();
    models.useDictionary('fable', 'other');
    expect(inspector.cached(textDocument(sentence, 1), 5)).toBeUndefined();
  });

  it('forgets everything when the engine has gone', async () => {
    const { engine, inspector } = parts();
    await inspector.inspect(textDocument(sentence), 5);
    engine.become({ kind: 'failed', reason: 'it ended' });
    engine.become({ kind: 'ready', busy: false });
    expect(inspector.cached(textDocument(sentence), 5)).toBeUndefined();
  });

  it('computes around the cursor at low priority once a model is open', async () => {
    const { engine, inspector } = parts();
    const document = textDocument(sentence.repeat(200));
    await inspector.inspect(document, 0);
    await inspector.computeAhead(document, 6_000);
    expect(inspector.cached(document, 6_000)).toBeDefined();
    expect(engine.called('text.inspect').slice(1).map(({ options }) => options.priority)).toEqual(['batch', 'batch', 'batch']);
  });

  it('drops the wish to compute ahead when the cursor has moved on', async () => {
    const { engine, inspector } = parts();
    const document = textDocument(sentence.repeat(200));
    await inspector.inspect(document, 0);
    const first = inspector.computeAhead(document, 3_000);
    const [call] = engine.called('text.inspect').slice(1);
    const second = inspector.computeAhead(document, 9_000);
    await Promise.all([first, second]);
    expect(call!.options.signal!.aborted).toBe(true);
    expect(inspector.cached(document, 9_000)).toBeDefined();
  });

  it('shortens its windows for a model that left tokens out, and still answers for every offset', async () => {
    const { engine, inspector } = parts();
    engine.context = 40;
    const text = sentence.repeat(60);
    const document = textDocument(text);
    for (const offset of [0, 700, 1_599, 1_600, text.length - 2]) {
      const result = await inspector.inspect(document, offset);
      expect(result.inspection.leftOut === 0 || tokenAt(result, offset) !== undefined).toBe(true);
      expect(tokenAt(result, offset), `offset ${offset}`).toBeDefined();
    }
  });
});

function parts(): { engine: FakeEngine; models: OpenModels; inspector: Inspector } {
  const engine = new FakeEngine();
  engine.models.set('fable', model('fable', [dictionary('first'), dictionary('other')]));
  const models = new OpenModels(engine, { defaultSource: () => ({ source: { kind: 'zoo', id: 'fable' } }), memoryLimit: () => undefined });
  return { engine, models, inspector: new Inspector(engine, models) };
}
