import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { runCommandLine } from '../../../src/cli/cli.ts';
import { commands } from '../../../src/cli/commands.ts';
import { openSafetensors } from '../../../src/engine/formats/safetensors.ts';
import { writeSafetensors } from '../../../src/engine/formats/safetensorsWriter.ts';
import { f32, i64, numbersOf, type Tensor } from '../../../src/engine/tensor.ts';

const fixtures = fileURLToPath(new URL('../../fixtures/', import.meta.url));
const gpt2 = join(fixtures, 'models/gpt2/model.onnx');
const gpt2Inputs = join(fixtures, 'models/gpt2/reference.safetensors');
const bert = join(fixtures, 'models/bert');
const vit = join(fixtures, 'models/vit/model.onnx');
const vitInputs = join(fixtures, 'models/vit/reference.safetensors');

const tensorsOf = (file: string): Map<string, Tensor> => {
  const source = openSafetensors(file);
  const tensors = new Map([...source.names()].map((name) => [name, source.read(name)]));
  source.close();
  return tensors;
};

const lens = tensorsOf(join(fixtures, 'transformer_lens/gpt2.safetensors'));
const reference = tensorsOf(gpt2Inputs);
const answers = numbersOf(reference.get('answer_ids')!);
const metric = `logit_diff:${answers[0]},${answers[1]};${answers[2]},${answers[3]}@-1`;

let folder: string;
let out: string;
let clean: string;
let corrupted: string;

beforeEach(async () => {
  vi.stubEnv('MECHANIST_ISOLATED', '1');
  folder = await mkdtemp(join(tmpdir(), 'mechanist-cli-'));
  [out, clean, corrupted] = ['out', 'clean', 'corrupted'].map((name) => join(folder, `${name}.safetensors`)) as [string, string, string];
  writeSafetensors(clean, [['input_ids', reference.get('input_ids')!]]);
  writeSafetensors(corrupted, [['input_ids', reference.get('corrupted_ids')!]]);
});

async function mechanist(...argv: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  let stdout = '';
  let stderr = '';
  const output = { write: (text: string) => { stdout += text; }, note: (text: string) => { stderr += text; }, colour: false };
  const code = await runCommandLine(argv, { commands, entry: '', output, signal: new AbortController().signal });
  return { code, stdout, stderr };
}

async function succeeds(...argv: string[]): Promise<string> {
  const { code, stdout, stderr } = await mechanist(...argv, ...(argv[0] === 'inspect' ? [] : ['--threads', '1']));
  expect(stderr).toBe('');
  expect(code).toBe(0);
  return stdout;
}

function expectClose(actual: Tensor | undefined, expected: Tensor | undefined, tolerance = 1e-4): void {
  expect(actual?.dims).toEqual(expected?.dims);
  const [a, b] = [numbersOf(actual!), numbersOf(expected!)];
  let worst = 0;
  for (let i = 0; i < a.length; i++) worst = Math.max(worst, Math.abs(a[i]! - b[i]!));
  expect(worst).toBeLessThanOrEqual(tolerance);
}

describe('run', () => {
  it('writes exactly the captured hook points and the logits', async () => {
    await succeeds('run', gpt2, '--inputs', clean, '--capture', 'blocks.*.attn.hook_z,hook_embed', '--out', out);
    const written = tensorsOf(out);
    const hooks = ['hook_embed', ...[0, 1, 2].map((layer) => `blocks.${layer}.attn.hook_z`)];
    expect([...written.keys()].toSorted()).toEqual([...hooks, 'logits'].toSorted());
    for (const hook of hooks) expectClose(written.get(hook), lens.get(`cache.${hook}`));
    expectClose(written.get('logits'), lens.get('logits'));
  });

  it('writes the logits alone without --capture, and finds the inputs in a larger file', async () => {
    await succeeds('run', gpt2, '--inputs', gpt2Inputs, '--out', out);
    expect([...tensorsOf(out).keys()]).toEqual(['logits']);
    expectClose(tensorsOf(out).get('logits'), reference.get('clean.logits'));
  });

  it('leaves out padding that attention_mask marks', async () => {
    const inputs = join(folder, 'padded.safetensors');
    const mask = reference.get('padded.attention_mask')!;
    writeSafetensors(inputs, [['input_ids', reference.get('input_ids')!], ['attention_mask', mask]]);
    await succeeds('run', gpt2, '--inputs', inputs, '--out', out);
    const [actual, expected] = [tensorsOf(out).get('logits')!, reference.get('padded.logits')!];
    expect(actual.dims).toEqual(expected.dims);
    const width = expected.dims[2]!;
    for (const [position, real] of Array.from(numbersOf(mask)).entries()) {
      if (real === 0) continue;
      for (let k = position * width; k < (position + 1) * width; k++) expect(numbersOf(actual)[k]).toBeCloseTo(numbersOf(expected)[k]!, 4);
    }
  });

  it('applies interventions, so that the hook and what follows show them', async () => {
    const intervention = JSON.stringify([{ hook: 'blocks.1.attn.hook_z', kind: 'zero', where: { head: [2], position: -1 } }]);
    await succeeds('run', gpt2, '--inputs', clean, '--capture', 'blocks.1.attn.hook_z,blocks.2.hook_resid_pre', '--intervene', intervention, '--out', out);
    const written = tensorsOf(out);
    const before = numbersOf(lens.get('cache.blocks.1.attn.hook_z')!);
    const [, positions, heads, width] = lens.get('cache.blocks.1.attn.hook_z')!.dims as [number, number, number, number];
    const z = numbersOf(written.get('blocks.1.attn.hook_z')!);
    for (let i = 0; i < before.length; i++) {
      const zeroed = Math.floor(i / width) % heads === 2 && Math.floor(i / (width * heads)) % positions === positions - 1;
      expect(z[i]).toBeCloseTo(zeroed ? 0 : before[i]!, 4);
    }
    expect(Array.from(numbersOf(written.get('blocks.2.hook_resid_pre')!))).not.toEqual(Array.from(numbersOf(lens.get('cache.blocks.2.hook_resid_pre')!)));
  });

  it('patches with a tensor of a file', async () => {
    const hook = 'blocks.2.hook_resid_post';
    const source = join(folder, 'source.safetensors');
    writeSafetensors(source, [[hook, lens.get(`cache.${hook}`)!]]);
    await succeeds('run', gpt2, '--inputs', corrupted, '--intervene', JSON.stringify({ hook, kind: 'patch', value: { file: source, tensor: hook } }), '--out', out);
    expectClose(tensorsOf(out).get('logits'), lens.get('logits'));
  });

  it('runs a vision model on pixel values', async () => {
    await succeeds('run', vit, '--inputs', vitInputs, '--out', out);
    expectClose(tensorsOf(out).get('logits'), tensorsOf(vitInputs).get('logits'));
  });

  it('reads whole numbers of other types as token ids', async () => {
    const ids = Array.from(numbersOf(reference.get('input_ids')!));
    const inputs = join(folder, 'int32.safetensors');
    writeSafetensors(inputs, [['input_ids', { dtype: 'int32', dims: reference.get('input_ids')!.dims, data: Int32Array.from(ids) }]]);
    await succeeds('run', gpt2, '--inputs', inputs, '--out', out);
    expectClose(tensorsOf(out).get('logits'), reference.get('clean.logits'));
  });

  it.each<[string, () => string[], number, RegExp]>([
    ['an unknown hook', () => ['--inputs', clean, '--capture', 'blocks.0.hook_z'], 1, /no hook point.*blocks\.0\.attn\.hook_z/],
    ['an unknown hook in an intervention', () => ['--inputs', clean, '--intervene', '{"hook":"blocks.9.attn.hook_z","kind":"zero"}'], 1, /no hook point/],
    ['a head that does not exist', () => ['--inputs', clean, '--intervene', '{"hook":"blocks.0.attn.hook_z","kind":"zero","where":{"head":4}}'], 1, /head 4 is out of range/],
    ['interventions that are no JSON', () => ['--inputs', clean, '--intervene', '[{'], 1, /offset \d+ of the JSON text/],
    ['no inputs at all', () => [], 1, /Give --text/],
    ['two kinds of inputs', () => ['--inputs', clean, '--text', 'a'], 1, /cannot be combined/],
    ['a text without a tokenizer', () => ['--text', 'a'], 1, /tokenizer\.json.*--inputs/],
    ['a file without inputs', () => ['--inputs', join(fixtures, 'transformer_lens/gpt2.safetensors')], 1, /It takes input_ids/],
    ['a missing input file', () => ['--inputs', join(folder, 'none.safetensors')], 1, /none\.safetensors/],
    ['an unknown provider', () => ['--inputs', clean, '--provider', 'abacus'], 1, /abacus/],
    ['a number of threads that is none', () => ['--inputs', clean, '--threads', '0'], 1, /--threads/],
  ])('fails on %s', async (_, options, expectedCode, message) => {
    const { code, stdout, stderr } = await mechanist('run', gpt2, ...options(), '--out', out);
    expect({ code, stdout }).toEqual({ code: expectedCode, stdout: '' });
    expect(stderr).toMatch(/^error: /);
    expect(stderr).toMatch(message);
  });

  it('fails on token ids outside the vocabulary', async () => {
    writeSafetensors(clean, [['input_ids', i64([1, 2], [0, 100_000])]]);
    const { code, stderr } = await mechanist('run', gpt2, '--inputs', clean, '--out', out);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^error: /);
  });

  it.each(['nowhere.onnx', './nowhere', 'not a model', 'someone/some-model'])('fails on the model %j', async (model) => {
    vi.stubEnv('HF_HUB_CACHE', folder);
    const { code, stderr } = await mechanist('run', model, '--inputs', clean, '--out', out);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^error: .*(no such file|not a model id|--download)/);
  });

  it('fails on a damaged model file, naming it', async () => {
    const model = join(folder, 'damaged.onnx');
    await writeFile(model, 'not a protobuf');
    const { code, stderr } = await mechanist('run', model, '--inputs', clean, '--out', out);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^error: .*damaged\.onnx/);
  });
});

describe('grad', () => {
  it('writes the gradient of the metric under the hook names', async () => {
    await succeeds('grad', gpt2, '--inputs', corrupted, '--metric', metric, '--wrt', 'blocks.*.hook_resid_pre,blocks.*.attn.hook_z,blocks.*.hook_mlp_out', '--out', out);
    const written = tensorsOf(out);
    expect(written.size).toBe(9);
    for (const [hook, value] of written) expectClose(value, lens.get(`grad_corrupted.${hook}`));
  });

  it('keeps the shape of hooks behind the last block', async () => {
    await succeeds('grad', gpt2, '--inputs', corrupted, '--metric', metric, '--wrt', 'ln_final.hook_normalized', '--out', out);
    expectClose(tensorsOf(out).get('ln_final.hook_normalized'), lens.get('grad_corrupted.ln_final.hook_normalized'));
  });

  it('differentiates the logits of a classifier', async () => {
    await succeeds('grad', vit, '--inputs', vitInputs, '--metric', 'class:1,0', '--wrt', 'pixel_values,blocks.*.hook_resid_post', '--out', out);
    const [written, expected] = [tensorsOf(out), tensorsOf(vitInputs)];
    expect(written.get('pixel_values')!.dims).toEqual(expected.get('pixel_values')!.dims);
    for (const layer of [0, 1, 2]) expectClose(written.get(`blocks.${layer}.hook_resid_post`), expected.get(`grad.resid_post.${layer}`));
  });

  it.each<[string, string[], number, RegExp]>([
    ['a metric that cannot be read', ['--metric', 'logit', '--wrt', 'hook_embed'], 1, /metric "logit".*logit_diff:RIGHT,WRONG/],
    ['a metric of a classifier', ['--metric', 'class:1', '--wrt', 'hook_embed'], 1, /rank/],
    ['a token the model does not have', ['--metric', 'logit:160', '--wrt', 'hook_embed'], 1, /output 160, but the model has 160/],
    ['a position the inputs do not have', ['--metric', 'logit:1@11', '--wrt', 'hook_embed'], 1, /position 11 of a sequence of 11/],
    ['as many answers as there are not rows', ['--metric', 'logit_diff:1,2;3,4;5,6', '--wrt', 'hook_embed'], 1, /3 answer pairs for 2 rows/],
    ['no metric', ['--wrt', 'hook_embed'], 1, /--metric is missing/],
    ['no hooks', ['--metric', metric], 1, /--wrt is missing/],
  ])('fails on %s', async (_, options, expectedCode, message) => {
    const { code, stderr } = await mechanist('grad', gpt2, '--inputs', clean, ...options, '--out', out);
    expect(code).toBe(expectedCode);
    expect(stderr).toMatch(message);
  });
});

describe('sweep', () => {
  it.each<[string, string | undefined, string]>([
    ['resid_pre', undefined, 'resid_pre'],
    ['resid_mid', 'position', 'resid_mid'],
    ['attn_out', undefined, 'attn_out'],
    ['mlp_out', undefined, 'mlp_out'],
    ['z', undefined, 'attn_head_out_all_pos'],
    ['z', 'position,head', 'attn_head_out_by_pos'],
    ['q', 'head', 'attn_head_q_all_pos'],
    ['k', 'position,head', 'attn_head_k_by_pos'],
    ['v', 'head', 'attn_head_v_all_pos'],
    ['pattern', undefined, 'attn_head_pattern_all_pos'],
    ['pattern', 'head,position', 'attn_head_pattern_by_pos'],
  ])('over %s by %s is %s of TransformerLens', async (over, by, name) => {
    const axes = by === undefined ? [] : ['--by', by];
    await succeeds('sweep', gpt2, '--clean', clean, '--corrupted', corrupted, '--metric', metric, '--over', over, ...axes, '--out', out);
    const written = tensorsOf(out);
    expect([...written.keys()].toSorted()).toEqual(['clean_metric', 'corrupted_metric', over].toSorted());
    expectClose(written.get(over), lens.get(`patch.${name}`));
    expectClose(written.get('clean_metric'), f32([], numbersOf(lens.get('metric_clean')!)));
    expectClose(written.get('corrupted_metric'), f32([], numbersOf(lens.get('metric_corrupted')!)));
  });

  it.each<[string, string[], number, RegExp]>([
    ['an unknown site', ['--over', 'resid'], 1, /--over takes one of/],
    ['an unknown axis', ['--over', 'z', '--by', 'layer'], 1, /--by takes/],
    ['an axis the site does not have', ['--over', 'resid_pre', '--by', 'head'], 1, /no axis "head"/],
  ])('fails on %s', async (_, options, expectedCode, message) => {
    const { code, stderr } = await mechanist('sweep', gpt2, '--clean', clean, '--corrupted', corrupted, '--metric', metric, ...options, '--out', out);
    expect(code).toBe(expectedCode);
    expect(stderr).toMatch(message);
  });

  it('fails on prompts of unequal length', async () => {
    writeSafetensors(corrupted, [['input_ids', i64([2, 3], [1, 2, 3, 4, 5, 6])]]);
    const { code, stderr } = await mechanist('sweep', gpt2, '--clean', clean, '--corrupted', corrupted, '--metric', metric, '--over', 'z', '--out', out);
    expect(code).toBe(1);
    expect(stderr).toMatch(/must align/);
  });
});

describe('inspect', () => {
  it('describes a model as JSON', async () => {
    const described = JSON.parse(await succeeds('inspect', gpt2)) as {
      family: string; config: { nLayers: number }; parameters: { count: number; bytes: number }; hooks: { name: string; shape: unknown[] }[];
      inputs: { name: string; required: boolean }[]; memory: { positions: number; forward: { total: number }; captureAll: { total: number } };
    };
    expect(described.family).toBe('gpt2');
    expect(described.config.nLayers).toBe(3);
    expect(described.hooks).toContainEqual({ name: 'blocks.2.attn.hook_z', dtype: 'float32', shape: ['batch', 'pos', 4, 12] });
    expect(described.inputs).toContainEqual({ name: 'input_ids', dtype: 'int64', shape: ['batch', 'pos'], required: true });
    expect(described.parameters.bytes).toBe(4 * described.parameters.count);
    expect(described.memory.captureAll.total).toBeGreaterThan(described.memory.forward.total);
  });

  it('estimates memory for a given length', async () => {
    const total = async (positions: string): Promise<number> =>
      (JSON.parse(await succeeds('inspect', gpt2, '--positions', positions)) as { memory: { forward: { activations: number } } }).memory.forward.activations;
    expect(await total('64')).toBeGreaterThan(await total('8'));
  });
});

describe('trace', () => {
  it('shows the tokens, what the stream would predict, and the heads', async () => {
    writeSafetensors(clean, [['input_ids', i64([1, 4], [5, 6, 7, 8])]]);
    const text = await succeeds('trace', join(fixtures, 'models/gpt2'), '--inputs', clean, '--heads', '3');
    expect(text).toMatch(/^gpt2 \(gpt2, 3 layers, 4 heads, width 48\)$/m);
    expect(text).toMatch(/^ {2}#5$/m);
    expect(text).toMatch(/^ {2}#8 +\d+\.\d\d /m);
    expect(text).toMatch(/^ {2}layer 2 +#\d+ +\d+\.\d %/m);
    expect(text.match(/^ {2}L\dH\d +[+-]\d+\.\d{3}/gm)).toHaveLength(3);
  });

  it('ends the lens with the prediction', async () => {
    writeSafetensors(clean, [['input_ids', i64([1, 3], [1, 2, 3])]]);
    const shown = await succeeds('trace', gpt2, '--inputs', clean);
    const predicted = /Next token\n {2}(#\d+ +\d+\.\d %)/.exec(shown)![1]!.replaceAll(/ +/g, ' ');
    const last = /layer 2 +(#\d+ +\d+\.\d %)/.exec(shown)![1]!.replaceAll(/ +/g, ' ');
    expect(last).toBe(predicted);
  });

  it('shows the heads of a foreign file only if they can be told apart', async () => {
    writeSafetensors(clean, [['input_ids', i64([1, 3], [1, 2, 3])]]);
    expect(await succeeds('trace', gpt2, '--inputs', clean)).not.toContain('Heads');
  });

  it('needs a model that predicts the next token', async () => {
    writeSafetensors(clean, [['input_ids', i64([1, 3], [1, 2, 3])]]);
    const { code, stderr } = await mechanist('trace', bert, '--inputs', clean);
    expect([code, stderr]).toEqual([1, expect.stringMatching(/does not predict the next token/)]);
  });

  it('needs a language model', async () => {
    const { code, stderr } = await mechanist('trace', vit, '--inputs', vitInputs);
    expect(code).toBe(1);
    expect(stderr).toMatch(/token ids/);
  });
});
