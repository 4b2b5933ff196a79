/** Dictionaries inside a graph: exact with the error term, clampable by latents, hooks under SAELens' names. */
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { withDictionaries } from '../../../../src/engine/dictionaries/dictionary.ts';
import type { Dictionary } from '../../../../src/engine/dictionaries/dictionary.ts';
import { openDictionary, openTranscoders } from '../../../../src/engine/dictionaries/open.ts';
import { spliceCrossLayer, spliceDictionary } from '../../../../src/engine/dictionaries/splice.ts';
import { GraphBuilder } from '../../../../src/engine/graph/builder.ts';
import type { Graph } from '../../../../src/engine/graph/ir.ts';
import { splice } from '../../../../src/engine/graph/splice.ts';
import { Runtime } from '../../../../src/engine/runtime/runtime.ts';
import { f32 } from '../../../../src/engine/tensor.ts';
import { normal } from '../../../support/random.ts';

const fixtures = join(import.meta.dirname, '../../../fixtures');
const hook = 'blocks.0.hook_resid_post';
const d = 48;
const runtime = new Runtime({ threads: 1 });
afterAll(() => runtime.dispose());
const x = f32([2, 3, d], normal(6 * d, 1));

describe.each(['saelens_00_standard', 'saelens_08_topk', 'saelens_02_standard_constant_norm_rescale'])('%s', (folder) => {
  test('with the error term the output stays what it was', async () => {
    const dictionary = await open(folder);
    const spliced = await run(spliceDictionary(model(), dictionary, { errorTerm: true }), dictionary, 'out');
    const plain = await run(model(), dictionary, 'out');
    expectClose(spliced, plain, 1e-5);
  });

  test('without it the output is that of the reconstruction', async () => {
    const dictionary = await open(folder);
    const graph = spliceDictionary(model(), dictionary, { errorTerm: false, prefix: 'sae' });
    const names = ['input', 'acts_pre', 'acts_post', 'recons', 'output'].map((name) => `sae.hook_sae_${name}`);
    const values = await Promise.all([...names, hook, 'out'].map((name) => run(graph, dictionary, name)));
    expect(values[0]).toEqual(x.data);
    expect(values[4]).toEqual(values[5]);
    expect(values[6]).toEqual(values[5]!.map((v) => Math.fround(v * 2)));
    expect(values[5]).not.toEqual(x.data);
  });

  test('clamping a latent moves the output along its decoder row and leaves the error alone', async () => {
    const dictionary = await open(folder);
    const graph = spliceDictionary(model(), dictionary, { errorTerm: true, prefix: 'sae' });
    const latent = 7;
    const clamped = splice(graph, 'sae.hook_sae_acts_post', (b, acts) => {
      const mask = b.constant(f32([dictionary.nLatents], Array.from({ length: dictionary.nLatents }, (_, i) => (i === latent ? 1 : 0))));
      return b.add(acts, b.mul(mask, b.scalar(3)));
    });
    expect(await run(clamped, dictionary, 'sae.hook_sae_error')).toEqual(await run(graph, dictionary, 'sae.hook_sae_error'));
    const [before, after] = [await run(graph, dictionary, 'sae.hook_sae_recons'), await run(clamped, dictionary, 'sae.hook_sae_recons')];
    const row = (dictionary.parameters.get('W_dec').data as Float32Array).subarray(latent * d, (latent + 1) * d);
    expectClose(after.map((v, i) => v - before[i]!), Float32Array.from({ length: before.length }, (_, i) => 3 * row[i % d]!), 1e-4);
  });
});

test('a transcoder reads one hook and replaces another', async () => {
  const dictionary = await openDictionary(join(fixtures, 'sae/saelens_12_skip_transcoder'), { hooks: { input: 'x', output: hook } });
  const exact = await run(spliceDictionary(model(), dictionary, { errorTerm: true }), dictionary, 'out');
  expectClose(exact, await run(model(), dictionary, 'out'), 1e-5);
  const replaced = spliceDictionary(model(), dictionary, { errorTerm: false });
  expect(await run(replaced, dictionary, `${hook}.hook_sae_output`)).toEqual(await run(replaced, dictionary, hook));
});

test('a cross-layer transcoder replaces every layer and is exact with its errors', async () => {
  const clt = await openTranscoders(join(fixtures, 'circuit_tracer/gpt2_clt/transcoders'), { hooks: { input: 'hook_in', output: 'hook_out' } });
  if (clt.kind !== 'clt') throw new Error('not a cross-layer transcoder');
  const b = new GraphBuilder();
  let h = b.input('x', 'float32', ['batch', 'pos', d]);
  for (let l = 0; l < 3; l++) h = b.add(h, b.mul(b.identity(h, `blocks.${l}.hook_in`), b.scalar(0.5), `blocks.${l}.hook_out`));
  const graph = b.build([b.identity(h, 'out')]);
  const read = async (g: Graph): Promise<Float32Array> => (await runtime.run({ ...g, outputs: ['out'] }, new Map([['x', x]]), withDictionaries(undefined, [clt]))).get('out')!.data as Float32Array;
  const plain = await read(graph);
  expectClose(await read(spliceCrossLayer(graph, clt, { errorTerm: true })), plain, 1e-4);
  expect(await read(spliceCrossLayer(graph, clt, { errorTerm: false }))).not.toEqual(plain);
});

test('a dictionary without hooks cannot be spliced', async () => {
  const dictionary = await openDictionary(join(fixtures, 'sae/saelens_00_standard'));
  expect(() => spliceDictionary(model(), dictionary, { errorTerm: true })).toThrow(expect.objectContaining({ reason: 'argument' }));
});

function model(): Graph {
  const b = new GraphBuilder();
  b.input('x', 'float32', ['batch', 'pos', d]);
  b.identity('x', hook);
  return b.build([b.mul(hook, b.scalar(2), 'out')]);
}

async function open(folder: string): Promise<Dictionary> {
  return openDictionary(join(fixtures, 'sae', folder), { hooks: { input: hook } });
}

async function run(graph: Graph, dictionary: Dictionary, output: string): Promise<Float32Array> {
  const results = await runtime.run({ ...graph, outputs: [output] }, new Map([['x', x]]), withDictionaries(undefined, [dictionary]));
  return results.get(output)!.data as Float32Array;
}

function expectClose(actual: Float32Array, expected: Float32Array, tolerance: number): void {
  const worst = actual.reduce((most, v, i) => Math.max(most, Math.abs(v - expected[i]!)), 0);
  expect(worst).toBeLessThan(tolerance);
}
