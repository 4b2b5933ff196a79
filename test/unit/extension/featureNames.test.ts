import { describe, expect, it } from 'vitest';
import { FeatureNames } from '../../../src/extension/inspection/featureNames.ts';
import type { EngineCallOptions } from '../../../src/protocol/engineClient.ts';
import type { MethodName, Params, Results } from '../../../src/protocol/methods.ts';
import { PeerError } from '../../../src/protocol/peer.ts';
import { FakeEngine, dictionary, model, english } from './fakes.ts';

const score = { detection: 0.934, wrongLabel: 0.512, shuffled: 0.5, fuzzing: 0.8, fuzzingWrongLabel: 0.5, byBin: [], examples: 40 };
const row = (feature: number, label: string, scored: boolean) => ({
  feature, label: { label, author: 'hand' as const, ...(scored ? { score } : {}) }, density: 0, max: 0, mean: 0, share: 0, topTokens: [], grade: 0,
});

class LabellingEngine extends FakeEngine {
  rows = [row(137, 'second of two names', true), row(5, 'a number', false)];
  failure: PeerError | undefined;
  total: number | undefined;

  override async call<M extends MethodName>(method: M, params: Params<M>, options: EngineCallOptions = {}): Promise<Results[M]> {
    if (method !== 'semantic.features') return super.call(method, params, options);
    this.calls.push({ method, params, options });
    await Promise.resolve();
    if (this.failure !== undefined) throw this.failure;
    const table: Results['semantic.features'] = { rows: this.rows, total: this.total ?? this.rows.length, unfiltered: 64 };
    return table as Results[M];
  }
}

const active = { model: model('m', [dictionary('d')]), dictionary: dictionary('d') };

describe('names of features', () => {
  it('are there once the labels have been read, with the score beside that of a wrong label', async () => {
    const names = new FeatureNames(new LabellingEngine(), () => '/labels', () => undefined, english);
    expect(names.nameOf('aa', 137)).toBeUndefined();
    await names.want(active);
    expect(names.nameOf('aa', 137)).toBe('second of two names (0.93; wrong label 0.51)');
    expect(names.nameOf('aa', 137, 6)).toBe('second… (0.93; wrong label 0.51)');
    expect(names.nameOf('aa', 5)).toBe('a number');
    expect(names.nameOf('aa', 6)).toBeUndefined();
    expect(names.nameOf('other', 137)).toBeUndefined();
  });

  it('are asked for once, and again after labels have changed', async () => {
    const engine = new LabellingEngine();
    const names = new FeatureNames(engine, () => undefined, () => undefined, english);
    await Promise.all([names.want(active), names.want(active)]);
    expect(engine.called('semantic.features')).toHaveLength(1);
    expect(engine.called('semantic.features')[0]!.options.priority).toBe('batch');
    names.forget();
    await names.want(active);
    expect(engine.called('semantic.features')).toHaveLength(2);
  });

  it('quote tokens as the rest of the editor writes them', async () => {
    const engine = new LabellingEngine();
    engine.rows = [row(3, 'on “·Mary”, “·gave” · twice', false)];
    const names = new FeatureNames(engine, () => undefined, () => undefined, english);
    await names.want(active);
    expect(names.nameOf('aa', 3)).toBe('on “␣Mary”, “␣gave” · twice');
  });

  it('are asked for again after any failure, and tell when there are more than are kept', async () => {
    const engine = new LabellingEngine();
    const told: string[] = [];
    const names = new FeatureNames(engine, () => undefined, (problem) => told.push(problem), english);
    engine.failure = new PeerError({ reason: 'parse', message: 'broken file' });
    await expect(names.want(active)).rejects.toThrow('broken file');
    engine.failure = undefined;
    engine.total = 1_000_000;
    await names.want(active);
    expect(names.nameOf('aa', 5)).toBe('a number');
    expect(told).toEqual([expect.stringContaining('has 1000000')]);
  });

  it('are none for a dictionary without a store, and are asked for again when the engine ended meanwhile', async () => {
    const engine = new LabellingEngine();
    const names = new FeatureNames(engine, () => undefined, () => undefined, english);
    engine.failure = new PeerError({ reason: 'disconnected', message: 'gone' });
    await expect(names.want(active)).rejects.toThrow('gone');
    engine.failure = new PeerError({ reason: 'not-found', message: 'no store' });
    await names.want(active);
    await names.want(active);
    expect(engine.called('semantic.features')).toHaveLength(2);
  });
});
