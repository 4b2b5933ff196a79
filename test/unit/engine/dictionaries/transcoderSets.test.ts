/** Sets of transcoders and cross-layer transcoders: layers complete, hooks named, weights where they belong. */
import { mkdtempSync, rmSync } from 'node:fs';
import { cpSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { appendDecodeLayer } from '../../../../src/engine/dictionaries/decode.ts';
import { withDictionaries } from '../../../../src/engine/dictionaries/dictionary.ts';
import type { CrossLayerTranscoder } from '../../../../src/engine/dictionaries/dictionary.ts';
import { appendEncodeLayer } from '../../../../src/engine/dictionaries/encode.ts';
import { openTranscoders } from '../../../../src/engine/dictionaries/open.ts';
import { saveCrossLayer, saveTranscoders } from '../../../../src/engine/dictionaries/save.ts';
import { writeSafetensors } from '../../../../src/engine/formats/safetensorsWriter.ts';
import { GraphBuilder } from '../../../../src/engine/graph/builder.ts';
import { Runtime } from '../../../../src/engine/runtime/runtime.ts';
import { f32 } from '../../../../src/engine/tensor.ts';
import { normal } from '../../../support/random.ts';

const packs = join(import.meta.dirname, '../../../fixtures/circuit_tracer');
const hooks = { input: 'ln2.hook_normalized', output: 'hook_mlp_out' };
const folder = mkdtempSync(join(tmpdir(), 'mechanist-sets-'));
const runtime = new Runtime({ threads: 1 });
afterAll(async () => {
  await runtime.dispose();
  rmSync(folder, { recursive: true });
});

test.each([['gpt2_relu', 3, 'standard'], ['gemma2_jumprelu', 4, 'jumprelu']])('%s: one transcoder per layer', async (pack, layers, architecture) => {
  const set = await openTranscoders(join(packs, pack, 'transcoders'), { hooks });
  if (set.kind !== 'transcoder_set') throw new Error('not a set');
  expect(set.transcoders.map(({ hooks: h }) => h)).toEqual(Array.from({ length: layers }, (_, l) => ({ input: `blocks.${l}.ln2.hook_normalized`, output: `blocks.${l}.hook_mlp_out` })));
  expect(set.transcoders.every((t) => t.architecture === architecture && t.nLatents === 64)).toBe(true);
  expect(set.transcoders[0]!.parameters.get('W_enc').dims).toEqual([set.transcoders[0]!.dIn, 64]);
});

test('a missing layer is reported', async () => {
  const copy = join(folder, 'incomplete');
  cpSync(join(packs, 'gpt2_relu/transcoders'), copy, { recursive: true });
  rmSync(join(copy, 'layer_1.safetensors'));
  await expect(openTranscoders(copy, { hooks })).rejects.toMatchObject({ reason: 'parse', file: copy });
});

test('a cross-layer transcoder writes to its own and all later layers', async () => {
  const clt = await openClt(join(packs, 'gpt2_clt/transcoders'));
  expect([0, 1, 2].map((l) => clt.parameters.get(`W_dec_${l}`).dims)).toEqual([[64, 3, 48], [64, 2, 48], [64, 1, 48]]);
  const x = [0, 1, 2].map((l) => f32([2, 48], normal(96, l + 1)));
  const outputs = await forward(clt, x);
  // The same by hand for one coordinate of the last layer.
  const [row, i] = [1, 5];
  let expected = (clt.parameters.get('b_dec_2').data as Float32Array)[i]!;
  for (let l = 0; l < 3; l++) {
    const encoder = clt.parameters.get(`W_enc_${l}`).data as Float32Array;
    const decoder = clt.parameters.get(`W_dec_${l}`).data as Float32Array;
    for (let s = 0; s < 64; s++) {
      let h = (clt.parameters.get(`b_enc_${l}`).data as Float32Array)[s]!;
      for (let j = 0; j < 48; j++) h += x[l]!.data[row * 48 + j]! * encoder[j * 64 + s]!;
      expected += Math.max(0, h) * decoder[(s * (3 - l) + (2 - l)) * 48 + i]!;
    }
  }
  expect(outputs[2]![row * 48 + i]).toBeCloseTo(expected, 4);
});

test('Gemma Scope 2: every layer of a cross-layer transcoder is read, the last included', async () => {
  const [L, F, d] = [3, 4, 2];
  const root = mkdtempSync(join(folder, 'clt2-'));
  const decoders = Array.from({ length: L }, (_, l) => normal(F * L * d, 20 + l));
  for (let l = 0; l < L; l++) {
    writeSafetensors(join(root, `params_layer_${l}.safetensors`), [
      ['w_enc', f32([d, F], normal(d * F, 10 + l))], ['w_dec', f32([F, L, d], decoders[l]!)],
      ['b_enc', f32([F], normal(F, 30 + l))], ['b_dec', f32([d], normal(d, 40 + l))], ['threshold', f32([F], [0, 0, 0, 0])],
    ]);
  }
  const clt = await openClt(root);
  expect(clt.nLayers).toBe(L);
  expect(clt.parameters.get('W_dec_2').dims).toEqual([F, 1, d]);
  // Latent 3 of layer 1, written to layer 2.
  expect(Array.from(clt.parameters.get('W_dec_1').data as Float32Array).slice((3 * 2 + 1) * d, (3 * 2 + 2) * d)).toEqual(Array.from(Float32Array.from(decoders[1]!.slice((3 * L + 2) * d, (3 * L + 3) * d))));
  rmSync(join(root, 'params_layer_2.safetensors'));
  await expect(openTranscoders(root, { hooks })).rejects.toMatchObject({ reason: 'parse', field: 'tensor w_dec' });
});

test('sets are written in the layout they are read from', async () => {
  const set = await openTranscoders(join(packs, 'gemma2_jumprelu/transcoders'), { hooks });
  const clt = await openClt(join(packs, 'gpt2_clt/transcoders'));
  if (set.kind !== 'transcoder_set') throw new Error('not a set');
  const config = { modelName: 'toy', inputHook: hooks.input, outputHook: hooks.output };
  saveTranscoders(set, join(folder, 'set'), config, { half: false });
  saveCrossLayer(clt, join(folder, 'clt'), config, { half: false });
  const again = await openTranscoders(join(folder, 'set'));
  const cltAgain = await openTranscoders(join(folder, 'clt'));
  if (again.kind !== 'transcoder_set' || cltAgain.kind !== 'clt') throw new Error('wrong kind');
  expect(again.transcoders.map((t) => t.hash())).toEqual(set.transcoders.map((t) => t.hash()));
  expect(cltAgain.hash()).toBe(clt.hash());
});

async function openClt(path: string): Promise<CrossLayerTranscoder> {
  const clt = await openTranscoders(path, { hooks });
  if (clt.kind !== 'clt') throw new Error('not a cross-layer transcoder');
  return clt;
}

async function forward(clt: CrossLayerTranscoder, inputs: readonly ReturnType<typeof f32>[]): Promise<Float32Array[]> {
  const b = new GraphBuilder();
  const acts: string[] = [];
  inputs.forEach((x, l) => {
    b.input(`x${l}`, 'float32', x.dims);
    acts.push(appendEncodeLayer(b, clt, l, `x${l}`));
    b.output(b.identity(appendDecodeLayer(b, clt, l, acts, `x${l}`), `y${l}`));
  });
  const results = await runtime.run(b.build(), new Map(inputs.map((x, l) => [`x${l}`, x])), withDictionaries(undefined, [clt]));
  return inputs.map((_, l) => results.get(`y${l}`)!.data as Float32Array);
}
