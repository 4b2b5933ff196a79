/** `mechanist graph` from the command line to the files it writes. */
import { copyFileSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { readGraphFile } from '../../../src/algorithmic/attributionGraph/interchange/readGraph.ts';
import { runCommandLine } from '../../../src/cli/cli.ts';
import { commands } from '../../../src/cli/commands.ts';
import { openSafetensors } from '../../../src/engine/formats/safetensors.ts';
import { writeSafetensors } from '../../../src/engine/formats/safetensorsWriter.ts';
import { i64, numbersOf } from '../../../src/engine/tensor.ts';
import { difference } from '../../support/compare.ts';

const fixtures = join(import.meta.dirname, '../../fixtures');
const folder = mkdtempSync(join(tmpdir(), 'mechanist-graph-'));
beforeAll(() => void vi.stubEnv('MECHANIST_ISOLATED', '1'));
afterAll(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

interface Meta { model: string; feature_input_hook: string; feature_output_hook: string; max_n_logits: number; desired_logit_prob: number }

const optionsOf = (pack: string): { meta: Meta; model: string; dictionary: string[]; prompt: string[]; targets: string[] } => {
  const path = join(fixtures, 'circuit_tracer', pack);
  const meta = JSON.parse(readFileSync(join(path, 'meta.json'), 'utf8')) as Meta;
  return {
    meta, model: join(fixtures, 'models', meta.model),
    dictionary: ['--dictionary', join(path, 'transcoders'), '--input-hook', meta.feature_input_hook, '--output-hook', meta.feature_output_hook],
    prompt: ['--inputs', join(path, 'reference.safetensors')],
    targets: ['--max-logits', String(meta.max_n_logits), '--logit-mass', String(meta.desired_logit_prob)],
  };
};

test.each(readdirSync(join(fixtures, 'circuit_tracer')))('%s: the tensors of circuit-tracer, and its pruned graph as a file', async (pack) => {
  const { model, dictionary, prompt, targets } = optionsOf(pack);
  const [out, raw] = [join(folder, `${pack}.json`), join(folder, `${pack}.safetensors`)];
  const { stdout } = await succeeds('graph', model, ...dictionary, ...prompt, ...targets, '--out', out, '--raw', raw, '--threads', '1');
  const [written, reference] = [openSafetensors(raw), openSafetensors(join(fixtures, 'circuit_tracer', pack, 'reference.safetensors'))];
  for (const name of ['adjacency_matrix', 'active_features', 'activation_values', 'selected_features', 'logit_token_ids', 'logit_probabilities', 'input_ids']) {
    const expected = reference.read(name);
    expect(written.info(name)).toMatchObject({ dtype: expected.dtype, dims: expected.dims });
    const { largest, scale } = difference(written.read(name), expected);
    expect(largest / scale).toBeLessThan(1e-5);
  }
  const kept = Array.from(numbersOf(reference.read('prune.node_mask'))).reduce((sum, value) => sum + value, 0);
  const report = JSON.parse(stdout) as { kept: { nodes: number; edges: number }; scores: { replacement: number } };
  expect(report.kept).toEqual({ nodes: kept, edges: numbersOf(reference.read('prune.edge_mask_count'))[0] });
  expect(report.scores.replacement).toBeCloseTo(numbersOf(reference.read('replacement_score'))[0]!, 5);
  const { graph, metadata } = await readGraphFile(out);
  expect(graph.nodes.kind).toHaveLength(kept);
  expect(graph.edges.source).toHaveLength(report.kept.edges);
  expect(metadata.get('slug')).toBe(pack);
});

test('--max-features limits the nodes, thresholds the file', async () => {
  const { model, dictionary, prompt } = optionsOf('gpt2_relu');
  const run = async (...more: string[]): Promise<{ nodes: { feature: number }; kept: { nodes: number } }> => JSON.parse((await succeeds('graph', model, ...dictionary, ...prompt, '--out', join(folder, 'few.json'), '--threads', '1', ...more)).stdout) as { nodes: { feature: number }; kept: { nodes: number } };
  const few = await run('--max-features', '20');
  expect(few.nodes.feature).toBe(20);
  expect((await run('--max-features', '20', '--node-threshold', '1', '--edge-threshold', '1')).kept.nodes).toBeGreaterThan(few.kept.nodes);
});

test('input_ids may be [1, pos], and a text goes behind the special token', async () => {
  const { model, dictionary } = optionsOf('gpt2_relu');
  const inputs = join(folder, 'row.safetensors');
  writeSafetensors(inputs, [['input_ids', i64([1, 4], [0, 5, 6, 7])]]);
  await succeeds('graph', model, ...dictionary, '--inputs', inputs, '--out', join(folder, 'row.json'), '--threads', '1');
  expect((await mechanist('graph', model, ...dictionary, '--text', 'a', '--out', join(folder, 'no.json'))).stderr).toMatch(/no tokenizer.*--inputs/);
});

describe('refuses', () => {
  const { model, dictionary, prompt } = optionsOf('gpt2_relu');
  const out = ['--out', join(folder, 'refused.json')];

  test.each<[string, string[], RegExp]>([
    ['no prompt', [...dictionary, ...out], /either --text or --inputs/],
    ['no dictionary', [...prompt, ...out], /--dictionary/],
    ['a folder without transcoders', ['--dictionary', join(fixtures, 'models/gpt2'), ...prompt, ...out], /no transcoders in a known layout/],
    ['a folder that is not there', ['--dictionary', join(folder, 'nothing'), ...prompt, ...out], /no dictionary at this path/],
    ['transcoders without hooks', ['--dictionary', join(fixtures, 'circuit_tracer/gpt2_relu/transcoders'), ...prompt, ...out], /--input-hook and --output-hook/],
    ['transcoders of another model', [...optionsOf('gemma2_jumprelu').dictionary, ...prompt, ...out], /width 32/],
    ['a hook the model lacks', ['--dictionary', join(fixtures, 'circuit_tracer/gpt2_relu/transcoders'), '--input-hook', 'ln9', '--output-hook', 'hook_mlp_out', ...prompt, ...out], /ln9/],
    ['a mass that is no share', [...dictionary, ...prompt, ...out, '--logit-mass', '1.5'], /--logit-mass takes a share/],
  ])('%s', async (_, argv, message) => {
    const { code, stderr } = await mechanist('graph', model, ...argv);
    expect(code).toBe(1);
    expect(stderr).toMatch(message);
  });

  test('a prompt that is too long, and several prompts', async () => {
    const long = join(folder, 'long.safetensors');
    writeSafetensors(long, [['input_ids', i64([1, 3000], Array<number>(3000).fill(1))]]);
    expect((await mechanist('graph', model, ...dictionary, '--inputs', long, ...out)).stderr).toMatch(/3000 tokens are more than/);
    writeSafetensors(long, [['input_ids', i64([2, 2], [1, 2, 3, 4])]]);
    expect((await mechanist('graph', model, ...dictionary, '--inputs', long, ...out)).stderr).toMatch(/one prompt/);
  });

  test('a transcoder that is damaged, naming the feature', async () => {
    const damaged = mkdtempSync(join(folder, 'damaged-'));
    const source = join(fixtures, 'circuit_tracer/gpt2_relu/transcoders');
    for (const name of readdirSync(source)) copyFileSync(join(source, name), join(damaged, name));
    const layer = openSafetensors(join(source, 'layer_1.safetensors'));
    writeSafetensors(join(damaged, 'layer_1.safetensors'), [...layer.names()].map((name) => {
      const value = layer.read(name);
      return [name, name === 'b_enc' ? { ...value, data: (value.data as Float32Array).map((bias, i) => (i === 3 ? NaN : bias)) } : value] as const;
    }));
    const { code, stderr } = await mechanist('graph', model, '--dictionary', damaged, ...dictionary.slice(2), ...prompt, ...out);
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringMatching(/Feature 3 of layer 1 has activation NaN/) });
  });
});

async function mechanist(...argv: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  let [stdout, stderr] = ['', ''];
  const output = { write: (text: string) => { stdout += text; }, note: (text: string) => { stderr += text; }, colour: false };
  const code = await runCommandLine(argv, { commands, entry: '', output, signal: new AbortController().signal });
  return { code, stdout, stderr };
}

async function succeeds(...argv: string[]): Promise<{ stdout: string }> {
  const { code, stdout, stderr } = await mechanist(...argv);
  expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' });
  return { stdout };
}
