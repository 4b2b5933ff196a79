/** Composition scores against TransformerLens 2.15 and against their definition. */
import { afterAll, describe, expect, it } from 'vitest';
import { compositionScores } from '../../../../src/algorithmic/attention/composition.ts';
import { openSafetensors } from '../../../../src/engine/formats/safetensors.ts';
import { openHuggingFace } from '../../../../src/engine/models/huggingface.ts';
import { Runtime } from '../../../../src/engine/runtime/runtime.ts';
import { difference } from '../../../support/compare.ts';

const fixtures = new URL('../../../fixtures/', import.meta.url).pathname;
const runtime = new Runtime({ threads: 1 });
afterAll(() => runtime.dispose());

describe('compositionScores', () => {
  it.each(['Q', 'K', 'V'])('%s equals TransformerLens', async (letter) => {
    const model = await openHuggingFace(`${fixtures}models/gpt2`);
    const { scores } = await compositionScores(model, runtime, { kind: letter.toLowerCase() as 'q', nulls: 0 });
    const oracle = openSafetensors(`${fixtures}transformer_lens/gpt2.safetensors`).read(`composition.${letter}`);
    expect(scores.dims).toEqual(oracle.dims);
    expect(difference(scores, oracle).largest).toBeLessThan(1e-5);
  });

  it('draws a null around 1/√d, the expectation for unrelated directions, and repeats it with the seed', async () => {
    const model = await openHuggingFace(`${fixtures}models/llama`);
    const { dModel, nHeads, nLayers } = model.config!;
    const draw = (seed: number) => compositionScores(model, runtime, { kind: 'k', nulls: 12, seed });
    const [first, again, other] = [await draw(3), await draw(3), await draw(4)];
    expect(first.nullMean).toEqual(again.nullMean);
    expect(first.nullMean).not.toEqual(other.nullMean);
    const below = Array.from(first.nullMean!.data.keys()).filter((i) => Math.floor(i / (nHeads * nLayers * nHeads)) < Math.floor(i / nHeads) % nLayers);
    const squares = below.map((i) => first.nullMean!.data[i]! ** 2);
    const mean = Math.sqrt(squares.reduce((sum, value) => sum + value, 0) / squares.length);
    expect(mean * Math.sqrt(dModel)).toBeGreaterThan(0.85);
    expect(mean * Math.sqrt(dModel)).toBeLessThan(1.15);
    for (const i of below) expect(first.nullHigh!.data[i]!).toBeGreaterThanOrEqual(first.nullMean!.data[i]!);
  });
});
