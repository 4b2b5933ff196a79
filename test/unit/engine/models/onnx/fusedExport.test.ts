/** A decoder as model builders for runtimes write it: fused norms and attention, a cache, module paths in the names. */
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InferenceSession, Tensor as OrtTensor } from 'onnxruntime-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { float, int } from '../../../../../src/engine/graph/ir.ts';
import type { Attribute, Graph, Node, ValueType } from '../../../../../src/engine/graph/ir.ts';
import type { Model } from '../../../../../src/engine/models/model.ts';
import { openOnnx } from '../../../../../src/engine/models/onnx/openOnnx.ts';
import { Runtime } from '../../../../../src/engine/runtime/runtime.ts';
import { elementCount, f32, i64 } from '../../../../../src/engine/tensor.ts';
import type { Tensor } from '../../../../../src/engine/tensor.ts';
import { difference } from '../../../../support/compare.ts';
import { normal } from '../../../../support/random.ts';
import { encodeAt } from '../../graph/import/againstRuntime.ts';

const [layers, width, heads, keyHeads, head, hidden, vocabulary] = [2, 32, 2, 1, 16, 48, 20];

/** Nodes and weights of the decoder. Outputs are called as onnxruntime-genai's model builder calls them. */
function decoder(isInterleaved: boolean): Graph {
  const nodes: Node[] = [];
  const constants = new Map<string, Tensor>();
  const weight = (name: string, dims: readonly number[]): string => {
    const values = normal(elementCount(dims), constants.size + 1);
    constants.set(name, f32(dims, values.map((value) => (dims.length === 1 ? 1 + 0.2 * value : (1.5 * value) / Math.sqrt(dims[0]!)))));
    return name;
  };
  const add = (op: string, name: string, inputs: readonly string[], attributes: Readonly<Record<string, Attribute>> = {}, outputs: readonly string[] = [`${name}/output_0`], domain = ''): string => {
    nodes.push({ name, op, domain, inputs, outputs, attributes: new Map(Object.entries(attributes)) });
    return outputs[0]!;
  };
  const linear = (name: string, x: string, from: number, to: number): string => add('MatMul', `${name}/MatMul`, [x, weight(`${name.slice(1).replaceAll('/', '.')}.weight`, [from, to])]);
  const norm = (path: string, stream: string, addend: string | undefined): { stream: string; normed: string } => {
    const scale = weight(`${path.slice(1).replaceAll('/', '.')}.weight`, [width]);
    const eps = { epsilon: float(1e-5) };
    if (addend === undefined) return { stream, normed: add('SimplifiedLayerNormalization', `${path}/LayerNorm`, [stream, scale], { ...eps, axis: int(-1), stash_type: int(1) }, [`${path}/output_0`]) };
    add('SkipSimplifiedLayerNormalization', `${path}/SkipLayerNorm`, [stream, addend, scale], eps, [`${path}/output_0`, '', '', `${path}/output_3`], 'com.microsoft');
    return { stream: `${path}/output_3`, normed: `${path}/output_0` };
  };

  constants.set('one', i64([1], [1]));
  constants.set('index', i64([], [1]));
  const mask = '/model/attn_mask_reformat';
  const lengths = add('Cast', `${mask}/Cast`, [add('Sub', `${mask}/Sub`, [add('ReduceSum', `${mask}/ReduceSum`, ['attention_mask', 'one'], { keepdims: int(0) }), 'one'])], { to: int(6) });
  const total = add('Cast', `${mask}/Cast_1`, [add('Gather', `${mask}/Gather`, [add('Shape', `${mask}/Shape`, ['attention_mask']), 'index'], { axis: int(0) })], { to: int(6) });
  for (const [name, f] of [['cos_cache', Math.cos], ['sin_cache', Math.sin]] as const) {
    constants.set(name, f32([64, head / 2], Array.from({ length: 32 * head }, (_, i) => f(Math.floor(i / (head / 2)) * 10000 ** (-(i % (head / 2)) / (head / 2))))));
  }

  let stream = add('Gather', '/model/embed_tokens/Gather', [weight('model.embed_tokens.weight', [vocabulary, width]), 'input_ids']);
  let addend: string | undefined;
  const outputs = ['logits'];
  for (let i = 0; i < layers; i++) {
    const layer = `/model/layers.${i}`;
    const before = norm(`${layer}/input_layernorm`, stream, addend);
    const [q, k, v] = [heads, keyHeads, keyHeads].map((n, j) => linear(`${layer}/attn/${'qkv'[j]}_proj`, before.normed, width, n * head)) as [string, string, string];
    const present = [`present.${i}.key`, `present.${i}.value`];
    const attended = add('GroupQueryAttention', `${layer}/attn/GroupQueryAttention`, [q, k, v, `past_key_values.${i}.key`, `past_key_values.${i}.value`, lengths, total, 'cos_cache', 'sin_cache'],
      { num_heads: int(heads), kv_num_heads: int(keyHeads), do_rotary: int(1), rotary_interleaved: int(isInterleaved ? 1 : 0), local_window_size: int(-1) }, [`${layer}/attn/GroupQueryAttention/output_0`, ...present], 'com.microsoft');
    outputs.push(...present);
    const middle = norm(`${layer}/post_attention_layernorm`, before.stream, linear(`${layer}/attn/o_proj`, attended, heads * head, width));
    const [gate, up] = ['gate', 'up'].map((name) => linear(`${layer}/mlp/${name}_proj`, middle.normed, width, hidden)) as [string, string];
    const activated = add('Mul', `${layer}/mlp/act_fn/Mul`, [gate, add('Sigmoid', `${layer}/mlp/act_fn/Sigmoid`, [gate])]);
    addend = linear(`${layer}/mlp/down_proj`, add('Mul', `${layer}/mlp/Mul`, [activated, up]), hidden, width);
    stream = middle.stream;
  }
  const { normed } = norm(`/model/layers.${layers}/final_norm_layernorm`, stream, addend);
  add('MatMul', '/lm_head/MatMul', [normed, weight('lm_head.weight', [width, vocabulary])], {}, ['logits']);
  const past = Array.from({ length: layers }, (_, i) => ['key', 'value'].map((part): [string, ValueType] => [`past_key_values.${i}.${part}`, { dtype: 'float32', shape: ['batch_size', keyHeads, 'past_sequence_length', head] }])).flat();
  const inputs = new Map<string, ValueType>([['input_ids', { dtype: 'int64', shape: ['batch_size', 'sequence_length'] }], ['attention_mask', { dtype: 'int64', shape: ['batch_size', 'total_sequence_length'] }], ...past]);
  return { inputs, parameters: new Map(), constants, nodes, outputs, types: new Map() };
}

const runtime = new Runtime({ threads: 1 });
afterAll(() => runtime.dispose());
const ids = i64([2, 5], [3, 1, 4, 1, 5, 9, 2, 6, 5, 3]);

describe.each([['halves', false], ['pairs', true]] as const)('a fused decoder that rotates %s', (_, isInterleaved) => {
  const file = join(mkdtempSync(join(tmpdir(), 'mechanist-')), 'model.onnx');
  writeFileSync(file, encodeAt(decoder(isInterleaved), 17));
  let model: Model;
  beforeAll(async () => {
    model = await openOnnx(file);
  });
  const run = (names: readonly string[]): Promise<Map<string, Tensor>> => runtime.run({ ...model.graph(), outputs: names }, model.feeds(new Map([['input_ids', ids]])), model.parameters);

  it('computes what the runtime’s fused kernels compute', async () => {
    const session = await InferenceSession.create(file, { intraOpNumThreads: 1 });
    const empty = (): OrtTensor => new OrtTensor('float32', new Float32Array(0), [2, keyHeads, 0, head]);
    const past = Object.fromEntries(session.inputNames.filter((name) => name.startsWith('past')).map((name) => [name, empty()]));
    const { logits } = await session.run({ input_ids: new OrtTensor('int64', ids.data, ids.dims), attention_mask: new OrtTensor('int64', new BigInt64Array(10).fill(1n), [2, 5]), ...past });
    await session.release();
    const actual = (await run(['logits'])).get('logits')!;
    expect(difference(actual, { dtype: 'float32', dims: logits!.dims, data: logits!.data as Float32Array }).largest).toBeLessThanOrEqual(1e-4);
  });

  it('has the hook points of its architecture', () => {
    expect(model.config).toMatchObject({ nLayers: layers, dModel: width, nHeads: heads, nKeyValueHeads: keyHeads, dHead: head, dMlp: hidden, dOut: vocabulary, normalization: 'RMS', parallelAttnMlp: false });
    const types = new Map(model.hookPoints().map(({ name, type }) => [name, type.shape]));
    const block = {
      hook_resid_pre: ['batch', 'pos', width], hook_attn_in: ['batch', 'pos', width], 'ln1.hook_scale': ['batch', 'pos', 1], 'ln1.hook_normalized': ['batch', 'pos', width],
      'attn.hook_q': ['batch', 'pos', heads, head], 'attn.hook_k': ['batch', 'pos', keyHeads, head], 'attn.hook_v': ['batch', 'pos', keyHeads, head],
      'attn.hook_rot_q': ['batch', 'pos', heads, head], 'attn.hook_rot_k': ['batch', 'pos', keyHeads, head], 'attn.hook_attn_scores': ['batch', heads, 'pos', 'pos'],
      'attn.hook_pattern': ['batch', heads, 'pos', 'pos'], 'attn.hook_z': ['batch', 'pos', heads, head], hook_attn_out: ['batch', 'pos', width], hook_resid_mid: ['batch', 'pos', width],
      hook_mlp_in: ['batch', 'pos', width], 'ln2.hook_scale': ['batch', 'pos', 1], 'ln2.hook_normalized': ['batch', 'pos', width], 'mlp.hook_pre': ['batch', 'pos', hidden],
      'mlp.hook_pre_linear': ['batch', 'pos', hidden], 'mlp.hook_post': ['batch', 'pos', hidden], hook_mlp_out: ['batch', 'pos', width], hook_resid_post: ['batch', 'pos', width],
    };
    for (let i = 0; i < layers; i++) for (const [hook, shape] of Object.entries(block)) expect(types.get(`blocks.${i}.${hook}`), `blocks.${i}.${hook}`).toEqual(shape);
    for (const hook of ['hook_embed', 'ln_final.hook_scale', 'ln_final.hook_normalized', 'ln_final.hook_out', 'unembed.hook_pre']) expect(types.has(hook), hook).toBe(true);
  });

  it('has a residual stream that adds up', async () => {
    const parts = Array.from({ length: layers }, (__, i) => [`blocks.${i}.hook_attn_out`, `blocks.${i}.hook_mlp_out`]).flat();
    const last = `blocks.${layers - 1}.hook_resid_post`;
    const results = await run(['hook_embed', ...parts, last]);
    const sum = new Float32Array(results.get(last)!.data.length);
    for (const part of ['hook_embed', ...parts]) results.get(part)!.data.forEach((value, i) => { sum[i]! += Number(value); });
    expect(difference({ ...results.get(last)!, data: sum }, results.get(last)!).largest).toBeLessThanOrEqual(1e-5);
  });
});
