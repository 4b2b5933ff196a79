/** Every layout against numbers computed by the library that owns it. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { appendDecode } from '../../../../src/engine/dictionaries/decode.ts';
import { parameterName } from '../../../../src/engine/dictionaries/dictionary.ts';
import type { Dictionary } from '../../../../src/engine/dictionaries/dictionary.ts';
import { appendEncode } from '../../../../src/engine/dictionaries/encode.ts';
import { openDictionary } from '../../../../src/engine/dictionaries/open.ts';
import { encodeSparse } from '../../../../src/engine/dictionaries/sparse.ts';
import { withDictionaries } from '../../../../src/engine/dictionaries/dictionary.ts';
import { openSafetensors } from '../../../../src/engine/formats/safetensors.ts';
import { GraphBuilder } from '../../../../src/engine/graph/builder.ts';
import { Program } from '../../../../src/engine/runtime/program.ts';
import type { Tensor } from '../../../../src/engine/tensor.ts';

const fixtures = join(import.meta.dirname, '../../../fixtures/sae');
const readable = readdirSync(fixtures).filter((name) => !name.startsWith('dictionary_learning'));

test.each(readable)('%s: feature activations and reconstruction are those of the reference', async (folder) => {
  const reference = openSafetensors(join(fixtures, folder, 'reference.safetensors'));
  const x = reference.readFloat32('x');
  const dictionary = await openDictionary(join(fixtures, folder));
  const { acts, out } = await forward(dictionary, x);
  expect(worst(out, reference.readFloat32('out'))).toBeLessThanOrEqual(1e-5);
  const expected = reference.has('feature_acts') ? reference.readFloat32('feature_acts') : scattered(reference, dictionary.nLatents);
  expect(expected.data.some((v) => v > 0)).toBe(true);
  expect(worst(acts, expected)).toBeLessThanOrEqual(1e-5);
});

test.each(readable)('%s: the sparse form holds the same activations', async (folder) => {
  const x = openSafetensors(join(fixtures, folder, 'reference.safetensors')).readFloat32('x');
  const dictionary = await openDictionary(join(fixtures, folder));
  const { acts } = await forward(dictionary, x);
  const b = new GraphBuilder();
  b.input('x', 'float32', x.dims);
  const { values, indices, active } = encodeSparse(b, dictionary, 'x', dictionary.nLatents);
  b.output(values, indices, active);
  const results = await run(b, dictionary, x);
  const rebuilt = new Float32Array(acts.data.length);
  const ids = results.get(indices)!.data as BigInt64Array;
  (results.get(values)!.data as Float32Array).forEach((v, i) => { rebuilt[Math.floor(i / dictionary.nLatents) * dictionary.nLatents + Number(ids[i]!)] = v; });
  expect(rebuilt).toEqual(acts.data);
  const counts = (results.get(active)!.data as BigInt64Array).reduce((a, v) => a + Number(v), 0);
  expect(counts).toBe(acts.data.filter((v) => v > 0).length);
});

test('pickled dictionaries are refused with the advice to convert', async () => {
  const folder = join(fixtures, 'dictionary_learning_AutoEncoder');
  for (const path of [folder, join(folder, 'ae.pt')]) {
    await expect(openDictionary(path)).rejects.toMatchObject({ reason: 'unsupported', hint: expect.stringMatching(/^Convert it first/), file: join(folder, 'ae.pt') });
  }
});

test('the hash depends on weights and hooks, not on the path', async () => {
  const open = (options = {}): Promise<Dictionary> => openDictionary(join(fixtures, 'saelens_00_standard'), options);
  const [a, b, c] = [await open(), await open({ id: 'other' }), await open({ hooks: { input: 'blocks.1.hook_resid_post' } })];
  expect(a.hash()).toBe(b.hash());
  expect(a.hash()).not.toBe(c.hash());
  expect(a.hash()).not.toBe((await openDictionary(join(fixtures, 'saelens_08_topk'))).hash());
});

async function forward(dictionary: Dictionary, x: Tensor<'float32'>): Promise<{ acts: Tensor<'float32'>; out: Tensor<'float32'> }> {
  const b = new GraphBuilder();
  b.input('x', 'float32', x.dims);
  const { acts, context } = appendEncode(b, dictionary, 'x');
  const out = appendDecode(b, dictionary, acts, context);
  b.output(acts, out);
  const results = await run(b, dictionary, x);
  return { acts: results.get(acts) as Tensor<'float32'>, out: results.get(out) as Tensor<'float32'> };
}

async function run(b: GraphBuilder, dictionary: Dictionary, x: Tensor): Promise<Map<string, Tensor>> {
  const program = await Program.compile(b.build(), { threads: 1 });
  expect([...program.graph.parameters.keys()].every((name) => name.startsWith(parameterName(dictionary, '')))).toBe(true);
  const results = await program.run(new Map([['x', x]]), withDictionaries(undefined, [dictionary]));
  await program.release();
  return results;
}

function scattered(reference: ReturnType<typeof openSafetensors>, width: number): Tensor<'float32'> {
  const values = reference.readFloat32('top_acts');
  const [n, k] = values.dims as [number, number];
  const indices = reference.read('top_indices').data as BigInt64Array;
  const data = new Float32Array(n * width);
  values.data.forEach((v, i) => { data[Math.floor(i / k) * width + Number(indices[i]!)] = v; });
  return { dtype: 'float32', dims: [n, width], data };
}

function worst(a: Tensor<'float32'>, b: Tensor<'float32'>): number {
  expect(a.dims).toEqual(b.dims);
  return a.data.reduce((most, v, i) => Math.max(most, Math.abs(v - b.data[i]!)), 0);
}
