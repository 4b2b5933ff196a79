/** The tuned lens: equal to the logit lens before training, nearer to the output afterwards, and kept in files. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { logitLens } from '../../../src/algorithmic/logitLens.ts';
import { readableHooks } from '../../../src/algorithmic/readout.ts';
import { trainTunedLens } from '../../../src/algorithmic/tunedLens/train.ts';
import { loadTunedLens, saveTunedLens } from '../../../src/algorithmic/tunedLens/tunedLens.ts';
import { openHuggingFace } from '../../../src/engine/models/huggingface.ts';
import { Random } from '../../../src/engine/random.ts';
import { Runtime } from '../../../src/engine/runtime/runtime.ts';
import { i64, zeros } from '../../../src/engine/tensor.ts';
import { difference } from '../../support/compare.ts';

const fixtures = new URL('../../fixtures/models/', import.meta.url).pathname;
const runtime = new Runtime({ threads: 1 });
const folder = mkdtempSync(join(tmpdir(), 'mechanist-lens-'));
afterAll(async () => {
  rmSync(folder, { recursive: true });
  await runtime.dispose();
});

function tokens(seed: number) {
  const random = new Random(seed);
  return new Map([['input_ids', i64([4, 16], Array.from({ length: 64 }, () => random.integer(160)))]]);
}

describe('trainTunedLens', () => {
  it.each(['gpt2', 'llama'])('brings every layer nearer to the output on text it has not seen: %s', async (name) => {
    const model = await openHuggingFace(`${fixtures}${name}`);
    const losses: number[] = [];
    const { lens, layers } = await trainTunedLens(model, runtime, { batch: tokens, heldOut: [tokens(1001), tokens(1002)], steps: 60, learningRate: 5e-3, onProgress: (_, __, loss) => losses.push(loss) });
    expect(losses).toHaveLength(60);
    expect(layers.map(({ hook }) => hook)).toEqual(['blocks.0.hook_resid_pre', ...Array.from({ length: model.config!.nLayers - 1 }, (_, layer) => `blocks.${layer}.hook_resid_post`)]);
    for (const { before, after } of layers) expect(after).toBeLessThan(0.9 * before);

    const inputs = tokens(1001);
    const hook = layers[0]!.hook;
    await saveTunedLens(join(folder, name), lens, model);
    const [own, read] = [await logitLens(model, runtime, { inputs, hooks: [hook], tuned: lens }), await logitLens(model, runtime, { inputs, hooks: [hook], tuned: await loadTunedLens(join(folder, name), model) })];
    expect(read).toEqual(own);
  });

  it('starts as the logit lens', async () => {
    const model = await openHuggingFace(`${fixtures}gpt2`);
    const width = model.config!.dModel;
    const hooks = readableHooks(model);
    const tuned = { translators: new Map(hooks.map((hook) => [hook, { matrix: zeros('float32', [width, width]), bias: zeros('float32', [width]) }])) };
    const inputs = tokens(1);
    const [plain, translated] = [await logitLens(model, runtime, { inputs, hooks }), await logitLens(model, runtime, { inputs, hooks, tuned })];
    expect(plain).toHaveLength(1 + 5 * 3);
    plain.forEach((layer, i) => expect(difference(translated[i]!.klToOutput, layer.klToOutput).largest).toBeLessThan(1e-5));
  });

  it('stops when asked', async () => {
    const model = await openHuggingFace(`${fixtures}gpt2`);
    await expect(trainTunedLens(model, runtime, { batch: tokens, heldOut: [], steps: 2, signal: AbortSignal.abort() })).rejects.toMatchObject({ reason: 'cancelled' });
  });
});

describe('loadTunedLens', () => {
  it('refuses the lens of another model, other files, and folders without one', async () => {
    const [gpt2, llama] = [await openHuggingFace(`${fixtures}gpt2`), await openHuggingFace(`${fixtures}llama`)];
    const place = join(folder, 'other');
    await saveTunedLens(place, { translators: new Map() }, gpt2);
    await expect(loadTunedLens(place, llama)).rejects.toMatchObject({ reason: 'argument', hint: expect.stringContaining('Train') });
    writeFileSync(join(place, 'tuned_lens.json'), '{"kind": "tuned_lens", "hooks": 3}');
    await expect(loadTunedLens(place, gpt2)).rejects.toMatchObject({ reason: 'parse' });
    await expect(loadTunedLens(join(folder, 'none'), gpt2)).rejects.toMatchObject({ reason: 'not-found' });
  });
});
