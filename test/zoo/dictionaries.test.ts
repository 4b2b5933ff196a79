/** The bundled dictionaries: they open, are small, are what their reports say, and are good enough to be used. */
import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import type { CrossLayerTranscoder, Dictionary, TranscoderSet } from '../../src/engine/dictionaries/dictionary.ts';
import { openDictionary, openTranscoders } from '../../src/engine/dictionaries/open.ts';
import { openSafetensors } from '../../src/engine/formats/safetensors.ts';
import { openHuggingFace } from '../../src/engine/models/huggingface.ts';
import { Runtime } from '../../src/engine/runtime/runtime.ts';
import { dictionaryMetrics } from '../../src/semantic/dictionaryMetrics.ts';
import { replacementCost } from '../../src/semantic/replacementCost.ts';
import { zooDictionaries } from '../../zoo/dictionaries.ts';
import type { DictionaryPlan } from '../../zoo/dictionaries.ts';
import { dictionaryFolder, modelFolder } from '../../zoo/dictionaryFolder.ts';
import { evaluationBatches } from '../../zoo/dictionaryMeasures.ts';
import type { DictionaryReport } from '../../zoo/dictionaryReport.ts';

const runtime = new Runtime({ threads: 1 });
afterAll(() => runtime.dispose());

describe.each(zooDictionaries)('$model $id', (plan) => {
  test('opens as planned', async () => {
    const { inputs, outputs, training } = plan;
    const opened = await open(plan);
    const parts = opened.kind === 'transcoder_set' ? opened.transcoders : [opened];
    expect(parts).toHaveLength(plan.kind === 'transcoders' ? inputs.length : 1);
    expect(parts.flatMap(hooksOf)).toEqual(inputs.map((input, i) => [input, outputs[i]]));
    for (const { nLatents, architecture, kind, k } of parts) {
      expect(nLatents).toBe(training.nLatents);
      expect(architecture).toBe(training.architecture);
      expect(k).toBe(architecture === 'topk' ? training.k : undefined);
      expect(kind).toBe({ sae: 'sae', transcoders: 'transcoder', clt: 'clt' }[plan.kind]);
    }
  });

  test('keeps its matrices in half precision', () => {
    const folder = dictionaryFolder(plan);
    for (const name of readdirSync(folder).filter((file) => file.endsWith('.safetensors'))) {
      const file = openSafetensors(join(folder, name));
      for (const tensor of file.names()) {
        const { dtype, dims } = file.info(tensor);
        if (dims.length >= 2) expect(dtype, `${name} ${tensor}`).toBe('float16');
      }
      file.close();
    }
  });

  test('is the one its report is about', async () => {
    const report = reportOf(plan);
    const opened = await open(plan);
    const hashes = opened.kind === 'transcoder_set' ? opened.transcoders.map((part) => part.hash()) : [opened.hash()];
    expect(report.measures.hash === undefined ? report.measures.dictionaries.map(({ hash }) => hash) : [report.measures.hash]).toEqual(hashes);
    expect(report.modelHash).toBe(await (await openHuggingFace(modelFolder(plan.model))).hash());
    expect(report.training).toMatchObject(plan.training);
  });
});

test('all dictionaries together stay below 30 MB', () => {
  const bytes = [...new Set(zooDictionaries.map(({ model }) => model))].reduce((total, model) => total + sizeOf(dictionaryFolder({ model })), 0);
  expect(bytes).toBeLessThan(30e6);
});

test('the dictionary in the middle of fable-4l stands in for the residual stream', async () => {
  const plan = zooDictionaries.find(({ model, id }) => model === 'fable-4l' && id === 'blocks.2.hook_resid_post')!;
  const { measures, evaluation } = reportOf(plan);
  const model = await openHuggingFace(modelFolder(plan.model));
  const dictionary = await openDictionary(dictionaryFolder(plan));
  // Many latents fire less than once in these few contexts: dead ones are those of the long measurement.
  const { scores } = await dictionaryMetrics({ model, dictionary, runtime, batches: evaluationBatches(24), resamples: 20 });
  const reported = measures.dictionaries[0]!;
  expect(scores.l0.value).toBeLessThanOrEqual(24);
  expect(scores.fvu.value).toBeLessThanOrEqual(0.15);
  expect(scores.ceRecoveredZero.value).toBeGreaterThanOrEqual(0.97);
  expect(reported.density.dead).toBeLessThanOrEqual(0.1);
  expect(evaluation.contexts).toBeGreaterThanOrEqual(192);
  expect(reported.scores.ceRecoveredZero.low).toBeGreaterThanOrEqual(0.97);
  expect(reported.scores.fvu.high).toBeLessThanOrEqual(0.15);
});

test.each(['fable-4l', 'fable-4l-b'])('replacing every MLP of %s by its transcoder costs little', async (id) => {
  const model = await openHuggingFace(modelFolder(id));
  const replacement = await openTranscoders(dictionaryFolder({ model: id, id: 'transcoders' }));
  const { scores, layers } = await replacementCost({ model, replacement, runtime, batches: evaluationBatches(), resamples: 20 });
  expect(layers).toBe(4);
  expect(scores.ceIncrease.value).toBeLessThanOrEqual(0.15);
});

test('a layer of the cross-layer transcoder is measured by itself, and agrees with the measurement of the whole', async () => {
  const plan = zooDictionaries.find(({ kind }) => kind === 'clt')!;
  const clt = (await openTranscoders(dictionaryFolder(plan))) as CrossLayerTranscoder;
  const model = await openHuggingFace(modelFolder(plan.model));
  const reported = reportOf(plan).measures.layers!;
  for (const layer of [0, 2]) {
    const { scores, density } = await dictionaryMetrics({ model, dictionary: clt, layer, runtime, batches: evaluationBatches(), resamples: 20 });
    expect(scores.l0.value).toBeCloseTo(reported[layer]!.l0, 3);
    expect(scores.fvu.value).toBeCloseTo(reported[layer]!.fvu, 4);
    expect(density.dead).toBeCloseTo(reported[layer]!.dead, 5);
    expect(scores.ceRecoveredZero.value).toBeGreaterThan(0.9);
  }
  await expect(dictionaryMetrics({ model, dictionary: clt, runtime, batches: evaluationBatches(8) })).rejects.toMatchObject({ reason: 'argument' });
});

function open(plan: DictionaryPlan): Promise<Dictionary | TranscoderSet | CrossLayerTranscoder> {
  return plan.kind === 'sae' ? openDictionary(dictionaryFolder(plan)) : openTranscoders(dictionaryFolder(plan));
}

function hooksOf(dictionary: Dictionary | CrossLayerTranscoder): (string | undefined)[][] {
  if (dictionary.kind !== 'clt') return [[dictionary.hooks.input, dictionary.hooks.output]];
  return dictionary.hooks.inputs.map((input, i) => [input, dictionary.hooks.outputs[i]]);
}

function reportOf(plan: DictionaryPlan): DictionaryReport {
  const all = JSON.parse(readFileSync(join(dictionaryFolder({ model: plan.model }), 'metrics.json'), 'utf8')) as DictionaryReport[];
  return all.find(({ id }) => id === plan.id)!;
}

function sizeOf(path: string): number {
  if (!existsSync(path)) return 0;
  const found = statSync(path);
  return found.isDirectory() ? readdirSync(path).reduce((total, name) => total + sizeOf(join(path, name)), 0) : found.size;
}
