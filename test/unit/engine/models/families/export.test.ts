/** Saving and opening again; weight layouts in both directions. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { openSafetensors } from '../../../../../src/engine/formats/safetensors.ts';
import { createHuggingFace } from '../../../../../src/engine/models/create.ts';
import { exportHuggingFace } from '../../../../../src/engine/models/families/export.ts';
import type { FamilyModel } from '../../../../../src/engine/models/families/familyModel.ts';
import { packInto, transposed, unpack } from '../../../../../src/engine/models/families/weightLayout.ts';
import type { WeightSource } from '../../../../../src/engine/models/families/weights.ts';
import { openHuggingFace } from '../../../../../src/engine/models/huggingface.ts';
import { f32 } from '../../../../../src/engine/tensor.ts';
import { difference } from '../../../../support/compare.ts';
import { normal } from '../../../../support/random.ts';
import { smallConfigs } from '../../../../support/smallConfigs.ts';
import { fixtures, readPack } from '../onnx/reference.ts';

const root = mkdtempSync(join(tmpdir(), 'mechanist-export-'));
afterAll(() => rmSync(root, { recursive: true }));

describe.each(['gpt2', 'gpt_neox', 'llama', 'gemma2', 'bert', 'vit'])('%s from a folder', (name) => {
  it('is saved with the tensors it was read from', async () => {
    const model = (await openHuggingFace(join(fixtures, 'models', name))) as FamilyModel;
    const folder = join(root, name);
    exportHuggingFace(model, folder);
    const [original, saved] = [readPack(join(fixtures, 'models', name, 'model.safetensors')), readPack(join(folder, 'model.safetensors'))];
    expect([...saved.keys()].sort()).toEqual([...original.keys()].sort());
    for (const [tensor, value] of saved) {
      expect(value.dims, tensor).toEqual(original.get(tensor)!.dims);
      expect(difference(value, original.get(tensor)!).largest, tensor).toBeLessThan(1e-6);
    }
    expect(JSON.parse(readFileSync(join(folder, 'config.json'), 'utf8'))).toEqual(JSON.parse(readFileSync(join(fixtures, 'models', name, 'config.json'), 'utf8')));
  });
});

/** Each stored tensor has one value everywhere, so that parameters sharing a tensor agree. */
function filledModel(config: Readonly<Record<string, unknown>>): FamilyModel {
  const model = createHuggingFace('small', config);
  const stored = new Map<string, Float32Array>();
  for (const [name, source] of model.definition.weights) {
    const values = stored.get(source.from) ?? Float32Array.from(normal(source.stored.reduce((a, b) => a * b, 1), stored.size + 1));
    stored.set(source.from, values);
    model.parameters.set(name, f32(source.dims, unpack(values, source)));
  }
  return model;
}

describe.each(Object.entries(smallConfigs))('%s', (name, config) => {
  it('has the same parameters after saving and opening', async () => {
    const model = filledModel(config);
    const folder = join(root, `small-${name}`);
    exportHuggingFace(model, folder);
    const again = await openHuggingFace(folder);
    expect([...again.parameters.names()]).toEqual([...model.parameters.names()]);
    for (const parameter of model.parameters.names()) {
      expect(difference(again.parameters.get(parameter), model.parameters.get(parameter)).largest, parameter).toBeLessThan(2e-6);
    }
  });
});

it('half precision halves the file and rounds', async () => {
  const model = filledModel(smallConfigs['llama']!);
  const folder = join(root, 'half');
  exportHuggingFace(model, folder, { dtype: 'float16' });
  const file = openSafetensors(join(folder, 'model.safetensors'));
  for (const name of file.names()) expect(file.info(name).dtype).toBe('float16');
  file.close();
  expect((JSON.parse(readFileSync(join(folder, 'config.json'), 'utf8')) as Record<string, unknown>)['torch_dtype']).toBe('float16');
  const again = await openHuggingFace(folder);
  const { largest } = difference(again.parameters.get('embed.W_E'), model.parameters.get('embed.W_E'));
  expect(largest).toBeGreaterThan(0);
  expect(largest).toBeLessThan(0.002);
});

it('tied embeddings that have come apart are refused', () => {
  const model = filledModel(smallConfigs['gpt2']!);
  const embedding = model.parameters.get('embed.W_E');
  model.parameters.set('embed.W_E', f32(embedding.dims, (embedding.data as Float32Array).map((value) => value + 1)));
  expect(() => exportHuggingFace(model, join(root, 'untied'))).toThrow(/transformer\.wte\.weight/);
});

describe('weight layouts', () => {
  it('transposing twice gives the original, for any shape', () => {
    fc.assert(fc.property(fc.integer({ min: 1, max: 70 }), fc.integer({ min: 1, max: 70 }), (rows, columns) => {
      const values = Float32Array.from({ length: rows * columns }, (_, i) => i);
      const once = transposed(values, rows, columns);
      expect(once[Math.min(1, columns - 1) * rows]).toBe(Math.min(1, columns - 1));
      expect(transposed(once, columns, rows)).toEqual(values);
    }));
  });

  it('the parts of a fused tensor put together give the tensor', () => {
    const [heads, width, d] = [3, 2, 5];
    const stored = Float32Array.from({ length: 3 * heads * width * d }, (_, i) => i);
    const parts = [0, 1, 2].map((index): WeightSource => ({
      from: 'fused', stored: [3 * heads * width, d], dims: [d, heads * width], transpose: true,
      part: { axis: 0, start: index * width, length: width, count: heads, step: 3 * width },
    }));
    const again = new Float32Array(stored.length);
    for (const part of parts) packInto(again, unpack(stored, part), part);
    expect(again).toEqual(stored);
    // Feature 0 of head 1's key is row 1 · 6 + 2.
    expect(unpack(stored, parts[1]!)[2]).toBe(stored[8 * d]);
  });
});
