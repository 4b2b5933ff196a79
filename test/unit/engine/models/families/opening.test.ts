/** Opening folders: what is refused and how it is told, name variants, storage types, heads. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { MechanistError } from '../../../../../src/engine/errors.ts';
import { float32ToBfloat16, float32ToFloat16 } from '../../../../../src/engine/formats/half.ts';
import { writeSafetensors } from '../../../../../src/engine/formats/safetensorsWriter.ts';
import { openHuggingFace } from '../../../../../src/engine/models/huggingface.ts';
import { Runtime } from '../../../../../src/engine/runtime/runtime.ts';
import { f32, i64 } from '../../../../../src/engine/tensor.ts';
import type { Tensor } from '../../../../../src/engine/tensor.ts';
import { difference } from '../../../../support/compare.ts';
import { fixtures, readPack } from '../onnx/reference.ts';

const runtime = new Runtime({ threads: 1 });
const folders: string[] = [];
afterAll(async () => {
  await runtime.dispose();
  for (const folder of folders) rmSync(folder, { recursive: true });
});

type Json = Record<string, unknown>;

function packOf(name: string): { config: Json; tensors: Map<string, Tensor>; reference: Map<string, Tensor> } {
  const folder = join(fixtures, 'models', name);
  const config = JSON.parse(readFileSync(join(folder, 'config.json'), 'utf8')) as Json;
  return { config, tensors: readPack(join(folder, 'model.safetensors')), reference: readPack(join(folder, 'reference.safetensors')) };
}

function emptyFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'mechanist-open-'));
  folders.push(folder);
  return folder;
}

function save(config: Json, tensors: Iterable<readonly [string, Tensor]>): string {
  const folder = emptyFolder();
  writeFileSync(join(folder, 'config.json'), JSON.stringify(config));
  writeSafetensors(join(folder, 'model.safetensors'), tensors);
  return folder;
}

async function errorOf(folder: string): Promise<MechanistError> {
  try {
    await openHuggingFace(folder);
  } catch (error) {
    if (MechanistError.is(error)) return error;
    throw error;
  }
  throw new Error('the folder was opened');
}

async function logitsOf(folder: string, ids: Tensor, output = 'logits'): Promise<Tensor> {
  const model = await openHuggingFace(folder);
  return (await runtime.run({ ...model.graph(), outputs: [output] }, model.feeds(new Map([['input_ids', ids]])), model.parameters)).get(output)!;
}

describe('refusals name file and field', () => {
  it.each([
    ['an unknown family', { model_type: 'mamba' }, 'unsupported', 'model_type'],
    ['a missing family', { model_type: null }, 'parse', 'model_type'],
    ['a width of 0', { n_embd: 0 }, 'parse', 'n_embd'],
    ['a width that is no number', { n_embd: '48' }, 'parse', 'n_embd'],
    ['an absurd number of layers', { n_layer: 1e9 }, 'parse', 'n_layer'],
    ['heads that do not divide the width', { n_head: 5 }, 'parse', 'n_head'],
    ['an unknown activation', { activation_function: 'snake' }, 'unsupported', 'activation_function'],
    ['an unknown head', { architectures: ['GPT2ForQuestionAnswering'] }, 'unsupported', 'architectures'],
    ['more layers than the checkpoint has', { n_layer: 4 }, 'parse', 'tensor transformer.h.3.ln_1.weight'],
    ['another vocabulary than the checkpoint has', { vocab_size: 161 }, 'parse', 'tensor transformer.wte.weight'],
  ])('%s', async (_, change, reason, field) => {
    const { config, tensors } = packOf('gpt2');
    const error = await errorOf(save({ ...config, ...change }, tensors));
    expect(error.reason).toBe(reason);
    expect(error.field).toBe(field);
    expect(error.file).toMatch(/config\.json$|model\.safetensors$/);
  });

  it('an unknown family is told the known ones', async () => {
    const { config, tensors } = packOf('gpt2');
    expect((await errorOf(save({ ...config, model_type: 'mamba' }, tensors))).message).toMatch(/gpt_neox.*gemma2.*distilbert.*clip/);
  });

  it('an unknown kind of rotary scaling', async () => {
    const { config, tensors } = packOf('llama');
    const error = await errorOf(save({ ...config, rope_scaling: { rope_type: 'yarn', factor: 2 } }, tensors));
    expect([error.reason, error.field]).toEqual(['unsupported', 'rope_scaling.rope_type']);
  });

  it('integer weights', async () => {
    const { config, tensors } = packOf('gpt2');
    tensors.set('transformer.ln_f.weight', { dtype: 'int32', dims: [48], data: new Int32Array(48) });
    const error = await errorOf(save(config, tensors));
    expect([error.reason, error.field]).toEqual(['unsupported', 'tensor transformer.ln_f.weight']);
  });

  it('no config.json', async () => {
    expect((await errorOf(emptyFolder())).reason).toBe('not-found');
  });

  it('a config.json that is not JSON', async () => {
    const folder = emptyFolder();
    writeFileSync(join(folder, 'config.json'), '{"model_type": "gpt2",}');
    expect((await errorOf(folder)).reason).toBe('parse');
  });
});

describe('checkpoints that open all the same', () => {
  it('without the prefix of the base model', async () => {
    const { config, tensors, reference } = packOf('gpt2');
    const bare = Array.from(tensors, ([name, value]): [string, Tensor] => [name.replace('transformer.', ''), value]);
    const logits = await logitsOf(save(config, bare), reference.get('input_ids')!);
    expect(difference(logits, reference.get('clean.logits')!).largest).toBeLessThan(1e-4);
  });

  it('with the old names of norm weights', async () => {
    const { config, tensors, reference } = packOf('bert');
    const old = Array.from(tensors, ([name, value]): [string, Tensor] => [name.replace(/LayerNorm\.weight$/, 'LayerNorm.gamma').replace(/LayerNorm\.bias$/, 'LayerNorm.beta'), value]);
    const model = await openHuggingFace(save(config, old));
    const inputs = new Map([['input_ids', reference.get('input_ids')!], ['attention_mask', reference.get('attention_mask')!]]);
    const logits = (await runtime.run({ ...model.graph(), outputs: ['logits'] }, model.feeds(inputs), model.parameters)).get('logits')!;
    expect(difference(logits, reference.get('logits')!).largest).toBeLessThan(1e-4);
  });

  it.each([['float16', float32ToFloat16, 0.02], ['bfloat16', float32ToBfloat16, 0.15]] as const)('stored in %s', async (dtype, narrow, tolerance) => {
    const { config, tensors, reference } = packOf('llama');
    const narrowed = Array.from(tensors, ([name, value]): [string, Tensor] => [name, { dtype, dims: value.dims, data: narrow(value.data as Float32Array) }]);
    const logits = await logitsOf(save(config, narrowed), reference.get('input_ids')!);
    const { largest } = difference(logits, reference.get('clean.logits')!);
    expect(largest).toBeLessThan(tolerance);
    expect(largest).toBeGreaterThan(1e-5);
  });

  it('in shards with an index', async () => {
    const { config, tensors, reference } = packOf('gpt_neox');
    const folder = emptyFolder();
    writeFileSync(join(folder, 'config.json'), JSON.stringify(config));
    const shards: [string, Tensor][][] = [[], []];
    [...tensors].forEach((entry, i) => shards[i % 2]!.push(entry));
    const file = (i: number): string => `model-0000${i + 1}-of-00002.safetensors`;
    shards.forEach((shard, i) => writeSafetensors(join(folder, file(i)), shard));
    const weightMap = Object.fromEntries(shards.flatMap((shard, i) => shard.map(([name]) => [name, file(i)])));
    writeFileSync(join(folder, 'model.safetensors.index.json'), JSON.stringify({ metadata: {}, weight_map: weightMap }));
    expect(difference(await logitsOf(folder, reference.get('input_ids')!), reference.get('clean.logits')!).largest).toBeLessThan(1e-4);
  });
});

describe('heads', () => {
  it('a base model gives its last hidden state', async () => {
    const { config, tensors, reference } = packOf('gpt2');
    const folder = save({ ...config, architectures: ['GPT2Model'] }, tensors);
    expect((await openHuggingFace(folder)).output).toBe('last_hidden_state');
    const hidden = await logitsOf(folder, reference.get('input_ids')!, 'last_hidden_state');
    expect(difference(hidden, reference.get('clean.hidden_states.3')!).largest).toBeLessThan(1e-4);
  });

  it('a sequence classifier reads the last token before padding', async () => {
    const { config, tensors, reference } = packOf('llama');
    const score = f32([2, 48], Array.from({ length: 96 }, (_, i) => Math.sin(i)));
    tensors.set('score.weight', score);
    const ids = reference.get('input_ids')!;
    const padded = i64(ids.dims, Array.from(ids.data as BigInt64Array, (id, i) => (i === 9 || i === 10 ? 0 : Math.max(1, Number(id)))));
    const folder = save({ ...config, architectures: ['LlamaForSequenceClassification'], pad_token_id: 0, id2label: { 0: 'a', 1: 'b' } }, tensors);
    const model = await openHuggingFace(folder);
    const results = await runtime.run({ ...model.graph(), outputs: ['logits', 'ln_final.hook_out'] }, model.feeds(new Map([['input_ids', padded]])), model.parameters);
    expect(results.get('logits')!.dims).toEqual([2, 2]);
    const hidden = results.get('ln_final.hook_out')!.data as Float32Array;
    const expected = [8, 10].flatMap((position, b) => [0, 1].map((c) => (
      Array.from({ length: 48 }, (_, i) => hidden[(b * 11 + position) * 48 + i]! * score.data[c * 48 + i]!).reduce((x, y) => x + y, 0)
    )));
    expect(difference(results.get('logits')!, f32([2, 2], expected)).largest).toBeLessThan(1e-4);
  });
});

describe('inputs', () => {
  it.each([
    ['none', [], 'input input_ids'],
    ['tokens outside the vocabulary', [['input_ids', i64([1, 2], [5, 160])]], 'input input_ids'],
    ['more tokens than positions', [['input_ids', i64([1, 65], new Array(65).fill(1))]], 'input input_ids'],
    ['tokens of another type', [['input_ids', f32([1, 2], [1, 2])]], 'input input_ids'],
    ['an input the model does not have', [['input_ids', i64([1, 1], [1])], ['pixel_values', f32([1], [1])]], 'input pixel_values'],
  ] as const)('%s are refused', async (_, inputs, field) => {
    const model = await openHuggingFace(join(fixtures, 'models', 'gpt2'));
    let error: unknown;
    try {
      model.feeds(new Map(inputs as readonly (readonly [string, Tensor])[]));
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toMatchObject({ reason: 'argument', field });
  });

  it('need only the tokens', async () => {
    const model = await openHuggingFace(join(fixtures, 'models', 'bert'));
    expect(model.requiredInputs).toEqual(['input_ids']);
    expect([...model.feeds(new Map([['input_ids', i64([1, 2], [1, 2])]])).keys()].sort()).toEqual(['attention_mask', 'input_ids', 'token_type_ids']);
  });
});

describe('the hash of a model', () => {
  it('changes with a weight and with the configuration, and only with them', async () => {
    const { config, tensors } = packOf('gpt2');
    const hash = async (folder: string): Promise<string> => (await openHuggingFace(folder)).hash();
    const original = await hash(save(config, tensors));
    expect(original).toMatch(/^[0-9a-f]{64}$/);
    expect(await hash(save(config, tensors))).toBe(original);
    expect(await hash(save({ ...config, note: 1 }, tensors))).not.toBe(original);
    const bias = tensors.get('transformer.ln_f.bias')!;
    tensors.set('transformer.ln_f.bias', f32(bias.dims, Array.from(bias.data as Float32Array, (value, i) => (i === 7 ? value + 1 : value))));
    expect(await hash(save(config, tensors))).not.toBe(original);
  });
});
