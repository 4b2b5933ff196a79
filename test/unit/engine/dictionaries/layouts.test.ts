/** Layouts without an oracle pack, written here from their definitions and compared with a naive forward pass. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import type { Dictionary } from '../../../../src/engine/dictionaries/dictionary.ts';
import { encodeRows } from '../../../../src/engine/dictionaries/encodeRows.ts';
import { openDictionary } from '../../../../src/engine/dictionaries/open.ts';
import { writeSafetensors } from '../../../../src/engine/formats/safetensorsWriter.ts';
import { Runtime } from '../../../../src/engine/runtime/runtime.ts';
import { f32 } from '../../../../src/engine/tensor.ts';
import { groupMax, jump, matrix, naiveForward, relu, topk, transpose } from '../../../support/naiveDictionary.ts';
import type { NaiveDictionary } from '../../../support/naiveDictionary.ts';
import { normal } from '../../../support/random.ts';

const [d, F] = [6, 8];
const encoder = matrix(d, F, normal(d * F, 1));
const decoder = matrix(F, d, normal(F * d, 2));
const skip = matrix(d, d, normal(d * d, 3));
const bEnc = normal(F, 4);
const bDec = normal(d, 5);
const threshold = normal(F, 6).map((v) => Math.abs(v) / 2);
const folder = mkdtempSync(join(tmpdir(), 'mechanist-layouts-'));
const runtime = new Runtime({ threads: 1 });
afterAll(async () => {
  await runtime.dispose();
  rmSync(folder, { recursive: true });
});

type Named = Record<string, readonly (readonly number[])[] | readonly number[]>;

interface Case {
  readonly name: string;
  /** Path of the weights below the test's folder. */
  readonly weights: string;
  readonly tensors: Named;
  readonly files?: Record<string, unknown>;
  readonly naive: Partial<NaiveDictionary>;
  readonly expected?: Partial<Dictionary>;
}

const saelens = { W_enc: encoder, W_dec: decoder, b_enc: bEnc, b_dec: bDec };
const config = { d_in: d, d_sae: F, dtype: 'float32', device: 'cpu', apply_b_dec_to_input: true, normalize_activations: 'none', reshape_activations: 'none' };
const metadata = { sae_lens_version: '6.18.0', hook_name: 'blocks.1.hook_resid_post' };
const sparsify = { 'encoder.weight': transpose(encoder), 'encoder.bias': bEnc, W_dec: decoder, b_dec: bDec };
const sparsifyConfig = { activation: 'topk', expansion_factor: 32, normalize_decoder: true, num_latents: F, k: 2, multi_topk: false, skip_connection: false, transcode: false, d_in: d };
const gemma2 = { w_enc: encoder, w_dec: decoder, b_enc: bEnc, b_dec: bDec, threshold };

const cases: Case[] = [
  {
    name: 'SAELens, layer_norm with the unbiased deviation', weights: 'ln/sae_weights.safetensors', tensors: saelens,
    files: { 'cfg.json': { ...config, architecture: 'standard', normalize_activations: 'layer_norm', metadata } },
    naive: { activation: relu, centred: true, normalization: 'layer_norm' },
    expected: { hooks: { input: 'blocks.1.hook_resid_post', output: 'blocks.1.hook_resid_post' } },
  },
  {
    name: 'SAELens, topk ranked by decoder norm', weights: 'rescaled/sae_weights.safetensors', tensors: saelens,
    files: { 'cfg.json': { ...config, architecture: 'topk', k: 3, rescale_acts_by_decoder_norm: true, metadata } },
    naive: { activation: topk(3), centred: true, rescaled: true },
  },
  {
    name: 'SAELens, constant factor not yet folded', weights: 'scaler/sae_weights.safetensors', tensors: saelens,
    files: { 'cfg.json': { ...config, architecture: 'standard', normalize_activations: 'expected_average_only_in', metadata }, 'activation_scaler.json': { scaling_factor: 2 } },
    naive: { activation: relu, centred: true, encoder: encoder.map((row) => row.map((v) => 2 * v)), decoder: decoder.map((row) => row.map((v) => v / 2)), bDec: bDec.map((v) => v / 2) },
  },
  {
    name: 'SAELens before 6, topk by activation function and hook_z', weights: 'legacy/sae_weights.safetensors', tensors: saelens,
    files: { 'cfg.json': { ...config, reshape_activations: undefined, hook_point: 'blocks.0.attn.hook_z', activation_fn_str: 'topk', activation_fn_kwargs: { k: 2 }, normalize_activations: false, model_name: 'toy' } },
    naive: { activation: topk(2), centred: true },
    expected: { architecture: 'topk', k: 2, reshape: 'hook_z', hooks: { input: 'blocks.0.attn.hook_z', output: 'blocks.0.attn.hook_z' } },
  },
  {
    name: 'SAELens before 6, version in a flat configuration', weights: 'legacy3/sae_weights.safetensors', tensors: { ...saelens, scaling_factor: bEnc },
    files: { 'cfg.json': { ...config, architecture: 'standard', hook_name: 'blocks.2.hook_mlp_out', hook_layer: 2, activation_fn_str: 'relu', finetuning_scaling_factor: true, sae_lens_training_version: '3.5.0', apply_b_dec_to_input: false } },
    naive: { activation: relu, decoder: decoder.map((row, f) => row.map((v) => v * bEnc[f]!)) },
  },
  {
    name: 'sparsify, groupmax', weights: 'layers.3/sae.safetensors', tensors: sparsify,
    files: { 'cfg.json': { ...sparsifyConfig, activation: 'groupmax' } },
    naive: { activation: groupMax(2), centred: true },
    expected: { hooks: { input: 'blocks.3.hook_resid_post', output: 'blocks.3.hook_resid_post' } },
  },
  {
    name: 'sparsify, skip transcoder with W_dec as stored', weights: 'layers.2.mlp/sae.safetensors', tensors: { ...sparsify, W_skip: transpose(skip) },
    files: { 'cfg.json': { ...sparsifyConfig, skip_connection: true, transcode: true } },
    naive: { activation: topk(2), skip },
    expected: { kind: 'transcoder', hooks: { input: 'blocks.2.ln2.hook_normalized', output: 'blocks.2.hook_mlp_out' } },
  },
  {
    name: 'Llama Scope, scalar threshold times √d over the average norm', weights: 'llama/checkpoints/final.safetensors',
    tensors: { 'encoder.weight': transpose(encoder), 'encoder.bias': bEnc, 'decoder.weight': transpose(decoder), 'decoder.bias': bDec },
    files: { 'hyperparams.json': { d_model: d, d_sae: F, jump_relu_threshold: 0.5, act_fn: 'jumprelu', hook_point_in: 'blocks.4.hook_resid_post', hook_point_out: 'blocks.4.hook_resid_post', dataset_average_activation_norm: { in: 3, out: 3 } } },
    naive: { activation: jump(new Array<number>(F).fill((0.5 * Math.sqrt(d)) / 3)) },
  },
  {
    name: 'Gemma Scope 2, autoencoder', weights: 'resid_post/layer_12_width_16k/params.safetensors', tensors: gemma2,
    naive: { activation: jump(threshold) },
    expected: { kind: 'sae', hooks: { input: 'blocks.12.hook_resid_post', output: 'blocks.12.hook_resid_post' } },
  },
  {
    name: 'Gemma Scope 2, transcoder with a skip connection', weights: 'transcoder/layer_7_width_16k/params.safetensors', tensors: { ...gemma2, affine_skip_connection: skip },
    naive: { activation: jump(threshold), skip },
    expected: { kind: 'transcoder', hooks: { input: 'blocks.7.ln2.hook_normalized', output: 'blocks.7.hook_mlp_out' } },
  },
  {
    name: 'circuit-tracer, topk by configuration with a skip path', weights: 'circuit/layer_0.safetensors', tensors: { ...saelens, W_enc: transpose(encoder), W_skip: transpose(skip) },
    files: { 'config.yaml': 'model_kind: transcoder_set\nmodel_name: toy\nfeature_input_hook: ln2.hook_normalized\nfeature_output_hook: hook_mlp_out\nactivation: topk\nk: 2\n' },
    naive: { activation: topk(2), skip },
    expected: { kind: 'transcoder', hooks: { input: 'blocks.0.ln2.hook_normalized', output: 'blocks.0.hook_mlp_out' } },
  },
];

describe.each(cases)('$name', ({ weights, tensors, files, naive, expected }) => {
  const file = join(folder, weights);
  mkdirSync(dirname(file), { recursive: true });
  writeSafetensors(file, Object.entries(tensors).map(([name, values]) => [name, f32(shapeOf(values), values.flat())]));
  const root = weights.includes('checkpoints') ? dirname(dirname(file)) : dirname(file);
  for (const [name, content] of Object.entries(files ?? {})) writeFileSync(join(root, name), typeof content === 'string' ? content : JSON.stringify(content));

  test('encodes and decodes as defined', async () => {
    const dictionary = await openDictionary(weights.startsWith('circuit') ? file : root);
    const x = normal(5 * d, 7);
    const { acts, reconstruction } = await encodeRows(dictionary, f32([5, d], x), runtime);
    const reference = matrix(5, d, x).map((row) => naiveForward({ encoder, decoder, bEnc, bDec, activation: relu, ...naive }, row));
    expectClose(acts.data, reference.flatMap((row) => row.acts));
    expectClose(reconstruction.data, reference.flatMap((row) => row.out));
    expect(dictionary).toMatchObject(expected ?? {});
  });
});

test('hook_z dictionaries take heads apart and put them together again', async () => {
  const dictionary = await openDictionary(join(folder, 'legacy'));
  const x = normal(2 * 3 * d, 8);
  const flat = await encodeRows(dictionary, f32([2, 3, d], x), runtime);
  const heads = await encodeRows(dictionary, f32([2, 3, 2, d / 2], x), runtime);
  expect(heads.acts).toEqual(flat.acts);
  expect(heads.reconstruction.dims).toEqual([2, 3, 2, d / 2]);
  expect(heads.reconstruction.data).toEqual(flat.reconstruction.data);
});

test.each([
  ['a transposed decoder', { ...saelens, W_dec: transpose(decoder) }, {}, { reason: 'parse', field: 'tensor W_dec' }],
  ['a missing bias', { W_enc: encoder, W_dec: decoder, b_dec: bDec }, {}, { reason: 'parse', field: 'tensor b_enc' }],
  ['k beyond the latents', saelens, { architecture: 'topk', k: F + 1 }, { reason: 'parse', field: 'k' }],
  ['an unknown architecture', saelens, { architecture: 'temporal' }, { reason: 'unsupported', field: 'architecture' }],
  ['a width that is no integer', saelens, { d_sae: 'many' }, { reason: 'parse', field: 'd_sae' }],
])('%s is an error that names the field', async (_, tensors, changes, expected) => {
  const root = mkdtempSync(join(folder, 'broken-'));
  writeSafetensors(join(root, 'sae_weights.safetensors'), Object.entries(tensors).map(([name, values]) => [name, f32(shapeOf(values), values.flat())]));
  writeFileSync(join(root, 'cfg.json'), JSON.stringify({ ...config, architecture: 'standard', metadata, ...changes }));
  await expect(openDictionary(root)).rejects.toMatchObject(expected);
});

function shapeOf(values: readonly (readonly number[])[] | readonly number[]): number[] {
  const [first] = values;
  return Array.isArray(first) ? [values.length, first.length] : [values.length];
}

function expectClose(actual: ArrayLike<number>, expected: readonly number[]): void {
  expect(actual.length).toBe(expected.length);
  expected.forEach((v, i) => expect(actual[i]).toBeCloseTo(v, 5));
}
