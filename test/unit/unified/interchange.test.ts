/** Interchange interventions against their identities: all of it gives the source's answer, none of it the base's. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { metricPerPrompt } from '../../../src/algorithmic/metricRuns.ts';
import { spliceDictionary } from '../../../src/engine/dictionaries/splice.ts';
import { withDictionaries } from '../../../src/engine/dictionaries/dictionary.ts';
import { prune } from '../../../src/engine/graph/prune.ts';
import { Runtime } from '../../../src/engine/runtime/runtime.ts';
import { f32, i64 } from '../../../src/engine/tensor.ts';
import { follows } from '../../../src/evidence/methods/interchange.ts';
import { interchange, interchangeAlong } from '../../../src/unified/interchange.ts';
import type { Exchange } from '../../../src/unified/interchange.ts';
import { tinyDictionary, tinyHook, tinyLanguageModel } from '../../support/tinyFeatures.ts';

const model = tinyLanguageModel();
const runtime = new Runtime({ threads: 1 });
const folder = mkdtempSync(join(tmpdir(), 'mechanist-interchange-'));
afterAll(async () => {
  await runtime.dispose();
  rmSync(folder, { recursive: true });
});
const opened = { model, runtime };
const ids = (rows: readonly (readonly number[])[]) => new Map([['input_ids', i64([rows.length, rows[0]!.length], rows.flat())]]);
const exchange: Exchange = {
  base: ids([[1, 5, 9, 33, 2], [7, 8, 3, 12, 40]]), source: ids([[1, 6, 20, 33, 4], [7, 30, 3, 18, 41]]),
  metric: { kind: 'logit_diff', rows: [{ right: 11, wrong: 22 }, { right: 13, wrong: 17 }], position: -1 },
};
const near = (values: readonly number[], expected: readonly number[]): void => values.forEach((value, i) => expect(value).toBeCloseTo(expected[i]!, 4));

describe('an interchange', () => {
  it('of everything that the rest reads gives the answer of the source', async () => {
    const found = await interchange(opened, exchange, { kind: 'component', hook: 'blocks.0.hook_resid_pre', where: {} });
    near(found.after, found.source);
    expect(found.source[0]).not.toBeCloseTo(found.base[0]!, 3);
  });

  it('of nothing leaves the answer of the base', async () => {
    const found = await interchange(opened, exchange, { kind: 'component', hook: 'blocks.0.hook_resid_pre', where: { position: [] } });
    near(found.after, found.base);
  });

  it('of a prompt with itself leaves it', async () => {
    const found = await interchange(opened, { ...exchange, source: exchange.base }, { kind: 'component', hook: 'blocks.0.attn.hook_z', where: { head: [0] } });
    near(found.after, found.base);
  });

  it('of a feature adds the difference of its activations times its decoder row, and nothing else', async () => {
    const dictionary = await tinyDictionary(join(folder, 'topk'), 'topk');
    const graph = spliceDictionary(model.graph(), dictionary, { errorTerm: true });
    const parameters = withDictionaries(model.parameters, [dictionary]);
    const acts = async (inputs: Exchange['base']) => (await runtime.run(prune(graph, [`${tinyHook}.hook_sae_acts_post`]), model.feeds(inputs), parameters)).get(`${tinyHook}.hook_sae_acts_post`)!;
    const [there, here] = [await acts(exchange.source), await acts(exchange.base)];
    const latents = dictionary.nLatents;
    const change = (feature: number): number[] => Array.from({ length: there.data.length / latents }, (_, token) => Number(there.data[token * latents + feature]) - Number(here.data[token * latents + feature]));
    const feature = Array.from({ length: latents }, (_, index) => index).toSorted((a, b) => Math.max(...change(b).map(Math.abs)) - Math.max(...change(a).map(Math.abs)))[0]!;
    const row = (dictionary.parameters.get('W_dec').data as Float32Array).slice(feature * dictionary.dOut, (feature + 1) * dictionary.dOut);
    const value = f32([2, 5, dictionary.dOut], change(feature).flatMap((size) => Array.from(row, (entry) => size * entry)));
    const part = { kind: 'feature', dictionary, feature } as const;
    const found = await interchange(opened, exchange, part);
    const added = await metricPerPrompt(opened, { inputs: exchange.base, metric: exchange.metric, interventions: [{ hook: tinyHook, kind: 'add', value }] });
    near(found.after, added);
    expect(Math.abs(found.after[0]! - found.base[0]!) + Math.abs(found.after[1]! - found.base[1]!)).toBeGreaterThan(1e-4);
    // The step of the control is as long: along the feature's own direction it is the same step, up to its sign.
    const norm = Math.hypot(...row);
    const along = await interchangeAlong(opened, exchange, part, row.map((entry) => entry / norm));
    const sizes = f32([2, 5, dictionary.dOut], change(feature).flatMap((size) => Array.from(row, (entry) => Math.abs(size) * entry)));
    near(along, await metricPerPrompt(opened, { inputs: exchange.base, metric: exchange.metric, interventions: [{ hook: tinyHook, kind: 'add', value: sizes }] }));
  });

  it('is followed where the two prompts are answered differently and the answer is the source\'s then', () => {
    expect(follows({ base: [-1, -1, 1, 2], source: [1, 1, -1, 3], after: [0.5, -0.2, -3, 9] })).toEqual([1, 0, 1]);
  });
});
