/** Changing a feature: equal to interventions on a dictionary that is spliced in, and nothing where nothing is changed. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { withDictionaries } from '../../../../src/engine/dictionaries/dictionary.ts';
import type { Dictionary } from '../../../../src/engine/dictionaries/dictionary.ts';
import { spliceCrossLayer, spliceDictionary } from '../../../../src/engine/dictionaries/splice.ts';
import type { Graph } from '../../../../src/engine/graph/ir.ts';
import { intervene } from '../../../../src/engine/interventions/intervene.ts';
import type { Intervention } from '../../../../src/engine/interventions/intervention.ts';
import type { ParameterSource } from '../../../../src/engine/runtime/program.ts';
import { Runtime } from '../../../../src/engine/runtime/runtime.ts';
import { i64 } from '../../../../src/engine/tensor.ts';
import { featureSource } from '../../../../src/semantic/store/source.ts';
import type { FeatureSource } from '../../../../src/semantic/store/source.ts';
import { featureEffect } from '../../../../src/semantic/steering/effect.ts';
import type { Effect } from '../../../../src/semantic/steering/effect.ts';
import { lossEffect } from '../../../../src/semantic/steering/lossEffect.ts';
import { activationOutput, addedOutput, steeringProgram } from '../../../../src/semantic/steering/steer.ts';
import type { FeatureAction } from '../../../../src/semantic/steering/steer.ts';
import { tinyCrossLayer, tinyDictionary, tinyHook, tinyLanguageModel } from '../../../support/tinyFeatures.ts';

const root = mkdtempSync(join(tmpdir(), 'mechanist-steering-'));
const runtime = new Runtime({ threads: 1 });
const model = tinyLanguageModel();
const ids = [1, 5, 9, 33, 2, 60, 7, 11];
const inputs = model.feeds(new Map([['input_ids', i64([1, ids.length], ids)]]));
afterAll(async () => {
  await runtime.dispose();
  rmSync(root, { recursive: true });
});

async function steered(source: FeatureSource, feature: number, action: FeatureAction, where: readonly number[]): Promise<{ logits: Float32Array; activations: Float32Array; added: Float32Array }> {
  const program = steeringProgram(model, source);
  const mask = Float32Array.from(ids, (_, position) => (where.includes(position) ? 1 : 0));
  const results = await runtime.run({ ...program.graph, outputs: [model.output, activationOutput, addedOutput] }, new Map([...inputs, ...program.feeds(feature, action, mask, [1, ids.length])]), program.parameters);
  const read = (name: string): Float32Array => results.get(name)!.data as Float32Array;
  return { logits: read(model.output), activations: read(activationOutput), added: read(addedOutput) };
}

async function intervened(graph: Graph, parameters: ParameterSource, interventions: readonly Intervention[]): Promise<Float32Array> {
  const { graph: changed, feeds } = intervene(graph, interventions, inputs);
  return (await runtime.run({ ...changed, outputs: [model.output] }, feeds, parameters)).get(model.output)!.data as Float32Array;
}

const kinds = [
  ['topk', {}], ['jumprelu', {}], ['topk', { normalize_activations: 'layer_norm' }], ['jumprelu', { normalize_activations: 'constant_norm_rescale' }], ['topk', { rescale_acts_by_decoder_norm: true }],
] as const;

describe.each(kinds)('%s %j', (architecture, more) => {
  const opened = tinyDictionary(join(root, `${architecture}-${JSON.stringify(more).replace(/\W/g, '')}`), architecture, more);
  const active = async (): Promise<{ dictionary: Dictionary; feature: number; position: number; value: number }> => {
    const dictionary = await opened;
    for (let feature = 0; feature < dictionary.nLatents; feature++) {
      const { activations } = await steered(featureSource(dictionary), feature, { kind: 'ablate' }, []);
      const position = activations.findIndex((value, p) => p > 0 && value > 0.05);
      if (position > 0) return { dictionary, feature, position, value: activations[position]! };
    }
    throw new Error('no feature fires');
  };

  test('ablating, clamping and adding equal interventions on the spliced dictionary', async () => {
    const { dictionary, feature, position, value } = await active();
    const spliced = spliceDictionary(model.graph(), dictionary, { errorTerm: true });
    const parameters = withDictionaries(model.parameters, [dictionary]);
    const hook = `${tinyHook}.hook_sae_acts_post`;
    const where = { position: [position, position - 1], neuron: [feature] };
    const cases: [FeatureAction, Intervention][] = [
      [{ kind: 'ablate' }, { hook, kind: 'zero', where }],
      [{ kind: 'clamp', value: 2 * value }, { hook, kind: 'patch', value: 2 * value, where }],
      [{ kind: 'add', amount: 0.7 }, { hook, kind: 'add', value: 0.7, where }],
    ];
    for (const [action, intervention] of cases) {
      const { logits } = await steered(featureSource(dictionary), feature, action, [position, position - 1]);
      expect(largestDifference(logits, await intervened(spliced, parameters, [intervention]))).toBeLessThanOrEqual(1e-5);
    }
  });

  test('clamping to the current value changes nothing', async () => {
    const { dictionary, feature, position, value } = await active();
    const { logits, added } = await steered(featureSource(dictionary), feature, { kind: 'clamp', value }, [position]);
    const unchanged = (await runtime.run({ ...model.graph(), outputs: [model.output] }, inputs, model.parameters)).get(model.output)!.data as Float32Array;
    expect(largestDifference(logits, unchanged)).toBeLessThanOrEqual(1e-5);
    expect(Math.max(...added)).toBeLessThanOrEqual(1e-5);
  });
});

test('a feature of a cross-layer transcoder is changed at every layer it writes', async () => {
  const opened = tinyCrossLayer();
  const source = featureSource(opened, 0);
  const parameters = withDictionaries(model.parameters, [opened]);
  const spliced = spliceCrossLayer(model.graph(), opened, { errorTerm: true });
  const { logits } = await steered(source, 3, { kind: 'add', amount: 1.5 }, [2]);
  const expected = await intervened(spliced, parameters, [{ hook: 'blocks.0.hook_mlp_out.hook_sae_acts_post', kind: 'add', value: 1.5, where: { position: [2], neuron: [3] } }]);
  expect(largestDifference(logits, expected)).toBeLessThanOrEqual(1e-5);
});

describe('effects', () => {
  const effect = async (action: FeatureAction, continuation = 4, temperature = 0): Promise<Effect> => {
    const source = featureSource(await tinyDictionary(join(root, 'effect'), 'jumprelu'));
    const steps = featureEffect({ model, runtime, source, ids, feature: 6, action, continuation, temperature, seed: 3 });
    for (;;) {
      const step = await steps.next();
      if (step.done === true) return step.value;
    }
  };

  test('the unchanged run is the model, and a change by nothing changes nothing', async () => {
    const { default: unchanged, changed, random, norm } = await effect({ kind: 'add', amount: 0 }, 5, 1);
    expect(norm).toBe(0);
    expect([changed.kl, random.kl]).toEqual([expect.closeTo(0, 6), expect.closeTo(0, 6)]);
    expect(changed.continuation).toEqual(unchanged.continuation);
    expect(Math.abs(unchanged.logProbabilities.reduce((sum, value) => sum + Math.exp(value), 0) - 1)).toBeLessThan(1e-4);
  });

  test('a large change moves the prediction, and the control is along another direction', async () => {
    const { changed, random, norm } = await effect({ kind: 'add', amount: 30 });
    expect(norm).toBeGreaterThan(0);
    expect(changed.kl).toBeGreaterThan(0.01);
    expect(random.kl).not.toBe(changed.kl);
    expect(changed.continuation).toHaveLength(4);
  });
});

test('loss changes only at tokens after the feature fires', async () => {
  const source = featureSource(await tinyDictionary(join(root, 'loss'), 'jumprelu'));
  const contexts = i64([2, ids.length], [...ids, ...ids.toReversed()]);
  let fired = 0;
  for (let feature = 0; feature < 12; feature++) {
    const steps = lossEffect(model, runtime, source, feature, contexts, 1);
    let step = await steps.next();
    while (step.done !== true) step = await steps.next();
    for (const { delta, random, activations } of step.value) {
      expect(delta[0]).toBeNaN();
      const first = activations.findIndex((value) => value > 0);
      const quiet = first === -1 ? delta.length : first + 1;
      for (let p = 1; p < quiet; p++) expect([Math.abs(delta[p]!) < 1e-5, Math.abs(random[p]!) < 1e-5]).toEqual([true, true]);
      if (first !== -1 && first + 1 < delta.length) {
        fired++;
        expect(delta.slice(first + 1).some((value) => Math.abs(value) > 1e-6)).toBe(true);
      }
    }
  }
  expect(fired).toBeGreaterThan(0);
});

function largestDifference(a: Float32Array, b: Float32Array): number {
  return a.reduce((most, value, i) => Math.max(most, Math.abs(value - b[i]!)), 0);
}
